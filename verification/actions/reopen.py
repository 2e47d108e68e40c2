"""Taking a decided case back into review. The earlier review stays on record."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from verification import audit, casework, permissions, workflow
from verification.audit import recorded
from verification.evidence.judged import evidence_hash
from verification.models import Applicant, Review, StaffUser, Verdict, Verification
from verification.states import Actor, Status


@transaction.atomic
def reopen(
    case: Verification, *, reason_code: str, note: str, version: int, by: StaffUser, now: datetime
) -> Review:
    """`version` is the one that the reviewer's page showed.

    Raises permissions.Denied, casework.ReasonUnknown or NoteRequired, workflow.IllegalMove or StaleVerification.
    """
    locked = Verification.objects.locked(case.pk)
    permissions.check_reopen_case(by, locked)
    casework.check_version(locked, version)
    if locked.status not in {Status.APPROVED, Status.DECLINED}:
        raise workflow.IllegalMove(_("Only a decided case is reopened."))
    # Erasing takes this lock too, so the two can't happen at once.
    if Applicant.objects.select_for_update(of=("self",)).get(pk=locked.applicant_id).erased_at is not None:
        raise workflow.IllegalMove(_("The evidence was erased: there is nothing left to judge."))
    casework.check_reason_and_note(locked, Verdict.REOPEN, reason_code, note)
    evidence = evidence_hash(locked)
    words: dict[str, Any] = {"reason_code": reason_code, "note": note, "evidence_sha256": evidence}
    review = casework.record_review(locked, Verdict.REOPEN, by=by, now=now, **words)
    senior = audit.By.staff(by, acting_as=Actor.SENIOR_REVIEWER)
    fields: dict[str, Any] = {"final_review": None, "passing_call": None, "reasons": ["reopened"]}
    data = recorded.of_review(review)
    workflow.move(locked, Status.IN_REVIEW, by=senior, now=now, data=data, commits=[review], **fields)
    return review
