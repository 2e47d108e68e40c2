"""A reviewer's acts, one function each, on the current version of the case."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.urls import reverse

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import Road
from tests.flow.conftest import LATER
from tests.policies import put_into_force
from verification.actions import claim, reassign, review
from verification.casework import Shown
from verification.evidence.judged import evidence_hash
from verification.models import Policy, Review, StaffUser, Verdict, Verification

NOTE = "Same ears, same scar over the brow."


def page_of(case: Verification) -> str:
    return reverse("admin:case", args=[case.public_id])


def change(case: Verification, **fields: Any) -> None:
    """Sets fields of the case directly in the database, without an action."""
    Verification.objects.filter(pk=case.pk).update(**fields)


def shown(case: Verification) -> dict[str, Any]:
    """The form fields of a page opened now: the case's version and evidence hash."""
    case.refresh_from_db()
    return {"version": case.version, "evidence_sha256": evidence_hash(case)}


def seen(case: Verification) -> Shown:
    """The same as the value that the actions take."""
    return Shown(**shown(case))


def decide(case: Verification, verdict: Verdict, reason: str, *, by: StaffUser, **changes: Any) -> Review:
    arguments = {"reason_code": reason, "note": NOTE, "by": by, "now": LATER, "shown": seen(case), **changes}
    return review.decide(case, verdict=verdict, **arguments)


def approve(case: Verification, *, by: StaffUser, **changes: Any) -> Review:
    return decide(case, Verdict.APPROVE, "same_person", by=by, **changes)


def hand_back(case: Verification, *, by: StaffUser, reason: str = "disagree", **changes: Any) -> Review:
    arguments = {"reason_code": reason, "note": NOTE, "by": by, "now": LATER, "shown": seen(case), **changes}
    return review.hand_back(case, **arguments)


def pass_on(case: Verification, verdict: Verdict, reason: str, *, by: StaffUser, **changes: Any) -> Review:
    arguments = {"reason_code": reason, "note": NOTE, "by": by, "now": LATER, "shown": seen(case), **changes}
    return reassign.reassign(case, verdict, **arguments)


def policy(by: tuple[StaffUser, StaffUser], **terms: Any) -> Policy:
    """A policy with these terms, in force one hour after NOW."""
    return put_into_force(by, now=LATER, **terms)


def cast_of(road: Road, emulator: EmulatorServer, staff: Callable[..., StaffUser]) -> SimpleNamespace:
    """One case for each situation that a case in the queue can be in."""
    reviewer, colleague = staff("Reviewer"), staff("Reviewer", "colleague")

    def case(reference: str) -> Verification:
        return road.in_review(emulator, reference=reference)

    free, mine, theirs = case("FREE"), case("MINE"), case("THEIRS")
    claim.claim(mine, by=reviewer, now=LATER)
    claim.claim(theirs, by=colleague, now=LATER)
    late, snoozed, escalated = case("LATE"), case("SNOOZED"), case("ESCALATED")
    change(late, due_at=LATER - timedelta(hours=30))
    pass_on(snoozed, Verdict.SNOOZE, "fresh_eyes", by=reviewer, hours=4)
    pass_on(escalated, Verdict.ESCALATE, "unusual_document", by=reviewer)
    proposed, own = case("PROPOSED"), case("OWN")
    for subject, by in ((proposed, colleague), (own, reviewer)):
        decide(subject, Verdict.APPROVE, "vendor_error", by=by)
    asked = case("ASKED")
    decide(asked, Verdict.ASK_AGAIN, "video_unclear", by=reviewer)
    return SimpleNamespace(free=free, mine=mine, theirs=theirs, late=late, snoozed=snoozed, asked=asked)
