"""Production takes nothing of the demo, and the demo shows itself to this machine alone."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register

from verification.checks.hosts import is_this_machine, split
from verification.checks.report import errors


@register()
def mode(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _demo() if settings.DEMO else _production()


def _production() -> list[CheckMessage]:
    rules = (
        (settings.DEBUG, "DEBUG is on.", "kyc.E010"),
        (settings.STAFF_MFA != "required", "KYC_STAFF_MFA is optional, which is for the demo.", "kyc.E026"),
    )
    return errors(rules)


def _demo() -> list[CheckMessage]:
    """Its passwords are printed, its cookies need no TLS, and its checks judge nobody."""
    address = split(settings.PUBLIC_URL)
    rules = (
        (
            address.scheme != "http" or not is_this_machine(address.hostname),
            "KYC_MODE is demo, but KYC_PUBLIC_URL is not http:// and this machine.",
            "kyc.E043",
        ),
        (
            not all(map(is_this_machine, settings.ALLOWED_HOSTS)),
            "KYC_MODE is demo, but ALLOWED_HOSTS has other names than this machine's.",
            "kyc.E044",
        ),
    )
    return errors(rules)
