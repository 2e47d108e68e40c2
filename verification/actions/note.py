"""What colleagues write to each other about a case: a note, a question, an answer. It decides nothing."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from verification import audit, casework, permissions, workflow
from verification.models import CaseNote, NoteMention, StaffUser, Verification

MAX_TEXT = 2000  # characters
MAX_NOTES = 100  # on one case
MAX_ASKED = 5  # colleagues that one note addresses
# Two requests within this time with the same words are one press of a button.
DOUBLE_PRESS = timedelta(seconds=30)


class UnusableNote(ValueError):
    """The text is empty or too long, a colleague can't be asked, or the case has no room for another note."""


@transaction.atomic
def write(
    case: Verification,
    *,
    text: str,
    to: Iterable[StaffUser],
    question: bool,
    answers: CaseNote | None,
    by: StaffUser,
    now: datetime,
) -> CaseNote:
    """Append the note. Those in `to` find it on their boards; an answer goes to who asked, and closes the question.

    The trail gets its id, never its text. Raises permissions.Denied, workflow.IllegalMove or UnusableNote.
    """
    permissions.check_write_note(by, case)
    locked = Verification.objects.locked(case.pk)
    if locked.applicant.erased_at is not None:
        raise workflow.IllegalMove(_("The evidence was erased: nothing more is written about this case."))
    text = text.strip()
    again = locked.notes.filter(by=by, text=text, answers=answers, at__gt=now - DOUBLE_PRESS).first()
    if again is not None:
        return again
    asked = [answers.by] if answers is not None else list(to)
    _check(locked, text, asked, question, by)
    written = CaseNote.objects.create(
        verification=locked,
        text=text,
        question=question and answers is None,
        answers=answers,
        informed=casework.knows_a_verdict(locked, by),
        by=by,
        at=now,
    )
    NoteMention.objects.bulk_create(NoteMention(note=written, user=user) for user in asked if user != by)
    if answers is not None:
        answers.mentions.filter(closed_at__isnull=True).update(closed_at=now)
    facts = {"note": written.public_id, "question": written.question, "to": len(asked)}
    author = audit.By.staff(by)
    audit.record("case.note_written", by=author, subject=locked, at=now, commits=[written], **facts)
    return written


def _check(case: Verification, text: str, asked: list[StaffUser], question: bool, by: StaffUser) -> None:
    if not 0 < len(text) <= MAX_TEXT:
        raise UnusableNote(_("Write something, of %d characters at most.") % MAX_TEXT)
    if len(asked) > MAX_ASKED:
        raise UnusableNote(_("A note is for %d colleagues at most.") % MAX_ASKED)
    if question and not asked:
        raise UnusableNote(_("Choose whom you ask."))
    if case.notes.count() >= MAX_NOTES:
        raise UnusableNote(_("This case has %d notes: there is no room for another.") % MAX_NOTES)


def mark_seen(notes: Iterable[CaseNote], *, by: StaffUser, now: datetime) -> None:
    """The reader has these notes before them. What asks for no answer leaves their board."""
    ids = [note.pk for note in notes]
    unseen = NoteMention.objects.filter(note__in=ids, user=by, seen_at__isnull=True)
    unseen.filter(note__question=False).update(seen_at=now, closed_at=now)
    unseen.update(seen_at=now)
