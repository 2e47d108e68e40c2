"""What an operator starts by hand that would otherwise start by itself, or wait for a shell."""

from datetime import datetime

from django.db import transaction

from verification import audit
from verification.jobs import doorbell
from verification.models import StaffUser


@transaction.atomic
def ask_for_sweep(*, by: StaffUser, acting_as: audit.By, now: datetime) -> None:
    """Have a worker do at once what beat has it do every few seconds."""
    audit.record("system.sweep_asked", by=acting_as, subject=by, at=now)
    doorbell.ring_sweep()
