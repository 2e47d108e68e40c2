"""What applicants read and see of the organisation that asks them."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register

from verification import media
from verification.brands import logos
from verification.brands.details import unfit_colour, unfit_contact, unfit_page, unfit_text
from verification.checks.report import errors
from verification.models import MAX_LEGAL_BASIS, MAX_NAME


@register()
def organisation(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    rules = (
        ("KYC_ORGANISATION_NAME", unfit_text(settings.ORGANISATION_NAME, MAX_NAME), "kyc.E080"),
        ("KYC_LEGAL_BASIS", unfit_text(settings.LEGAL_BASIS, MAX_LEGAL_BASIS), "kyc.E081"),
        ("KYC_PRIVACY_NOTICE_URL", unfit_page(settings.PRIVACY_NOTICE_URL), "kyc.E082"),
        ("KYC_ORGANISATION_CONTACT", unfit_contact(settings.ORGANISATION_CONTACT), "kyc.E083"),
        ("KYC_DATA_PROTECTION_CONTACT", unfit_contact(settings.DATA_PROTECTION_CONTACT), "kyc.E084"),
        ("KYC_ORGANISATION_LOGO", _unfit_logo(settings.ORGANISATION_LOGO), "kyc.E085"),
        ("KYC_ORGANISATION_COLOUR", unfit_colour(settings.ORGANISATION_COLOUR), "kyc.E086"),
    )
    return errors((bool(problem), f"{name}: {problem}", number) for name, problem, number in rules)


def _unfit_logo(path: str) -> str:
    try:
        if path:
            logos.of_file(path)
    except OSError as error:
        return f"The file can't be read: {error.strerror}."
    except media.UnusableMedia as error:
        return logos.words(error)
    return ""
