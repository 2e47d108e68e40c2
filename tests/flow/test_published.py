"""The published trail: whole for any reader of the format, never half written, and never over a changed database."""

import base64
import hashlib
import random
import struct
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pymerkle import InmemoryTree

from tests.conftest import NOW
from tests.flow.test_anchors import set_back
from tests.flow.test_sealing import seal_all
from verification.anchors import published
from verification.audit import entries, log, trail_keys
from verification.models import AuditEvent

pytestmark = pytest.mark.django_db


def events(number: int) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=NOW,
            kind="publishing.tested",
            actor_kind="system",
            subject_kind="verification",
            subject_id=f"ver_{at}",
        )
        for at in range(number)
    )


def grow(number: int, hours: int = 0) -> None:
    events(number)
    seal_all(NOW + timedelta(hours=hours), most=5_000)


def bundles(folder: Path, size: int) -> list[bytes]:
    """The entries, as a reader finds them that knows the size alone."""
    found: list[bytes] = []
    for index in range(-(-size // 256)):
        width = min(256, size - index * 256)
        name = f"{index:03d}" if index < 1000 else f"x{index // 1000:03d}/{index % 1000:03d}"
        path = folder / "tile/entries" / (name if width == 256 else f"{name}.p/{width}")
        content = path.read_bytes()
        while content:
            (length,) = struct.unpack(">H", content[:2])
            found.append(content[2 : 2 + length])
            content = content[2 + length :]
    return found


def read(folder: Path) -> tuple[str, int, bytes]:
    """The checkpoint by the rules of the format, without the portal's own code."""
    text, _, lines = (folder / "checkpoint").read_text().partition("\n\n")
    origin, size, root = text.split("\n")
    name, key_id, public = str(trail_keys.known()[-1]).split("+", 2)
    assert name == origin
    signature = base64.b64decode(lines.split("\n")[0].split(" ")[2])
    assert signature[:4].hex() == key_id
    raw = base64.b64decode(public)
    assert hashlib.sha256(f"{name}\n".encode() + raw).digest()[:4] == signature[:4]
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], f"{text}\n".encode())
    return origin, int(size), base64.b64decode(root)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_another_implementation_makes_the_same_root_and_the_same_proofs_of_it(tmp_path: Path) -> None:
    grow(700)
    call_command("publish_trail", tmp_path)
    _origin, size, root = read(tmp_path)
    other = InmemoryTree(algorithm="sha256")
    for entry in bundles(tmp_path, size):
        other.append_entry(entry)
    assert other.get_root(size) == root
    newest = log.newest()
    assert newest
    for event in random.Random(1).sample(list(AuditEvent.objects.all()), 20):
        proof = log.proof(event, newest)
        path = other.prove_inclusion(proof.index + 1, size).path
        assert sorted([*proof.hashes, other.get_leaf(proof.index + 1)]) == sorted(path)
    for old in (1, 2, 255, 256, 257, 600):
        assert other.get_root(old) == log.root(old)


