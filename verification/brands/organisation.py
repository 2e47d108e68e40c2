"""The organisation that a person reads about: on pages, in the consent text, in messages and in files."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from verification.brands.contacts import Contact, contact
from verification.models import Verification

MAX_NAME: Final = 100
MAX_LEGAL_BASIS: Final = 300


@dataclass(frozen=True)
class Organisation:
    """`privacy_notice` is an https address; `logo` a path of this portal, "" without a logo."""

    name: str
    contact: Contact
    privacy_notice: str
    legal_basis: str
    data_protection_contact: Contact
    logo: str = ""


def installation() -> Organisation:
    """The organisation that runs the portal. Reads the settings alone, so that every error page can name it."""
    return Organisation(
        name=settings.ORGANISATION_NAME,
        contact=contact(settings.ORGANISATION_CONTACT),
        privacy_notice=settings.PRIVACY_NOTICE_URL,
        legal_basis=settings.LEGAL_BASIS,
        data_protection_contact=contact(settings.DATA_PROTECTION_CONTACT),
    )


def of(verification: Verification) -> Organisation:
    """The organisation that asks for this check."""
    return installation()
