"""Passing a case on instead of deciding it: escalating it, snoozing it, or stepping aside from it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from verification import casework
from verification.models import Review, StaffUser, Verdict, Verification
from verification.rules import document_check
from verification.rules.document_check import Found

# Hours. A snooze does not move the time at which the case is due; its page shows that.
SNOOZES = {1: _("1 hour"), 4: _("4 hours"), 24: _("1 day"), 72: _("3 days")}
_EVENTS = {
    Verdict.ESCALATE: "case.escalated",
    Verdict.SNOOZE: "case.snoozed",
    Verdict.STEP_ASIDE: "case.stepped_aside",
}


class UnusableSnooze(ValueError):
    """Not one of the lengths that a case can be snoozed for."""


@transaction.atomic
def reassign(
    case: Verification,
    verdict: Verdict,
    *,
    reason_code: str,
    note: str,
    shown: casework.Shown,
    by: StaffUser,
    now: datetime,
    hours: int = 0,
    document: Found | None = None,
) -> Review:
    """Escalate, snooze for `hours` (one of SNOOZES), or step aside. Nobody holds the case afterwards; a snoozed one
    stays assigned.

    What was found on the document until then is kept, and no longer counts if its reviewer steps aside.

    Raises what `review.decide` raises, and UnusableSnooze.
    """
    locked = casework.locked_for_act(case, shown, by=by, now=now)
    casework.check_reason_and_note(locked, verdict, reason_code, note)
    if document is not None:
        casework.record_document_check(locked, document, by=by, now=now)
    change = _change(locked, verdict, hours, by, now)
    evidence = shown.evidence_sha256
    review = casework.record_review(
        locked, verdict, reason_code=reason_code, note=note, evidence_sha256=evidence, by=by, now=now
    )
    facts: dict[str, object] = {"hours": hours} if verdict == Verdict.SNOOZE else {}
    if "proposal" in change and locked.proposal is not None:
        facts["ends_proposal"] = locked.proposal.public_id
    if verdict == Verdict.STEP_ASIDE:
        change["document_state"] = document_check.state_of(locked)
    casework.amend_by(review, locked, _EVENTS[verdict], change, **facts)
    return review


def _change(case: Verification, verdict: Verdict, hours: int, by: StaffUser, now: datetime) -> dict[str, Any]:
    if verdict == Verdict.ESCALATE:
        return {**casework.NOBODYS, "escalated_at": now, "snoozed_until": None}
    if verdict == Verdict.STEP_ASIDE:
        # Their own open proposal ends with it.
        own = case.proposal is not None and case.proposal.by_id == by.pk
        return {**casework.NOBODYS, **({"proposal": None} if own else {})}
    if hours not in SNOOZES:
        raise UnusableSnooze(_("Choose for how long."))
    return {**casework.UNCLAIMED, "snoozed_until": now + timedelta(hours=hours)}
