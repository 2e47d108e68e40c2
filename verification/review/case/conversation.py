"""What the case page shows of the notes that colleagues wrote, and whom this reviewer can write to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from verification import casework, permissions
from verification.actions import note as noting
from verification.models import CaseNote, Review, StaffUser, Verification


def of(
    case: Verification, *, unread: Sequence[Review], blind: bool, user: StaffUser, now: datetime
) -> dict[str, Any]:
    """The notes that the user may read, which are marked as seen by them, and the choices of the form. Until a spot
    check is judged blind, colleagues' notes could tell its score."""
    readable = casework.readable_notes(case, user, unread).select_related("by", "answers__by")
    if blind:
        readable = readable.filter(by=user)
    notes = list(readable.prefetch_related("mentions__user"))
    own = {mention.note_id for note in notes for mention in note.mentions.all() if mention.user_id == user.pk}
    answered = {note.answers_id for note in notes if note.answers_id}
    may_write = case.applicant.erased_at is None and not permissions.refusal(
        permissions.check_write_note, user, case
    )
    rows = [_row(note, user, to_me=note.pk in own, answered=note.pk in answered) for note in notes]
    noting.mark_seen(notes, by=user, now=now)
    return {
        "notes": rows,
        "notes_hidden": len(notes) < case.notes.count(),
        "may_write_note": may_write,
        "colleagues": casework.colleagues(case, user) if may_write else [],
        "most_asked": noting.MAX_ASKED,
        "longest_note": noting.MAX_TEXT,
    }


def _row(note: CaseNote, user: StaffUser, *, to_me: bool, answered: bool) -> dict[str, Any]:
    mentions = list(note.mentions.all())
    return {
        "note": note,
        "to": [mention.user.get_username() for mention in mentions],
        "seen": all(mention.seen_at for mention in mentions) if mentions else None,
        "new": any(mention.user_id == user.pk and mention.seen_at is None for mention in mentions),
        "to_me": to_me,
        "open": note.question and not answered,
    }
