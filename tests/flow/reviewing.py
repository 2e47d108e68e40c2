"""A reviewer's acts in a line each, on the case as it is now."""

from typing import Any

from tests.flow.conftest import LATER
from verification import casework
from verification.actions import hand_on, review
from verification.models import Policy, Review, StaffUser, Verdict, Verification

NOTE = "Same ears, same scar over the brow."


def shown(case: Verification) -> dict[str, Any]:
    """What a page opened now would send back."""
    case.refresh_from_db()
    return {"version": case.version, "evidence_sha256": casework.evidence_hash(case)}


def decide(case: Verification, verdict: Verdict, reason: str, *, by: StaffUser, **changes: Any) -> Review:
    said = {"reason_code": reason, "note": NOTE, "by": by, "now": LATER, **shown(case), **changes}
    return review.decide(case, verdict=verdict, **said)


def approve(case: Verification, *, by: StaffUser, **changes: Any) -> Review:
    return decide(case, Verdict.APPROVE, "same_person", by=by, **changes)


def hand_back(case: Verification, *, by: StaffUser, reason: str = "disagree", **changes: Any) -> Review:
    said = {"reason_code": reason, "note": NOTE, "by": by, "now": LATER, **shown(case), **changes}
    return review.hand_back(case, **said)


def pass_on(case: Verification, verdict: Verdict, reason: str, *, by: StaffUser, **changes: Any) -> Review:
    said = {"reason_code": reason, "note": NOTE, "by": by, "now": LATER, **shown(case), **changes}
    return hand_on.hand_on(case, verdict, **said)


def policy(by: tuple[StaffUser, StaffUser], **terms: Any) -> Policy:
    """A new policy in force, drafted and activated by two people."""
    now = LATER
    latest = Policy.current()
    values = {name: getattr(latest, name) for name in ("approve_at", "max_attempts", "review_hours")}
    return Policy.objects.create(
        **{**values, **terms},
        version=latest.version + 1,
        drafted_by=by[0],
        drafted_at=now,
        activated_by=by[1],
        activated_at=now,
        change_reason="test",
    )
