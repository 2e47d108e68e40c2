"""Showing a person's details, which every page masks, to a member of staff who states a purpose."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from verification import audit, permissions
from verification.audit import viewing
from verification.models import StaffUser, Verification


class Purpose(TextChoices):
    COMPARE = "compare_document", _("Compare the name with the ID photo")
    CONTACT = "contact", _("Contact the applicant")
    REQUEST = "data_request", _("Answer a request about their data")
    AUDIT = "audit", _("Audit or complaint")


@dataclass(frozen=True)
class Details:
    """What every page masks, and the IP addresses of the browsers."""

    name: str
    email: str
    ip_addresses: tuple[str, ...]


def reveal(
    case: Verification, *, purpose: Purpose, by: StaffUser, acting_as: audit.By, now: datetime
) -> Details:
    """The details, after the trail has recorded who sees them and why. Raises permissions.Denied."""
    permissions.check_reveal(by)
    viewing.record(viewing.REVEAL, by=acting_as, subject=case, now=now, purpose=purpose.value)
    seen = case.consents.exclude(ip_address__isnull=True).values_list("ip_address", flat=True)
    return Details(case.applicant.name, case.applicant.email, tuple(dict.fromkeys(map(str, seen))))
