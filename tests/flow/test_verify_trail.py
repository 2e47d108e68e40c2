"""`verify_trail` finds whatever the owner of the database changed in the trail, or in a record that it commits to."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from tests.conftest import NOW
from tests.database_tampers import tamper, triggers_off
from tests.flow.conftest import LATER
from tests.flow.reviewing import approve, decide, policy, seen
from verification import audit
from verification.actions import cancel, check_document, claim, erase, note, seal
from verification.audit import checking, facts, log
from verification.exports.snapshot import snapshot
from verification.models import (
    AuditSalt,
    CaseNote,
    Consent,
    DocumentCheck,
    Review,
    RiskFlag,
    Verdict,
    Verification,
)
from verification.rules.document_check import Found

pytestmark = pytest.mark.usefixtures("an_hour_later", "cases", "db")
TAMPERS = 150


def make(road: Any, emulator: Any, staff: Any) -> list[Verification]:
    """Cases that leave a record of every kind."""
    seniors = staff("Senior reviewer"), staff("Senior reviewer", "senior2")
    policy(seniors, document_check="always", document_kinds=["passport"])
    one, two = staff("Reviewer"), staff("Reviewer", "reviewer2")
    by_two = road.in_review(emulator, reference="BY-TWO", seed=5)
    questions = by_two.policy.document_checklist
    claim.claim(by_two, by=one, now=LATER)
    note.write(by_two, text="Look at the left ear.", to=[two], question=True, answers=None, by=one, now=LATER)
    found = Found("passport", dict.fromkeys(questions, "yes"))
    check_document.check_document(by_two, document=found, note="", shown=seen(by_two), by=one, now=LATER)
    approve(by_two, by=one)
    approve(by_two, by=two, document=found)
    shared = road.in_review(emulator, reference="SHARED", seed=5)
    decide(shared, Verdict.DECLINE, "different_person", by=two)
    cancelled = road.invited(reference="CANCELLED")
    cancel.cancel(cancelled, reason="mistake", by=audit.By.shell(), now=NOW)
    seal.seal(clock=lambda: LATER, stretch=60.0)
    return [by_two, shared, cancelled]


@pytest.fixture(scope="module")
def cases(once: Any) -> list[Verification]:
    made: list[Verification] = once(make)
    return made


@contextmanager
def undone() -> Iterator[None]:
    """What the database's owner left behind breaks its rules, so it is undone before the database looks."""
    before = transaction.savepoint()
    yield
    transaction.savepoint_rollback(before)


def said(*options: str) -> str:
    output = StringIO()
    call_command("verify_trail", *options, stdout=output)
    return output.getvalue()


def test_an_untouched_trail_holds() -> None:
    assert "The trail holds" in said()
    for model in (CaseNote, Consent, DocumentCheck, Review, RiskFlag):
        assert model.objects.exists()


def test_a_process_that_asks_the_database_for_the_first_time_reads_one_moment() -> None:
    def first_read() -> bool:
        try:
            with snapshot():
                return connection.in_atomic_block
        finally:
            connection.close()

    # A thread has a connection of its own, which nothing has opened.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(first_read).result()


@pytest.mark.parametrize("seed", range(TAMPERS))
def test_whatever_is_changed_is_found(seed: int) -> None:
    with undone(), triggers_off():
        what = tamper(random.Random(seed))
        assert next(checking.findings(), None) is not None, what


def test_the_command_names_the_first_thing_that_is_wrong() -> None:
    review = Review.objects.exclude(note="").first()
    assert review is not None
    with undone(), triggers_off():
        Review.objects.filter(pk=review.pk).update(note="Something else was said here.")
        with pytest.raises(CommandError, match=f"review:{review.public_id}"):
            said()


def test_a_trail_that_is_older_than_a_checkpoint_from_outside_is_found(tmp_path: Path, staff: Any) -> None:
    """A consistent older state of the database is found by nothing that is in it."""
    kept = tmp_path / "checkpoint"
    with undone():
        audit.record(
            "system.sweep_asked", by=audit.By("operator", "olga"), subject=staff("Operator"), at=LATER
        )
        seal.seal(clock=lambda: LATER, stretch=60.0)
        newest = log.newest()
        assert newest is not None
        kept.write_text(newest.note)
    assert "The trail holds" in said()
    with pytest.raises(CommandError, match="The first thing that is wrong: the log"):
        said("--checkpoint", str(kept))


def test_a_checkpoint_of_this_log_from_outside_holds(tmp_path: Path) -> None:
    newest = log.newest()
    assert newest is not None
    (tmp_path / "checkpoint").write_text(newest.note)
    assert "The trail holds" in said("--checkpoint", str(tmp_path / "checkpoint"))


def test_what_an_erased_person_wrote_is_missing_without_a_finding(cases: list[Verification]) -> None:
    """Their notes are empty, and the salts with which one could try what was in them are gone."""
    by_two = cases[0]
    written = by_two.notes.get()
    assert AuditSalt.objects.filter(name=f"casenote:{written.public_id}").exists()
    erase.erase(by_two.applicant, by=audit.By.shell(), reason="They asked for it", now=LATER)
    seal.seal(clock=lambda: LATER, stretch=60.0)
    assert not AuditSalt.objects.filter(name=f"casenote:{written.public_id}").exists()
    assert "The trail holds" in said()


def test_a_salt_that_somebody_deleted_is_found() -> None:
    AuditSalt.objects.filter(name__startswith="review:").delete()
    with pytest.raises(CommandError, match="review:"):
        said()


def test_a_record_that_no_event_wrote_is_found(cases: list[Verification]) -> None:
    Consent.objects.create(
        verification=cases[2], given=True, text_version="1", text_sha256="0" * 64, locale="en", at=LATER
    )
    with pytest.raises(CommandError, match="consent:"):
        said()


def test_a_record_that_an_earlier_version_wrote_holds_once_its_fields_are_more(monkeypatch: Any) -> None:
    so_far = facts.FIELDS[Review]
    monkeypatch.setitem(facts.FIELDS, Review, (*so_far, "public_id"))
    with pytest.raises(CommandError, match="review:"):
        said()
    monkeypatch.setitem(facts.OLDER, Review, (so_far,))
    assert "The trail holds" in said()
