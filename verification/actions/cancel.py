"""Cancelling a case."""

from datetime import datetime

from django.db import transaction

from verification import audit, workflow
from verification.models import Verification
from verification.states import Status


@transaction.atomic
def cancel(verification: Verification, *, reason: str, by: audit.By, now: datetime) -> None:
    """End the case without an outcome; `reason` is a short code. Raises workflow.IllegalMove if it has ended."""
    workflow.move(verification, Status.CANCELLED, by=by, now=now, data={"reason": reason})