def test_somebody_elses_reader_takes_log_checkpoint_and_proofs(tmp_path: Path) -> None:
    aics = pytest.importorskip("aics_tlog", reason="it needs Python 3.12")
    for hours, number in enumerate((300, 1, 500)):
        grow(number, hours)
        call_command("publish_trail", tmp_path)
        note = aics.parse_note((tmp_path / "checkpoint").read_bytes())
        key = aics.parse_vkey(str(trail_keys.known()[0]))
        assert aics.verify_checkpoint(note, key, expected_origin=trail_keys.origin()).ok
        checkpoint = aics.parse_checkpoint(note.text)
        reader = aics.FileSystemTileReader(tmp_path)
        report = aics.audit_tiles(reader, checkpoint.size, checkpoint.root)
        assert report.bundles == -(-checkpoint.size // 256)
    newest = log.newest()
    assert newest
    for event in AuditEvent.objects.all()[::97]:
        proof = log.proof(event, newest)
        entry = bytes(entries.Entry.of(event))
        root = bytes.fromhex(newest.root)
        assert aics.verify_leaf_inclusion(entry, proof.index, newest.size, list(proof.hashes), root)
    for old in (1, 2, 255, 256, 257, 600):
        proof_hashes = log.consistency(old, newest.size)
        assert aics.verify_consistency(old, newest.size, log.root(old), root, proof_hashes)


def test_each_run_adds_what_is_new_and_touches_nothing_else(tmp_path: Path) -> None:
    grow(300)
    call_command("publish_trail", tmp_path)
    first = files(tmp_path)
    call_command("publish_trail", tmp_path)
    assert files(tmp_path) == first
    grow(400, 1)
    call_command("publish_trail", tmp_path)
    second = files(tmp_path)
    kept = {name: content for name, content in first.items() if ".p/" not in name and name != "checkpoint"}
    assert kept.items() <= second.items()
    # What a log that is published at once looks like, but for partial tiles that grew since.
    call_command("publish_trail", tmp_path / "anew")
    assert files(tmp_path / "anew").items() <= {**second}.items()
    assert "tile/0/001.p/45" not in second  # it is full by now


def test_a_run_that_is_cut_short_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(300)
    call_command("publish_trail", tmp_path)
    grow(900, 1)
    write = published._write
    for limit in range(10):
        left = iter(range(limit))

        def dies(path: Path, content: bytes, left: Any = left) -> None:
            if next(left, None) is None:
                raise OSError(28, "No space left on device")
            write(path, content)

        monkeypatch.setattr(published, "_write", dies)
        with pytest.raises(CommandError, match="No space left"):
            call_command("publish_trail", tmp_path)
        _origin, size, _root = read(tmp_path)
        assert size < 400
    monkeypatch.setattr(published, "_write", write)
    call_command("publish_trail", tmp_path)
    _origin, size, _root = read(tmp_path)
    assert len(bundles(tmp_path, size)) == size > 1200
    assert not [name for name in files(tmp_path) if ".tmp-" in name]


def test_a_log_that_lies_there_and_is_no_beginning_of_ours_is_not_written_over(tmp_path: Path) -> None:
    grow(10)

    def published_later() -> None:
        grow(20, 1)
        call_command("publish_trail", tmp_path)

    set_back(published_later)
    before = files(tmp_path)
    with pytest.raises(CommandError, match="history was rewound"):
        call_command("publish_trail", tmp_path)
    (tmp_path / "checkpoint").write_text("something else")
    with pytest.raises(CommandError, match="Use an empty folder"):
        call_command("publish_trail", tmp_path)
    (tmp_path / "checkpoint").write_bytes(before["checkpoint"])
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    "change", ["UPDATE verification_auditevent SET kind = 'x'", "DELETE FROM verification_auditevent"]
)
def test_an_entry_that_was_changed_or_deleted_is_named_and_not_published(tmp_path: Path, change: str) -> None:
    grow(600)
    triggers_off()
    place = 400
    (event_id,) = (each.pk for each in AuditEvent.objects.all() if log.place(each.pk) == place)
    with connection.cursor() as cursor:
        cursor.execute(f"{change} WHERE id = %s", [event_id])
    with pytest.raises(CommandError, match=rf"Entry {place} is not what was sealed"):
        call_command("publish_trail", tmp_path)
    assert not (tmp_path / "checkpoint").exists()


def triggers_off() -> None:
    """What the owner of the database can do."""
    with connection.cursor() as cursor, transaction.atomic():
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE verification_auditevent DISABLE TRIGGER ALL")
            return
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'verification_auditevent'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")


def test_nothing_personal_is_published_and_the_key_is_told(tmp_path: Path, capsys: Any) -> None:
    grow(3)
    call_command("publish_trail", tmp_path)
    assert str(trail_keys.known()[0]) in capsys.readouterr().out
    assert all(
        b"publishing.tested" in entry or b'"kind":"trail.' in entry
        for entry in bundles(tmp_path, log.newest().size)
    )


def test_a_trail_without_a_checkpoint_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Nothing is sealed yet"):
        call_command("publish_trail", tmp_path)
