"""What this reviewer can do with this case now: the choices of the form, and which need a second person.

Reads `permissions` and `rules.four_eyes`; changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from verification import casework, labels, permissions
from verification.actions import review
from verification.actions.reassign import SNOOZES
from verification.models import Review, StaffUser, Verdict, Verification
from verification.review.case.forms import BLIND
from verification.rules import four_eyes
from verification.rules.reasons import Reason, reasons_for
from verification.states import ENDED, Status

KEYS = {
    Verdict.APPROVE: "a",
    Verdict.DECLINE: "d",
    Verdict.ASK_AGAIN: "g",
    Verdict.HAND_BACK: "h",
    Verdict.ESCALATE: "e",
    Verdict.SNOOZE: "s",
    Verdict.STEP_ASIDE: "o",
}
# What a reviewer would say, where it differs from the word of the records.
_ACTS = {Verdict.STEP_ASIDE: _lazy("I know this person")}
_USUAL = (
    Verdict.APPROVE,
    Verdict.DECLINE,
    Verdict.ASK_AGAIN,
    Verdict.ESCALATE,
    Verdict.SNOOZE,
    Verdict.STEP_ASIDE,
)


@dataclass(frozen=True)
class Choice:
    """One verdict on the form. `second` says why a second person has to judge too, "" if one is enough."""

    verdict: Verdict
    label: str
    key: str
    reasons: list[Reason]
    second: str
    note: str


def of(
    case: Verification,
    *,
    evidence_sha256: str,
    blind: bool,
    unread: list[Review],
    user: StaffUser,
    now: datetime,
) -> dict[str, Any]:
    """The user's part of the context of the case page. `evidence_sha256` is the hash of the evidence that it shows."""
    open_, holder = case.status == Status.IN_REVIEW, case.holder(now)
    second = casework.waits_for_second(case, evidence_sha256) and not _is_own_proposal(case, user)
    decides = open_ and permissions.can_decide(user)
    refusal = permissions.refusal(casework.check_takes, case, user) if decides else ""
    works = decides and not refusal
    mine = holder is not None and holder.pk == user.pk
    return {
        "held_by": holder,
        "mine": mine,
        "refusal": refusal,
        "may_claim": works and holder is None and case.kept_for in (None, user),
        "may_decide": works and mine,
        "choices": _choices(case, user, evidence_sha256, blind, second, unread) if works and mine else [],
        "no_third": open_ and case.dissent is not None and not casework.has_third(case),
        "blind_choices": BLIND,
        "snoozes": SNOOZES.items(),
        "snoozed": case.snoozed_until is not None and case.snoozed_until > now,
        "may_reopen": _may_reopen(case, user),
        "reopen_reasons": reasons_for(Verdict.REOPEN),
        "may_cancel": _may_cancel(case, user),
        "cancel_reasons": reasons_for(Verdict.CANCEL),
        "kept_for": case.kept_for if open_ else None,
        "may_keep": works and case.kept_for is None and holder in (None, user),
        "may_take_back": open_ and _may_take_back(case, user),
        "may_assign": works and permissions.can_assign_others(user),
    }


def _may_reopen(case: Verification, user: StaffUser) -> bool:
    decided = case.status in {Status.APPROVED, Status.DECLINED} and case.applicant.erased_at is None
    return decided and not permissions.refusal(permissions.check_reopen_case, user, case)


def _may_cancel(case: Verification, user: StaffUser) -> bool:
    return case.status not in ENDED and not permissions.refusal(permissions.check_cancel_case, user, case)


def _may_take_back(case: Verification, user: StaffUser) -> bool:
    kept = case.assigned_to is not None
    return kept and (case.assigned_to == user or permissions.can_assign_others(user))


def _is_own_proposal(case: Verification, user: StaffUser) -> bool:
    return case.proposal is not None and case.proposal.by_id == user.pk


def _choices(
    case: Verification,
    user: StaffUser,
    evidence_sha256: str,
    blind: bool,
    second: bool,
    unread: list[Review],
) -> list[Choice]:
    if blind:
        return [_choice(case, verdict) for verdict in _USUAL[3:]]
    proposal = case.proposal
    if second:
        return [_choice(case, verdict) for verdict in _USUAL]
    if proposal is None or proposal.evidence_sha256 != evidence_sha256:
        return [_choice(case, verdict, second=_second(case, verdict, unread)) for verdict in _USUAL]
    if case.dissent is not None:
        shared = [_shared(case, said) for said in (proposal, case.dissent)]
        others = (Verdict.HAND_BACK, Verdict.ASK_AGAIN, Verdict.SNOOZE, Verdict.STEP_ASIDE)
        return [*shared, *(_choice(case, verdict) for verdict in others)]
    return [_choice(case, Verdict.HAND_BACK, label=_("Withdraw"), only=review.WITHDRAWN)]


def _shared(case: Verification, said: Review) -> Choice:
    """The senior's choice to share one of two different verdicts."""
    words = {"verdict": said.get_verdict_display(), "who": said.by.get_username()}
    return _choice(case, Verdict(said.verdict), label=_("%(verdict)s, as %(who)s") % words)


def _second(case: Verification, verdict: Verdict, unread: list[Review]) -> str:
    """Why a second person has to judge it too, or ""; nothing that would tell what a colleague said."""
    because = four_eyes.why_second(case, verdict)
    if unread:
        because = tuple(code for code in because if code not in {four_eyes.BLIND, four_eyes.DOCUMENT})
    return "; ".join(labels.label(labels.WHY_SECOND, code) for code in because)


def _choice(
    case: Verification, verdict: Verdict, *, label: str = "", second: str = "", only: str = ""
) -> Choice:
    reasons = [
        reason
        for reason in reasons_for(verdict)
        if (reason.code == only if only else reason.code != review.WITHDRAWN)
    ]
    return Choice(
        verdict,
        label or str(_ACTS.get(verdict, verdict.label)),
        KEYS[verdict],
        reasons,
        second,
        _note(case, verdict),
    )


def _note(case: Verification, verdict: Verdict) -> str:
    """Why this verdict needs a note, or ""."""
    if verdict == Verdict.DECLINE:
        return _("a refusal must be explained")
    if verdict in casework.NOTE_ALWAYS:
        return _("for the colleague who goes on")
    if verdict == Verdict.APPROVE and casework.note_needed(case):
        return _("the vendor did not pass this, or something is odd")
    return ""
