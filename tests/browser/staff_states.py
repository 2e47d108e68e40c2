"""Brings the demo's cases into each state that a case page can show. Runs in a portal's environment."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from verification import audit
from verification.actions import claim, erase, invite, policy, reassign, reopen, review, saved_filter
from verification.audit import viewing
from verification.casework import Shown
from verification.evidence.judged import evidence_hash
from verification.models import (
    Channel,
    Message,
    MessageKind,
    MessageState,
    RiskFlag,
    StaffUser,
    VendorAccount,
    Verdict,
    Verification,
)
from verification.rules.review_bands import SPOT_CHECK
from verification.states import Band, Flag

NOTE = "Same ears, same scar over the brow."
DAY = timedelta(days=1)


def make() -> None:
    """Prints the address of each case by its state, and the reference of an applicant with two cases."""
    now = timezone.now()
    me, other = (StaffUser.objects.get(username=name) for name in ("senior", "senior2"))
    states = {
        "spot check": _blind(_case(1001), me, now),
        "reopened": _reopened(_case(1002), me, now),
        "held": _case(1003),
        "proposed by me": _proposed(_case(1004), me, now),
        "proposal void": _flagged(_proposed(_case(1005), other, now), now),
        "escalated": _handed_on(_case(1006), Verdict.ESCALATE, "unsure", me, now),
        "approved": _case(1007),
        "erased": _erased(_case(1008), now),
        "with the applicant": _case(1009),
        "proposed by another": _case(1010),
        "snoozed": _handed_on(_case(1011), Verdict.SNOOZE, "fresh_eyes", me, now, hours=4),
    }
    for state in ("spot check", "held", "proposed by another"):
        claim.claim(states[state], by=me, now=now)
    _messages(states["held"], now)
    _draft(other, now)
    saved_filter.save(name="My late ones", query="view=due", shared=True, by=me, now=now)
    pause = {"paused_at": now, "pause_reason": "FailedOperation.ArrearsFrozen", "probe_at": now + DAY}
    VendorAccount.objects.update(**pause)
    alert = {"looks": viewing.EVIDENCE, "count": 61, "minutes": 10}
    audit.record(viewing.ALERT, by=audit.By.staff(me), subject=states["held"], at=now, **alert)
    twice = states["approved"].applicant
    invite.invite(reference=twice.reference, name=twice.name, by=audit.By.shell(), now=now)
    for state, case in states.items():
        print(f"{state}\t/admin/case/{case.public_id}/")
    print(f"twice\t{twice.reference}")


def _draft(by: StaffUser, now: datetime) -> None:
    draft = policy.current_draft() or policy.draft(by=by, now=now)
    terms = {**policy.terms_of(draft), "max_attempts": draft.max_attempts + 1}
    words = {"reason": "Fewer people give up", "seen": policy.fingerprint(draft)}
    policy.change(draft, terms=terms, by=by, now=now, **words)


def _messages(case: Verification, now: datetime) -> None:
    """One in each state that the page of messages can show."""
    hour = timedelta(hours=1)
    for number, (kind, state, error) in enumerate(
        (
            (MessageKind.INVITATION, MessageState.SENT, ""),
            (MessageKind.REMINDER, MessageState.WAITING, ""),
            (MessageKind.AGAIN, MessageState.BOUNCED, "came_back"),
            (MessageKind.RESULT, MessageState.FAILED, "address_refused"),
            (MessageKind.RESULT, MessageState.DROPPED, "overtaken"),
            (MessageKind.DELAY, MessageState.WAITING, "not_reached"),
        )
    ):
        at, due = now - hour * (6 - number), now + hour
        Message.objects.create(
            verification=case,
            kind=kind,
            channel=Channel.EMAIL,
            about=str(number),
            state=state,
            error=error,
            tries=3 if error else 0,
            created_at=at,
            due_at=at if error else due,
            not_before=due,
            sent_at=at if state in {MessageState.SENT, MessageState.BOUNCED} else None,
        )


def _case(number: int) -> Verification:
    return Verification.objects.get(applicant__reference=f"CUST-{number}")


def _shown(case: Verification) -> dict[str, Any]:
    """The form fields of the case's page, as it is now."""
    case.refresh_from_db()
    return {"shown": Shown(case.version, evidence_hash(case)), "note": NOTE}


def _proposed(case: Verification, by: StaffUser, now: datetime) -> Verification:
    words = {"verdict": Verdict.APPROVE, "reason_code": "vendor_error", **_shown(case)}
    review.decide(case, by=by, now=now, **words)
    return case


def _handed_on(
    case: Verification, verdict: Verdict, reason: str, by: StaffUser, now: datetime, hours: int = 0
) -> Verification:
    reassign.reassign(case, verdict, reason_code=reason, hours=hours, by=by, now=now, **_shown(case))
    return case


def _reopened(case: Verification, by: StaffUser, now: datetime) -> Verification:
    reopen.reopen(case, reason_code="new_information", note=NOTE, version=case.version, by=by, now=now)
    return case


def _blind(case: Verification, by: StaffUser, now: datetime) -> Verification:
    """Makes the case a spot check directly: a test can't choose which cases the portal samples."""
    _reopened(case, by, now)
    Verification.objects.filter(pk=case.pk).update(reasons=[SPOT_CHECK], band=Band.SPOT_CHECK)
    return case


def _flagged(case: Verification, now: datetime) -> Verification:
    RiskFlag.objects.create(
        verification=case, attempt=case.attempts.last(), code=Flag.SIMILAR_VIDEO, facts={}, raised_at=now
    )
    return case


def _erased(case: Verification, now: datetime) -> Verification:
    erase.erase(case.applicant, by=audit.By.shell(), reason="Asked for it", now=now)
    return case
