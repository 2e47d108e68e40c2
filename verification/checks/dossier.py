"""The certificate under which dossiers are signed. No message repeats a part of it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, register

from verification.checks.report import errors, warnings
from verification.exports.dossier.identity import Identity, UnfitIdentity

# So long before its end there is time to get another one.
ENDS_SOON: Final = timedelta(days=30)


@register()
def dossier_certificate(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DOSSIER_CERTIFICATE:
        return []
    try:
        identity = Identity.parse(settings.DOSSIER_CERTIFICATE)
    except UnfitIdentity as unfit:
        return errors(((True, f"KYC_DOSSIER_CERTIFICATE: {unfit}", "kyc.E107"),))
    now = datetime.now(UTC)
    begins, ends = identity.certificate.not_valid_before_utc, identity.certificate.not_valid_after_utc
    is_old = not identity.is_valid(now) or not identity.is_valid(now + ENDS_SOON)
    words = (
        f"KYC_DOSSIER_CERTIFICATE is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}. Outside of that, dossiers bear "
        "no signature of their own."
    )
    return warnings(((is_old, words, "kyc.W108"),))
