"""How messages leave: to applicants by e-mail and SMS, and to operators by e-mail and webhook."""

import re
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from verification import webhooks
from verification.checks.hosts import is_this_machine
from verification.checks.report import errors
from verification.messages import sms

# Without what would need quotes in a header.
_NAMED: Final = re.compile(r"[^<>\"\\,;:@()\[\]]{1,100} <(?P<address>[^<>]+)>")
_FILES: Final = "django.core.mail.backends.filebased.EmailBackend"


@register()
def messages(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    rules = (
        (
            not settings.DEMO and settings.EMAIL.get("BACKEND") == _FILES,
            "KYC_EMAIL_URL is a folder, which is for the demo: nobody would get an e-mail.",
            "kyc.E090",
        ),
        (
            not settings.DEMO and _is_in_clear(settings.EMAIL.get("OPTIONS", {})),
            "KYC_EMAIL_URL leads to another host in clear text: others on the network could read applicants' links. "
            "Leave out tls=none.",
            "kyc.E091",
        ),
        (
            bool(settings.EMAIL) and not _is_sender(settings.EMAIL_FROM),
            "KYC_EMAIL_FROM is not an e-mail address, or a name and an address in angle brackets.",
            "kyc.E092",
        ),
        (
            bool(settings.SMS_SENDER) and not _is_function(),
            "KYC_SMS_SENDER does not name a function that can be imported: package.module.function.",
            "kyc.E093",
        ),
        (
            not all(map(_is_address, settings.ALERT_EMAIL))
            or bool(settings.ALERT_EMAIL and not settings.EMAIL),
            "KYC_ALERT_EMAIL has what is no e-mail address, or KYC_EMAIL_URL is not set, so no e-mail can be sent.",
            "kyc.E094",
        ),
        (
            bool(settings.ALERT_WEBHOOK) and not webhooks.is_address(settings.ALERT_WEBHOOK),
            "KYC_ALERT_WEBHOOK is not an https address without a user in it.",
            "kyc.E095",
        ),
        (
            not webhooks.is_secret(settings.ALERT_WEBHOOK_SECRET)
            or bool(settings.ALERT_WEBHOOK_SECRET and not settings.ALERT_WEBHOOK),
            "KYC_ALERT_WEBHOOK_SECRET is not whsec_ and 24 to 64 random bytes in Base64, or there is no "
            "KYC_ALERT_WEBHOOK that it could sign for.",
            "kyc.E096",
        ),
    )
    return errors(rules)


def _is_in_clear(options: dict[str, Any]) -> bool:
    encrypted = options.get("use_tls") or options.get("use_ssl")
    return "host" in options and not encrypted and not is_this_machine(options["host"])


def _is_sender(text: str) -> bool:
    named = _NAMED.fullmatch(text)
    return text.isprintable() and _is_address(named["address"] if named else text)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _is_function() -> bool:
    try:
        sms.function_at(settings.SMS_SENDER)
    except (ImportError, TypeError):
        return False
    return True
