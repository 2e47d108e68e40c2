"""Cancelling a case."""

from datetime import datetime

from django.db import transaction

from verification import audit, casework, permissions, workflow
from verification.audit import recorded
from verification.evidence.judged import evidence_hash
from verification.models import Review, StaffUser, Verdict, Verification
from verification.states import Actor, Status


@transaction.atomic
def cancel(verification: Verification, *, reason: str, by: audit.By, now: datetime) -> None:
    """End the case without an outcome; `reason` is a short code. Raises workflow.IllegalMove if it has ended."""
    workflow.move(verification, Status.CANCELLED, by=by, now=now, data={"reason": reason})


@transaction.atomic
def cancel_by_senior(
    case: Verification, *, reason_code: str, note: str, version: int, by: StaffUser, now: datetime
) -> Review:
    """The same by a senior reviewer, with a reason from the list and a note. `version` is the one their page showed.

    Raises permissions.Denied, casework.ReasonUnknown, NoteRequired or ClaimedByOther, workflow.IllegalMove or
    StaleVerification.
    """
    locked = Verification.objects.locked(case.pk)
    permissions.check_cancel_case(by, locked)
    casework.check_version(locked, version)
    casework.check_not_held(locked, by=by, now=now)
    casework.check_reason_and_note(locked, Verdict.CANCEL, reason_code, note)
    evidence = evidence_hash(locked)
    review = casework.record_review(
        locked, Verdict.CANCEL, reason_code=reason_code, note=note, evidence_sha256=evidence, by=by, now=now
    )
    senior = audit.By.staff(by, acting_as=Actor.SENIOR_REVIEWER)
    data = recorded.of_review(review)
    workflow.move(locked, Status.CANCELLED, by=senior, now=now, data=data, commits=[review])
    return review
