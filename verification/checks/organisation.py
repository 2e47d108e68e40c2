"""What applicants read about the organisation that asks them."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register

from verification.brands.contacts import UnfitContact, contact, is_page
from verification.brands.organisation import MAX_LEGAL_BASIS, MAX_NAME
from verification.checks.report import errors


@register()
def organisation(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    contacts = {
        "KYC_ORGANISATION_CONTACT": settings.ORGANISATION_CONTACT,
        "KYC_DATA_PROTECTION_CONTACT": settings.DATA_PROTECTION_CONTACT,
    }
    unfit = [name for name, text in contacts.items() if not _is_contact(text)]
    rules = (
        (
            len(settings.ORGANISATION_NAME) > MAX_NAME,
            f"KYC_ORGANISATION_NAME has more than {MAX_NAME} characters.",
            "kyc.E080",
        ),
        (
            len(settings.LEGAL_BASIS) > MAX_LEGAL_BASIS,
            f"KYC_LEGAL_BASIS has more than {MAX_LEGAL_BASIS} characters.",
            "kyc.E081",
        ),
        (
            not is_page(settings.PRIVACY_NOTICE_URL),
            "KYC_PRIVACY_NOTICE_URL is not an https address.",
            "kyc.E082",
        ),
        (
            bool(unfit),
            f"{', '.join(unfit)}: no e-mail address, no telephone number that begins with + and no https address.",
            "kyc.E083",
        ),
    )
    return errors(rules)


def _is_contact(text: str) -> bool:
    try:
        contact(text)
    except UnfitContact:
        return False
    return True
