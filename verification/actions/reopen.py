"""Taking a decided case back into review. The earlier review stays on record."""

from datetime import datetime
from typing import Any

from django.db import transaction

from verification import audit, casework, permissions, workflow
from verification.models import StaffUser, Verdict, Verification
from verification.states import Actor, Status


@transaction.atomic
def reopen(case: Verification, *, reason_code: str, note: str, by: StaffUser, now: datetime) -> None:
    """Raises permissions.Denied, casework.ReasonUnknown or NoteRequired, workflow.IllegalMove or StaleVerification."""
    permissions.check_reopen_case(by, case)
    casework.check_words(case, Verdict.REOPEN, reason_code, note)
    review = casework.write(case, Verdict.REOPEN, reason_code=reason_code, note=note, by=by, now=now)
    senior = audit.By.staff(by, acting_as=Actor.SENIOR_REVIEWER)
    fields: dict[str, Any] = {"final_review": None, "passing_call": None, "reasons": ["reopened"]}
    data = casework.facts_of(review)
    workflow.move(case, Status.IN_REVIEW, by=senior, now=now, data=data, **fields)
