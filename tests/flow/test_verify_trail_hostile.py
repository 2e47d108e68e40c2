"""`verify_trail` against somebody who has the database with its triggers off, knows the portal, and lacks its key."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.database_tampers import triggers_off
from tests.flow.conftest import LATER
from tests.flow.test_verify_trail import make, undone
from verification.audit import checking, commitments, entries, facts, log, sealing
from verification.models import (
    AuditEvent,
    AuditSalt,
    Checkpoint,
    LogRun,
    LogTile,
    Review,
    TrailGap,
    TrailHead,
    TrailKey,
    Verification,
)
from verification.transparency import checkpoints, merkle, notes, signers, tiles

pytestmark = pytest.mark.usefixtures("an_hour_later", "cases", "db")


@pytest.fixture(scope="module")
def cases(once: Any) -> list[Verification]:
    made: list[Verification] = once(make)
    return made


def items() -> set[str]:
    return {finding.item for finding in checking.findings()}


def said(*options: str) -> str:
    output = StringIO()
    with pytest.raises(CommandError, match="The first thing that is wrong"):
        call_command("verify_trail", *options, stdout=output)
    return output.getvalue()


def slipped_in(kind: str, subject: str, data: dict[str, Any], pk: int | None = None) -> AuditEvent:
    made = AuditEvent(
        pk=pk,
        at=LATER,
        kind=kind,
        actor_kind="system",
        subject_kind="applicant",
        subject_id=subject,
        data=data,
    )
    made.save(force_insert=True)
    return made


def changed_review(case: Verification) -> Review:
    review = facts.rows(Review).filter(verification=case).first()
    assert review is not None
    Review.objects.filter(pk=review.pk).update(note="Something else was said here.")
    changed: Review = facts.rows(Review).get(pk=review.pk)
    return changed


def test_an_event_below_the_first_number_is_found(cases: list[Verification]) -> None:
    """It would never be sealed, and says here that a person was erased, whose salts may be missing then."""
    with undone(), triggers_off():
        slipped_in("applicant.erased", cases[0].applicant.public_id, {}, pk=-3)
        AuditSalt.objects.filter(name=facts.name(changed_review(cases[0]))).delete()
        assert "event -3" in items()


def test_a_record_below_the_first_number_is_found(cases: list[Verification]) -> None:
    with undone(), triggers_off():
        review = Review.objects.filter(verification=cases[0]).first()
        assert review is not None
        review.pk, review.public_id = -1, f"{review.public_id[:-4]}aaaa"
        review.save_base(force_insert=True, raw=True)
        assert f"review:{review.public_id}" in items()


@pytest.mark.parametrize(("first", "last"), [(2, 3), (0, 0), (1, 5), (5, 4)])
def test_a_gap_that_is_none_is_found(first: int, last: int) -> None:
    """Over what is sealed, or above it: its events would be sealed twice. The numbers here follow the last one."""
    with undone(), triggers_off():
        above = TrailHead.objects.get().watermark if first in {0, 1} else 0
        TrailGap.objects.create(first=above + first, last=above + last, noticed_at=LATER)
        assert any(item.startswith("numbers ") for item in items())


def test_a_gap_that_was_dropped_is_found() -> None:
    """Nobody would wait for the events with its numbers."""
    with undone(), triggers_off():
        passed = TrailHead.objects.get().watermark
        slipped_in("system.sweep_asked", "x", {}, pk=passed + 10)
        sealing.seal(now=LATER)
        assert items() == set()
        TrailGap.objects.filter(first=passed + 1).delete()
        assert items() == {f"numbers {passed + 1} to {passed + 9}"}


def test_a_new_event_that_commits_to_a_changed_record_does_not_hide_the_change(
    cases: list[Verification],
) -> None:
    with undone(), triggers_off():
        review = changed_review(cases[0])
        data, salts = commitments.commit([review])
        salts[0].event_id = slipped_in("verification.approved", "x", data).pk
        AuditSalt.objects.bulk_create(salts)
        assert facts.name(review) in items()


def sign_all_anew(signer: notes.Signer) -> None:
    """The log as it is made of the events, with this key and none other."""
    TrailKey.objects.update(vkey=str(signer.key))
    by_id = {event.pk: event for event in AuditEvent.objects.all()}
    for event in by_id.values():
        if event.kind == "trail.key_introduced":
            event.data |= {"vkey": str(signer.key)}
            AuditEvent.objects.filter(pk=event.pk).update(data=event.data)
    LogTile.objects.all().delete()
    placed = [run.first_event + at for run in LogRun.objects.order_by("pk") for at in range(run.count)]
    leaves = [merkle.leaf_hash(bytes(entries.Entry.of(by_id[pk]))) for pk in placed]
    for tile in tiles.appended(0, leaves, log.read_tile):
        LogTile.objects.create(level=tile.level, index=tile.index, hashes=tile.hashes)
    for row in Checkpoint.objects.all():
        root = merkle.root_of(leaves[: row.size])
        text = str(checkpoints.Checkpoint(signer.key.name, row.size, root))
        Checkpoint.objects.filter(pk=row.pk).update(root=root.hex(), note=str(notes.sign(text, signer)))


def test_a_log_that_was_signed_anew_with_another_key_is_found() -> None:
    """Everything in the database fits together then, and nothing of it is the portal's."""
    with undone(), triggers_off():
        AuditEvent.objects.filter(kind="verification.invited").update(actor_id="somebody else")
        signer = signers.SeedSigner(notes.PublicKey.parse(TrailKey.objects.get().vkey).name, bytes(32))
        sign_all_anew(signer)
        assert items() == {f"key {signer.key}"}


def test_signatures_behind_the_logs_own_are_found() -> None:
    with undone(), triggers_off():
        newest = log.newest()
        assert newest is not None
        line = str(notes.Signature("witness.example.com", b"abcd", bytes(64)))
        Checkpoint.objects.filter(pk=newest.pk).update(note=newest.note + line)
        assert items() == {f"checkpoint of {newest.size} entries"}


@pytest.mark.parametrize(
    "data",
    [
        *("null", "5", "[]", '"commits"', '{"commits": null}', '{"commits": "abc"}'),
        *('{"commits": {"x:y": 1}}', '{"commits": {"review:": 5}}', '{"commits": {"policy:abc": "5"}}'),
    ],
)
@pytest.mark.parametrize("kind", ["trail.key_introduced", "verification.invited"])
def test_data_of_any_form_are_named_and_break_nothing(kind: str, data: str) -> None:
    with undone(), triggers_off():
        event = AuditEvent.objects.filter(kind=kind).first()
        assert event is not None
        with connection.cursor() as cursor:
            cursor.execute("UPDATE verification_auditevent SET data = %s WHERE id = %s", [data, event.pk])
        assert f"event {event.pk}" in said() or "the keys of the trail" in said()


@pytest.mark.parametrize("salt", ["zz", "", "00", "é"])
def test_a_salt_that_is_none_is_found_as_its_records(salt: str) -> None:
    with undone(), triggers_off():
        row = AuditSalt.objects.filter(name__startswith="review:").first()
        assert row is not None
        AuditSalt.objects.filter(pk=row.pk).update(salt=salt)
        assert f"WRONG  {row.name}" in said()


def test_hashes_that_are_missing_are_named_beside_a_checkpoint_from_outside(tmp_path: Path) -> None:
    newest = log.newest()
    assert newest is not None
    (tmp_path / "checkpoint").write_text(newest.note)
    with undone(), triggers_off():
        LogTile.objects.filter(level=0).delete()
        assert "WRONG  the log:" in said("--checkpoint", str(tmp_path / "checkpoint"))
