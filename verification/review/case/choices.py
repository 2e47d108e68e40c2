"""What this reviewer can do with this case now: the choices of the form, and which need a second person.

Reads `permissions` and `rules.four_eyes`; changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from verification import casework, permissions
from verification.actions import review
from verification.actions.reassign import SNOOZES
from verification.models import StaffUser, Verdict, Verification
from verification.review import labels
from verification.review.case.forms import BLIND
from verification.rules import four_eyes
from verification.rules.reasons import Reason, reasons_for
from verification.states import Status

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
    """One verdict on the form. `second` says why a second person has to confirm it, "" if one is enough."""

    verdict: Verdict
    label: str
    key: str
    reasons: list[Reason]
    second: str
    note: str


def of(
    case: Verification, *, evidence_sha256: str, blind: bool, user: StaffUser, now: datetime
) -> dict[str, Any]:
    """The user's part of the context of the case page. `evidence_sha256` is the hash of the evidence that it shows."""
    open_, holder = case.status == Status.IN_REVIEW, case.holder(now)
    refusal = _refusal(case, user) if open_ and permissions.can_decide(user) else ""
    works = open_ and permissions.can_decide(user) and not refusal
    mine = holder is not None and holder.pk == user.pk
    return {
        "held_by": holder,
        "mine": mine,
        "refusal": refusal,
        "may_claim": works and holder is None,
        "may_decide": works and mine,
        "choices": _choices(case, user, evidence_sha256, blind) if works and mine else [],
        "blind_choices": BLIND,
        "snoozes": SNOOZES.items(),
        "snoozed": case.snoozed_until is not None and case.snoozed_until > now,
        "may_reopen": _may_reopen(case, user),
        "reopen_reasons": reasons_for(Verdict.REOPEN),
    }


def _may_reopen(case: Verification, user: StaffUser) -> bool:
    decided = case.status in {Status.APPROVED, Status.DECLINED}
    if not decided or case.applicant.erased_at is not None:
        return False
    return permissions.can_reopen(user) and not _conflict(case, user)


def _refusal(case: Verification, user: StaffUser) -> str:
    """The sentence why this reviewer may not work on the case, or ""."""
    try:
        permissions.check_work_on(user, case)
    except permissions.Denied as denied:
        return str(denied)
    return ""


def _conflict(case: Verification, user: StaffUser) -> bool:
    try:
        permissions.check_no_conflict(user, case)
    except permissions.ConflictOfInterest:
        return True
    return False


def _choices(case: Verification, user: StaffUser, evidence_sha256: str, blind: bool) -> list[Choice]:
    if blind:
        return [_usual(case, verdict) for verdict in _USUAL[3:]]
    proposal = case.proposal
    if proposal is None or proposal.evidence_sha256 != evidence_sha256:
        return [_usual(case, verdict) for verdict in _USUAL]
    if proposal.by_id == user.pk:
        return [_choice(case, Verdict.HAND_BACK, _("Withdraw"), only=review.WITHDRAWN)]
    proposed = Verdict(proposal.verdict)
    return [
        _choice(case, proposed, _("Confirm: %(verdict)s") % {"verdict": proposed.label}, confirms=True),
        *(_usual(case, verdict) for verdict in (Verdict.HAND_BACK, *_USUAL[2:])),
    ]


def _usual(case: Verification, verdict: Verdict) -> Choice:
    return _choice(case, verdict, _ACTS.get(verdict, verdict.label))


def _choice(
    case: Verification, verdict: Verdict, label: object, *, confirms: bool = False, only: str = ""
) -> Choice:
    because = () if confirms else four_eyes.why_second(case, verdict)
    second = "; ".join(labels.label(labels.WHY_SECOND, code) for code in because)
    reasons = [
        reason
        for reason in reasons_for(verdict)
        if (reason.code == only if only else reason.code != review.WITHDRAWN)
    ]
    return Choice(verdict, str(label), KEYS[verdict], reasons, second, _note(case, verdict))


def _note(case: Verification, verdict: Verdict) -> str:
    """Why this verdict needs a note, or ""."""
    if verdict in casework.NOTE_ALWAYS:
        return _("for the colleague who goes on")
    if verdict == Verdict.APPROVE and casework.note_needed(case):
        return _("the vendor did not pass this, or something is odd")
    return ""
