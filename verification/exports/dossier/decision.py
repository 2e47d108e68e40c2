"""What was decided, by whom, on what, and what people said before."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import labels
from verification.exports.dossier import blocks
from verification.exports.dossier.blocks import Block, Cell
from verification.exports.dossier.trail import Sealed
from verification.liveness import VENDOR_PASS, lookup
from verification.models import DocumentCheck, Review, RiskFlag, Verification, VerificationAttempt
from verification.rules import document_check, reasons
from verification.states import ENDED, MOVES, Outcome, Status
from verification.vendor_accounts.code_guide import MEANINGS, SUSPICION

MAX_VERDICTS: Final = 60
MAX_CHECKS: Final = 20
MAX_FLAGS: Final = 30
MAX_PRINTED: Final = 2_000  # characters of a reviewer's note that are printed
# Of all notes of a table together. Letters that are all different, as a hostile hand would write them, take a
# processor 0.1 ms each, and a dossier has 10 s.
MAX_OF_ALL: Final = 30_000
# How an outcome is set: the colour alone.
_TONES: Final = {Status.APPROVED: "good", Status.DECLINED: "bad"}
_NOT_DECIDED: Final = {
    Status.INVITED: gettext_lazy("The person has not begun yet."),
    Status.COLLECTING: gettext_lazy("The person has still to send a photo or a recording."),
    Status.CHECKING: gettext_lazy("The recording is being checked."),
    Status.IN_REVIEW: gettext_lazy("It waits for a person's decision."),
}
_ENDS: Final = {move.target: move.audit_event for move in MOVES.values()} | {
    Status.APPROVED: "", Status.DECLINED: ""
}  # fmt: skip


def outcome(case: Verification, events: Sequence[Sealed]) -> Block:
    """The headline: the outcome, who decided and when."""
    status = Status(case.status)
    if status not in ENDED:
        return {"word": _("Not decided"), "tone": "open", "lines": [str(_NOT_DECIDED[status])]}
    return {
        "word": str(status.label),
        "tone": _TONES.get(status, "ended"),
        "lines": [_by_whom(case)] if case.decided_at else _ended(status, events),
    }


def _by_whom(case: Verification) -> str:
    review, at = case.final_review, blocks.moment(case.decided_at) if case.decided_at else ""
    if review is None:
        return _("By policy version %(version)s, at %(at)s") % {"version": case.policy.version, "at": at}
    names = {"who": review.by.get_username(), "at": at}
    if review.proposed_by is None:
        return _("By %(who)s, at %(at)s") % names
    proposer = {"proposer": review.proposed_by.get_username()}
    return _("By two people: proposed by %(proposer)s, confirmed by %(who)s, at %(at)s") % {
        **names,
        **proposer,
    }


def _ended(status: Status, events: Sequence[Sealed]) -> list[str]:
    """When a case ended that nobody decided."""
    at = [sealed.event.at for sealed in events if sealed.event.kind == _ENDS[status]]
    return [blocks.moment(at[-1])] if at else []


def basis(case: Verification, attempt: VerificationAttempt | None) -> Block | None:
    """The vendor's answer, what the policy asks, and the rule that fired."""
    if attempt is None:
        return None
    policy = case.policy
    rows = [
        (
            _("Attempt"),
            _("%(number)s, finished at %(at)s")
            % {"number": attempt.number, "at": blocks.time(attempt.finished_at)},
        ),
        (_("Similarity found"), _score(attempt.similarity)),
        (
            _("Approved from"),
            _("%(score)s, by policy version %(version)s")
            % {"score": policy.approve_at, "version": policy.version},
        ),
        (_("The vendor passes from"), str(VENDOR_PASS)),
        (_("Outcome of the attempt"), attempt.get_outcome_display()),
        (_("Vendor's code"), blocks.mono(attempt.result_code) if attempt.result_code else ""),
        (_("What it means"), _meaning(attempt)),
        (_("Why a person judged"), "\n".join(labels.label(labels.WHY_HERE, code) for code in case.reasons)),
        (_("Decided by"), _rule(case)),
    ]
    return blocks.section(_("What the decision rests on"), blocks.pairs(rows))


