"""Whom `/.well-known/security.txt` names."""

import re
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, register

from verification.checks.report import errors

# As in RFC 9116, in one line; a telephone number helps nobody who writes a report.
_CONTACT: Final = re.compile(r"(?:mailto:[^\s@]+@[^\s@]+|https://[^\s/]+(?:/\S*)?)", re.ASCII)


@register()
def security_contact(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    unfit = [contact for contact in settings.SECURITY_CONTACT if not _CONTACT.fullmatch(contact)]
    message = "KYC_SECURITY_CONTACT has what is no address that begins with mailto: or https://."
    return errors(((bool(unfit), message, "kyc.E065"),))
