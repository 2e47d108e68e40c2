"""The organisation that a person reads about: on pages, in the consent text, in messages and in files."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from verification.brands import logos, stylesheet
from verification.brands.contacts import Contact, contact
from verification.models import Brand, Verification


@dataclass(frozen=True)
class Organisation:
    """`privacy_notice` is an https address. `logo` and `stylesheet` are paths of this portal: "" without a logo, and
    with the portal's own colours; `colour` is then "" too."""

    name: str
    contact: Contact
    privacy_notice: str
    legal_basis: str
    data_protection_contact: Contact
    logo: str = ""
    colour: str = ""
    stylesheet: str = ""


def installation() -> Organisation:
    """The organisation that runs the portal. Asks no database, so that every error page can name it."""
    path = settings.ORGANISATION_LOGO
    return Organisation(
        name=settings.ORGANISATION_NAME,
        contact=contact(settings.ORGANISATION_CONTACT),
        privacy_notice=settings.PRIVACY_NOTICE_URL,
        legal_basis=settings.LEGAL_BASIS,
        data_protection_contact=contact(settings.DATA_PROTECTION_CONTACT),
        logo=_address(logos.of_file(path).name) if path else "",
        colour=settings.ORGANISATION_COLOUR,
        stylesheet=_stylesheet(settings.ORGANISATION_COLOUR),
    )


def of(verification: Verification) -> Organisation:
    """The organisation that asks for this check: the brand of the API client that made the case, or else the
    installation's."""
    brand = verification.client.brand if verification.client else None
    return of_brand(brand) if brand else installation()


def of_brand(brand: Brand) -> Organisation:
    return Organisation(
        name=brand.name,
        contact=contact(brand.contact),
        privacy_notice=brand.privacy_notice,
        legal_basis=brand.legal_basis,
        data_protection_contact=contact(brand.data_protection_contact),
        logo=_address(logos.name_of(brand.logo_id)) if brand.logo_id else "",
        colour=brand.colour,
        stylesheet=_stylesheet(brand.colour),
    )


def _stylesheet(colour: str) -> str:
    return _address(stylesheet.name(colour)) if colour else ""


def _address(name: str) -> str:
    return reverse("brand_file", args=[name])
