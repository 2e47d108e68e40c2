"""What was recorded, what the vendor answered to it, and the hashes by which each file is known again."""

from collections.abc import Iterator, Sequence
from typing import Final

from django.utils.translation import gettext as _

from verification import labels
from verification.evidence import reruns as reruns_of
from verification.exports.dossier import blocks
from verification.exports.dossier.blocks import Block, Cell
from verification.models import ProviderCall, Rerun, Verification, VerificationAttempt

MAX_ATTEMPTS: Final = 30
MAX_CALLS: Final = 60
MAX_HASHES: Final = 120


def attempts(case: Verification) -> Block | None:
    rows = list(case.attempts.order_by("number"))
    if not rows:
        return None
    columns = [
        (_("No."), 0),
        (_("Issued (UTC)"), 0),
        (_("Sent (UTC)"), 0),
        (_("Asked for"), 2),
        (_("Outcome"), 2),
        (_("Similarity"), 0),
        (_("Counted"), 0),
    ]
    return blocks.section(
        _("Attempts"),
        *blocks.listed(columns, rows, MAX_ATTEMPTS, _attempt),
    )


def _attempt(row: VerificationAttempt) -> Sequence[Cell]:
    return (
        str(row.number),
        blocks.time(row.issued_at),
        blocks.time(row.submitted_at),
        labels.movements(row.actions),
        row.get_outcome_display() or row.get_status_display(),
        "" if row.similarity is None else str(row.similarity),
        _("yes") if row.counted else _("no"),
    )


def calls(case: Verification) -> Block | None:
    rows = list(_calls(case))
    if not rows:
        return None
    columns = [
        (_("Attempt"), 0),
        (_("Sent (UTC)"), 0),
        (_("Region"), 0),
        (_("Answer and RequestId"), 1),
        (_("Similarity"), 0),
        (_("Billed"), 0),
    ]
    return blocks.section(
        _("Calls to the vendor"),
        *blocks.listed(columns, rows, MAX_CALLS, _call),
    )


def reruns(case: Verification, *, notes: bool) -> Block | None:
    """The same evidence compared again: the first answer beside the later one."""
    rows = reruns_of.of_case(case)
    if not rows:
        return None
    columns = [
        (_("Asked for (UTC)"), 0),
        (_("By"), 1),
        (_("Attempt"), 0),
        (_("First answer"), 2),
        (_("Answer to the same bytes"), 2),
    ]
    return blocks.section(
        _("Compared again"),
        blocks.table(columns, (_rerun(row, notes=notes) for row in rows)),
        blocks.text(
            _("The very same bytes were sent to the vendor once more. It decides nothing."), quiet=True
        ),
    )


def _rerun(row: Rerun, *, notes: bool) -> Sequence[Cell]:
    first, again = reruns_of.original(row.attempt), reruns_of.call_of(row)
    late = _answer(again) if again else row.get_state_display()
    reason = _("Reason: %(reason)s") % {"reason": row.reason} if notes else ""
    return (
        blocks.time(row.requested_at),
        row.requested_by.get_username(),
        str(row.attempt.number),
        _answer(first) if first else "",
        "\n".join(filter(None, [late, reason])),
    )


def _answer(call: ProviderCall) -> str:
    code = call.code or call.get_state_display()
    return code if call.similarity is None else f"{code}, {call.similarity}"


def _calls(case: Verification) -> Iterator[ProviderCall]:
    calls = ProviderCall.objects.filter(attempt__verification=case).select_related("attempt")
    return calls.order_by("attempt__number", "number").iterator()


def _call(call: ProviderCall) -> Sequence[Cell]:
    return (
        _("%(number)s, again") % {"number": call.attempt.number}
        if call.rerun_id
        else str(call.attempt.number),
        blocks.time(call.started_at),
        call.region,
        blocks.mono("\n".join(filter(None, [call.code or call.get_state_display(), call.request_id]))),
        "" if call.similarity is None else str(call.similarity),
        call.get_billed_display(),
    )


def hashes(case: Verification) -> Block | None:
    rows = list(_hashes(case))
    if not rows:
        return None
    columns = [(_("File"), 1), (_("SHA-256"), 0)]
    return blocks.section(
        _("Evidence by its hashes"),
        *blocks.listed(columns, rows, MAX_HASHES),
    )


def _hashes(case: Verification) -> Iterator[Sequence[Cell]]:
    for number, photo in enumerate(case.documents.order_by("pk"), start=1):
        yield _file(labels.PHOTO_UPLOADED, number, photo.original_sha256)
        yield _file(labels.PHOTO_PREPARED, number, photo.normalised_sha256)
    for attempt in case.attempts.order_by("number"):
        found = (
            (labels.RECORDED, attempt.original_sha256),
            (labels.PREPARED, attempt.normalised_sha256),
            (labels.FRAME, attempt.best_frame_sha256),
        )
        yield from (_file(name, attempt.number, sha256) for name, sha256 in found if sha256)
    for call in _calls(case):
        yield _file(labels.SENT, call.attempt.number, call.body_sha256)


def _file(name: object, number: int, sha256: str) -> Sequence[Cell]:
    return f"{name} ({number})", blocks.mono(sha256)
