"""What the case page shows of comparisons that were made again: both answers side by side, and whether one more can be
asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import labels, permissions, storage
from verification.actions import ask_rerun, rerun
from verification.casework import MIN_NOTE
from verification.evidence import reruns
from verification.explain import reruns as side_by_side
from verification.models import (
    Billed,
    CallState,
    RerunState,
    Review,
    StaffUser,
    Verification,
    VerificationAttempt,
)
from verification.review import words
from verification.rules.decision import REPEATED_REQUEST_ID, Next

# Characters of a hash: enough to see whether two are the same.
_OF_A_HASH = 16

_WHY_NO_ANSWER: dict[str, Any] = {
    rerun.NOT_CALLED: gettext_lazy(
        "The vendor could not be called for an hour. Nothing was sent, and nothing is charged."
    ),
    rerun.ERASED: gettext_lazy(
        "The evidence was erased before it could be sent. Nothing was sent, and nothing is charged."
    ),
    rerun.OTHER_BYTES: gettext_lazy(
        "What is stored would not make the very bytes that were sent then, so nothing was sent. Tell an operator."
    ),
    storage.IntegrityError.code: gettext_lazy(
        "A stored file is missing or damaged, so nothing was sent. Tell an operator."
    ),
    REPEATED_REQUEST_ID: gettext_lazy(
        "The vendor gave the RequestId of another call: its answer may be about somebody else, so it is not used."
    ),
}
_NEXT: dict[str, Any] = {
    Next.APPROVE: gettext_lazy("a pass"),
    Next.TRY_AGAIN: gettext_lazy("asks the applicant to record again"),
}


@dataclass(frozen=True)
class Line:
    """One fact of both answers. `differs`: it says something else of the faces. `title` is the whole of a cut value."""

    name: str
    first: str
    again: str
    is_code: bool = False
    differs: bool = False
    first_title: str = ""
    again_title: str = ""


def of(
    case: Verification,
    attempt: VerificationAttempt | None,
    *,
    blind: bool,
    unread: Sequence[Review],
    user: StaffUser,
) -> dict[str, Any]:
    """The user's part of the context of the case page; nothing until a spot check is judged blind, and no colleague's
    reason while the user must not read a verdict: whoever asked may have read it, and tell it."""
    if blind:
        return {"reruns": [], "may_rerun": False}
    made = side_by_side.of_case(case)
    entitled = case.status in reruns.OPEN and not permissions.refusal(permissions.check_rerun, user, case)
    refusal = ask_rerun.why_not(case, attempt) if entitled else ""
    return {
        "reruns": [_row(facts, may_read=not unread or _is_own(facts, user)) for facts in made],
        "may_rerun": entitled and not refusal,
        "no_rerun": refusal,
        "next_rerun": len(made) + 1,
        "most_reruns": reruns.MAX_RERUNS,
        "rerun_price": settings.FACEID_PRICE,
        "shortest_reason": MIN_NOTE,
        "longest_reason": ask_rerun.MAX_REASON,
    }


def _is_own(facts: dict[str, Any], user: StaffUser) -> bool:
    return bool(facts["requested_by"] == user.get_username())


def _row(facts: dict[str, Any], *, may_read: bool) -> dict[str, Any]:
    tone, headline, sentence = _told(facts)
    waiting = facts["state"] == RerunState.WAITING
    return {
        **facts,
        "reason": facts["reason"] if may_read else "",
        "tone": tone,
        "headline": headline,
        "sentence": sentence,
        "waiting": waiting,
        "lines": _lines(facts),
    }


def _told(facts: dict[str, Any]) -> tuple[str, str, str]:
    state = facts["state"]
    if state == RerunState.WAITING:
        return (
            "quiet",
            _("Waiting"),
            _("It is sent as soon as the vendor may be called; load the page again to see."),
        )
    if state == RerunState.UNKNOWN:
        sentence = _(
            "No answer came back after it was sent: it may have been compared and charged. Nobody asks again by itself."
        )
        return "warn", _("Outcome unknown"), sentence
    if state == RerunState.FAILED:
        return "warn", _("No answer"), _why_none(facts["code"])
    if facts["same_answer"]:
        return "good", _("The same answer"), ""
    if facts["same_answer"] is None:
        return "quiet", _("Answered; there was no answer before"), ""
    return "bad", _("Another answer than the first"), ""


def _why_none(code: str) -> str:
    if code in _WHY_NO_ANSWER:
        return str(_WHY_NO_ANSWER[code])
    return _("The vendor said nothing of the faces: %(code)s") % {"code": code}


def _lines(facts: dict[str, Any]) -> list[Line]:
    first, again, policy = facts["original"], facts["again"], facts["policy_of_today"]
    other_answer = facts["same_answer"] is False

    def line(name: Any, read: Any, *, is_code: bool = False, tells: bool = False) -> Line:
        differs = tells and other_answer and read(first) != read(again)
        return Line(str(name), read(first), read(again), is_code, differs)

    one, other = first.get("best_frame_sha256", ""), again.get("best_frame_sha256", "")
    return [
        line(_("Sent"), lambda side: f"{side['at']:%Y-%m-%d %H:%M:%S} UTC" if side["call"] else ""),
        line(_("Similarity"), _similarity, tells=True),
        line(_("Code"), lambda side: side.get("code", ""), is_code=True, tells=True),
        line(_("RequestId"), lambda side: side.get("request_id", ""), is_code=True),
        Line(_("Best frame, SHA-256"), one[:_OF_A_HASH], other[:_OF_A_HASH], True, False, one, other),
        line(_("Charged"), _charged),
        line(_("By policy %(version)s, of today, alone") % {"version": policy}, _by_policy, tells=True),
    ]


def _similarity(side: dict[str, Any]) -> str:
    if side["call"] is None or side["state"] != CallState.ANSWERED:
        return ""
    found = side["similarity"]
    return words.score(found) if found is not None else _("none")


def _charged(side: dict[str, Any]) -> str:
    return str(Billed(side["billed"]).label).lower() if side["call"] else ""


def _by_policy(side: dict[str, Any]) -> str:
    said = side.get("under_policy_of_today")
    if said is None:
        return ""
    if said["next"] in _NEXT:
        return str(_NEXT[said["next"]])
    reasons = "; ".join(labels.label(labels.WHY_HERE, code) for code in said["reasons"])
    return _("goes to a person: %(reasons)s") % {"reasons": reasons}