def _score(similarity: Any) -> str:
    return _("%(score)s of 100") % {"score": similarity} if similarity is not None else _("none")


def _meaning(attempt: VerificationAttempt) -> str:
    if not attempt.result_code or attempt.outcome in (Outcome.UNUSABLE_MEDIA, Outcome.VENDOR_FAILED):
        return ""
    rule = lookup(attempt.result_code, field="Result")
    return " ".join(map(str, [MEANINGS[rule.category], *([SUSPICION] if rule.suspicion else [])]))


def _rule(case: Verification) -> str:
    if case.final_review is not None:
        return _("A person: %(reason)s") % {"reason": reasons.label(case.final_review.reason_code)}
    if case.passing_call is not None:
        return _("Policy: the similarity reaches what it asks, and no rule asks for a person.")
    return ""


def verdicts(case: Verification, *, notes: bool) -> Block | None:
    """All that reviewers said, in order, with the hash of what each of them judged."""
    rows = list(case.reviews.select_related("by").order_by("at", "pk"))
    if not rows:
        return None
    columns = [(_("Time (UTC)"), 0), (_("Who"), 0), (_("What"), 2), (_("Reason and note"), 5)]
    return blocks.section(
        _("What reviewers said"),
        *blocks.listed(
            columns, rows, MAX_VERDICTS, partial(_verdict, most=_printed(rows, MAX_VERDICTS, notes))
        ),
        None if notes else blocks.text(_("The reviewers' notes are not included in this copy."), quiet=True),
    )


def _verdict(row: Review, most: int) -> Sequence[Cell]:
    said = [reasons.label(row.reason_code), *_note(row.note, most)]
    return blocks.time(row.at), row.by.get_username(), labels.verdict(row), "\n".join(said)


def _printed(rows: Sequence[Any], listed: int, notes: bool) -> int:
    """How many characters of each note are printed: none if the reader may see no notes."""
    return min(MAX_PRINTED, MAX_OF_ALL // min(len(rows), listed)) if notes else 0


def _note(note: str, most: int) -> list[str]:
    """Nothing of an empty note, nor if the reader may see none."""
    if not note or not most:
        return []
    return [note if len(note) <= most else f"{note[:most]} […]"]


def document(case: Verification, *, notes: bool) -> Block | None:
    checks = list(case.document_checks.select_related("by", "verification__policy").order_by("at", "pk"))
    if not checks:
        return None
    columns = [(_("Time (UTC)"), 0), (_("Who"), 0), (_("Found"), 2), (_("Answers"), 5)]
    return blocks.section(
        _("Check of the document"),
        *blocks.listed(
            columns, checks, MAX_CHECKS, partial(_check, most=_printed(checks, MAX_CHECKS, notes))
        ),
    )


def _check(check: DocumentCheck, most: int) -> Sequence[Cell]:
    state = document_check.state_after(check, check.verification.policy)
    said = [*_answers(check), *_note(check.note, most)]
    found = labels.label(labels.DOCUMENT_STATES, state)
    return blocks.time(check.at), check.by.get_username(), found, "\n".join(said)


def _answers(check: DocumentCheck) -> Iterable[str]:
    for question, answer, _code in document_check.in_words(check):
        yield f"{question}: {answer}" if question else answer


def flags(case: Verification) -> Block | None:
    rows = list(case.flags.select_related("attempt").order_by("raised_at", "pk"))
    if not rows:
        return None
    columns = [(_("Time (UTC)"), 0), (_("Attempt"), 0), (_("What was noticed"), 1)]
    return blocks.section(
        _("Flags"),
        *blocks.listed(columns, rows, MAX_FLAGS, _flag),
        blocks.text(_("A flag is for a person to weigh; it is no verdict by itself."), quiet=True),
    )


def _flag(row: RiskFlag) -> Sequence[Cell]:
    return blocks.time(row.raised_at), str(row.attempt.number), row.get_code_display()
