"""A reviewer's work on a case: taking it, and deciding it."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from verification import audit, permissions, workflow
from verification.models import Review, StaffUser, Verdict, Verification
from verification.reasons import LIST_VERSION, REASONS
from verification.states import FOR_A_PERSON, Actor, AttemptStatus, Outcome, Status

LEASE = timedelta(minutes=15)
SHORTEST_NOTE = 10
LONGEST_NOTE = 10_000
_TARGETS = {
    Verdict.APPROVE: Status.APPROVED,
    Verdict.DECLINE: Status.DECLINED,
    Verdict.ASK_AGAIN: Status.COLLECTING,
}


class NoteRequired(Exception):
    """The note is missing, too short or too long for this decision."""


class ReasonUnknown(Exception):
    """The reason is not on the list, or not one for this verdict."""


class EvidenceChanged(workflow.StaleVerification):
    """What was judged is no longer what the case holds."""


class ClaimedByOther(Exception):
    """Another reviewer is working on the case."""


def evidence_hash(verification: Verification) -> str:
    """SHA-256 over everything a verdict rests on: photos, recordings, and what the vendor answered."""
    documents = verification.documents.order_by("pk").values_list("normalised_sha256", "superseded_at")
    attempts = verification.attempts.order_by("number").values_list(
        "number", "status", "original_sha256", "normalised_sha256", "outcome", "result_code", "similarity"
    )
    content = {
        "documents": [list(map(str, row)) for row in documents],
        "attempts": [list(map(str, row)) for row in attempts],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def claim(verification: Verification, *, by: StaffUser, now: datetime) -> None:
    """Take the case for 15 minutes, or renew; ClaimedByOther while somebody else has it."""
    permissions.check_decide(by)
    free = Q(claimed_by__isnull=True) | Q(claimed_until__lte=now) | Q(claimed_by=by)
    mine = (
        verification.claimed_by_id == by.pk
        and verification.claimed_until
        and verification.claimed_until > now
    )
    waiting = Verification.objects.filter(free, pk=verification.pk, status=Status.IN_REVIEW)
    if not waiting.update(claimed_by=by, claimed_until=now + LEASE):
        raise ClaimedByOther(_("Another reviewer is working on this case."))
    verification.claimed_by, verification.claimed_until = by, now + LEASE
    if not mine:
        audit.record("case.claimed", by=audit.By.staff(by), subject=verification, at=now)


def take_next(*, by: StaffUser, now: datetime) -> Verification | None:
    """Claim the case that is due first and that nobody has, or None when there is none."""
    permissions.check_decide(by)
    free = Q(claimed_by__isnull=True) | Q(claimed_until__lte=now)
    waiting = Verification.objects.filter(free, status=Status.IN_REVIEW).order_by("due_at", "pk")
    for candidate in waiting[:20]:
        try:
            claim(candidate, by=by, now=now)
        except ClaimedByOther:
            continue
        return candidate
    return None


@transaction.atomic
def decide(
    verification: Verification,
    *,
    verdict: Verdict,
    reason_code: str,
    note: str,
    version: int,
    evidence_sha256: str,
    by: StaffUser,
    now: datetime,
) -> Review:
    """Record the verdict and act on it. `version` and `evidence_sha256` are those of the page it was made on.

    Raises permissions.Denied, ReasonUnknown, NoteRequired, ClaimedByOther, EvidenceChanged,
    workflow.StaleVerification or workflow.IllegalMove; nothing is changed then.
    """
    permissions.check_decide(by)
    locked = (
        Verification.objects.select_for_update(of=("self",)).select_related("policy").get(pk=verification.pk)
    )
    _check_current(locked, version, evidence_sha256, by, now)
    _check_words(locked, verdict, reason_code, note)
    review = Review.objects.create(
        verification=locked,
        verdict=verdict,
        reason_code=reason_code,
        note=note,
        evidence_sha256=evidence_sha256,
        by=by,
        at=now,
    )
    data = {
        "review": review.public_id,
        "reason": reason_code,
        "reason_list": LIST_VERSION,
        "evidence_sha256": evidence_sha256,
    }
    consequences = _consequences(locked, verdict, review, now)
    workflow.move(locked, _TARGETS[verdict], by=audit.By.staff(by), now=now, data=data, **consequences)
    if REASONS[reason_code].step == "document":
        workflow.ask_for_photo(locked, now=now)
    return review


def _check_current(
    verification: Verification, version: int, evidence: str, by: StaffUser, now: datetime
) -> None:
    if verification.status != Status.IN_REVIEW:
        raise workflow.IllegalMove(_("This case is not in review any more."))
    if verification.version != version:
        raise workflow.StaleVerification(_("The case was changed since you opened it."))
    if evidence_hash(verification) != evidence:
        raise EvidenceChanged(_("The evidence was changed since you opened the case."))
    held = verification.claimed_until is not None and verification.claimed_until > now
    if held and verification.claimed_by_id != by.pk:
        raise ClaimedByOther(_("Another reviewer is working on this case."))


def _check_words(verification: Verification, verdict: Verdict, reason_code: str, note: str) -> None:
    reason = REASONS.get(reason_code)
    if reason is None or reason.verdict != verdict:
        raise ReasonUnknown(_("Choose a reason from the list."))
    if len(note) > LONGEST_NOTE:
        raise NoteRequired(_("The note may have at most %d characters.") % LONGEST_NOTE)
    if verdict == Verdict.APPROVE and note_needed(verification) and len(note.strip()) < SHORTEST_NOTE:
        raise NoteRequired(_("Approving this case needs a note of at least %d characters.") % SHORTEST_NOTE)


def note_needed(verification: Verification) -> bool:
    """Approving goes against what the system found, unless its newest answer was a pass and nothing is odd."""
    newest = verification.attempts.filter(status=AttemptStatus.FINISHED).order_by("-number").first()
    odd = verification.flags.filter(code__in=FOR_A_PERSON).exists()
    return odd or newest is None or newest.outcome != Outcome.PASSED


def _consequences(
    verification: Verification, verdict: Verdict, review: Review, now: datetime
) -> dict[str, Any]:
    if verdict != Verdict.ASK_AGAIN:
        return {"final_review": review}
    policy = verification.policy
    return {
        "hint": REASONS[review.reason_code].hint,
        "received_bytes": 0,
        # Asking again is worth nothing without an attempt, or through a link that has run out.
        "attempts_used": min(verification.attempts_used, policy.max_attempts - 1),
        "link_expires_at": max(verification.link_expires_at, now + timedelta(days=policy.link_days)),
    }


@transaction.atomic
def reopen(verification: Verification, *, note: str, by: StaffUser, now: datetime) -> None:
    """Take a decided case back into review. The earlier review stays on record."""
    permissions.check_reopen(by)
    if not SHORTEST_NOTE <= len(note.strip()) <= LONGEST_NOTE:
        limits = {"shortest": SHORTEST_NOTE, "longest": LONGEST_NOTE}
        raise NoteRequired(_("Reopening needs a note of %(shortest)d to %(longest)d characters.") % limits)
    review = Review.objects.create(
        verification=verification,
        verdict=Verdict.REOPEN,
        reason_code="reopened",
        note=note,
        evidence_sha256=evidence_hash(verification),
        by=by,
        at=now,
    )
    senior = audit.By.staff(by, acting_as=Actor.SENIOR_REVIEWER)
    fields: dict[str, Any] = {"final_review": None, "passing_call": None, "reasons": ["reopened"]}
    data = {"review": review.public_id}
    workflow.move(verification, Status.IN_REVIEW, by=senior, now=now, data=data, **fields)
