"""Checking the document by itself, before or after the verdict on the faces. `review.decide` takes both at once."""

from datetime import datetime

from django.db import transaction

from verification import casework
from verification.models import DocumentCheck, StaffUser, Verification
from verification.rules.document_check import Found


@transaction.atomic
def check_document(
    case: Verification,
    *,
    document: Found | None,
    note: str,
    shown: casework.Shown,
    by: StaffUser,
    now: datetime,
) -> DocumentCheck:
    """Record what the reviewer found on the ID photo. It decides nothing.

    Raises casework.DocumentAnswerUnknown, NoteRequired, and what `casework.locked_for_act` does.
    """
    locked = casework.locked_for_act(case, shown, by=by, now=now)
    casework.check_length(note)
    found = document or Found("", {})
    # The reviewer goes on to decide, so they get the claim.
    held = casework.claimed(by, now)
    return casework.record_document_check(locked, found, note=note, by=by, now=now, **held)
