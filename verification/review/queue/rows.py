"""Builds the rows of the queue; one query reads the newest scores of all rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from verification import labels
from verification.models import Review, RiskFlag, StaffUser, Stage, Verification, VerificationAttempt
from verification.review import words
from verification.rules import document_check
from verification.states import Band, DocumentState, Mark, Status

# The relations that `rows_of` reads.
RELATED = ("applicant__client", "policy", "claimed_by", "assigned_to", "proposal__dissent")


def rows_of(cases: Sequence[Verification], user: StaffUser, now: datetime) -> list[dict[str, Any]]:
    newest, elsewhere, judged = _newest_attempts(cases), _flagged_elsewhere(cases), _judged(cases)
    return [
        {
            **_row_of(case, newest.get(case.pk), user, now),
            "marks": _marks(case, elsewhere=case.pk in elsewhere, judged=case.pk in judged),
        }
        for case in cases
    ]


def _judged(cases: Sequence[Verification]) -> set[int]:
    """Those on which a verdict was proposed, also if it was withdrawn: the next reviewer does not know it."""
    proposed = Review.objects.filter(verification__in=[case.pk for case in cases], stage=Stage.PROPOSAL)
    return set(proposed.order_by().values_list("verification", flat=True).distinct())


def _flagged_elsewhere(cases: Sequence[Verification]) -> set[int]:
    """Those of which another applicant sent the photo or a recording later."""
    flags = RiskFlag.objects.filter(other__in=[case.pk for case in cases]).order_by()
    return set(flags.values_list("other", flat=True).distinct())


def _marks(case: Verification, *, elsewhere: bool, judged: bool) -> list[str]:
    """What is odd about the case, in a word or two each; what comes of its document check."""
    found = [str(mark.label) for mark in Mark if getattr(case, f"marked_{mark}")]
    if elsewhere and not case.marked_shared:
        found.append(str(Mark.SHARED.label))
    # Who judges next does so before they see what the first one found.
    told = case.document_state == DocumentState.FAILED and judged
    if case.document_state in document_check.OPEN and case.proposal is None and not told:
        found.append(_("Document: %(state)s") % {"state": case.get_document_state_display().lower()})
    if case.proposal is not None:
        found.append(_("Verdict proposed"))
    return found


def _newest_attempts(cases: Sequence[Verification]) -> dict[int, VerificationAttempt]:
    """The newest finished attempt of each case, by the case's primary key."""
    finished = VerificationAttempt.objects.finished().filter(verification__in=[case.pk for case in cases])
    columns = finished.only("verification", "number", "similarity", "result_code").order_by("number")
    return {attempt.verification_id: attempt for attempt in columns}


def _row_of(
    case: Verification, newest: VerificationAttempt | None, user: StaffUser, now: datetime
) -> dict[str, Any]:
    return {
        "case": case,
        "name": words.mask(case.applicant.name),
        "why": [labels.label(labels.WHY_HERE, code) for code in case.reasons],
        "band": case.get_band_display(),
        "repeated": case.attempts_used >= case.policy.max_attempts,
        "attempts": words.attempts(case.attempts_used, case.policy.max_attempts),
        **_score(case, newest),
        **_times(case, now),
        **_holder(case, user, now),
    }


def _score(case: Verification, newest: VerificationAttempt | None) -> dict[str, Any]:
    """The score, but not of a spot check, because its reviewer sees this list before judging it blind."""
    if case.band == Band.SPOT_CHECK:
        return {"blind": True}
    similarity, code = (newest.similarity, newest.result_code) if newest else (None, "")
    meaning = words.explain(similarity, code, case.policy.approve_at)
    return {"score": words.score(similarity) if similarity is not None else "", "tone": meaning.tone}


def _times(case: Verification, now: datetime) -> dict[str, Any]:
    since = case.queued_at if case.status == Status.IN_REVIEW else case.asked_again_at
    return {
        "due": words.due(case.due_at, now),
        "late": case.due_at is not None and case.due_at < now,
        "waited": words.span(now - since) if since else "",
    }


def _holder(case: Verification, user: StaffUser, now: datetime) -> dict[str, Any]:
    holder = case.holder(now)
    until = words.moment(case.claimed_until, now) if holder and case.claimed_until else ""
    return {
        "held_by": holder,
        "mine": holder is not None and holder.pk == user.pk,
        "kept_for": case.kept_for,
        "until": until,
        "waits_for": _waits_for(case, holder, user, now),
    }


def _waits_for(case: Verification, holder: StaffUser | None, user: StaffUser, now: datetime) -> str:
    if case.status != Status.IN_REVIEW:
        return _("the applicant")
    if case.snoozed_until is not None and case.snoozed_until > now:
        return _("snoozed until %(moment)s UTC") % {"moment": words.moment(case.snoozed_until, now)}
    if holder is not None:
        return _("you") if holder.pk == user.pk else _("a colleague")
    if case.kept_for is not None:
        return _("you") if case.kept_for == user else _("a colleague")
    if case.dissent is not None:
        return _("a senior, between two verdicts")
    if case.proposal is not None:
        return _("a colleague's second look") if case.proposal.by_id == user.pk else _("a second person")
    return _("a senior") if case.escalated_at is not None else _("anybody")
