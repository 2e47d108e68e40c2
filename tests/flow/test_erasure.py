"""Erasure of evidence: the list of copies is complete, none stays readable, and no other applicant loses one.

A case goes through everything that makes the portal store a person's pictures; then the tests search the whole disk
for those bytes.
"""

import base64
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road, clip, photo
from tests.flow.exporting import export
from tests.flow.test_export import store_away
from verification import audit, storage
from verification.actions import cancel, challenge, document, erase, invite, receive_parts, sweep
from verification.exports.period.table import Period
from verification.models import (
    Applicant,
    AuditEvent,
    DataKey,
    Document,
    FrameHash,
    RecordingPart,
    RecordingUpload,
    Verification,
    VerificationAttempt,
)
from verification.states import Status

RETRY = {"result": "FailedOperation.ActionFirstAction"}
RUN = 24  # bytes


@dataclass(frozen=True)
class Kept:
    """A stored object that a row refers to, with its content."""

    name: str
    sha256: str
    content: bytes


@dataclass(frozen=True)
class Case:
    applicant: Applicant
    key: DataKey
    kept: list[Kept]
    orphan: str  # an object that no row refers to
    exported: Kept


@pytest.fixture
def places(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders to which the portal writes: data, evidence and temporary files."""
    temporary, evidence = tmp_path / "temporary", tmp_path / "evidence"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    settings.FILE_UPLOAD_TEMP_DIR = str(temporary)
    beneath = {
        "BACKEND": "verification.storage.files.DurableFileSystemStorage",
        "OPTIONS": {"location": str(evidence)},
    }
    encrypted = {**settings.STORAGES["evidence"], "OPTIONS": {"objects": beneath}}
    settings.STORAGES = {**settings.STORAGES, "evidence": encrypted}
    return [evidence, temporary, settings.DATA_DIR]


@pytest.fixture
def case(places: list[Path], road: Road, emulator: EmulatorServer) -> Case:
    """Two photos, a failed and a passed attempt, half an upload of a second case, a crash and an export."""
    verification = road.with_photo(seed=1, reference="REF-erased")
    document.upload(verification, photo(2), now=NOW)
    for answer in (RETRY, {}):
        emulator.script(**answer) if answer else None
        road.record(verification)
    assert verification.status == Status.APPROVED
    applicant = verification.applicant
    half_uploaded(road.with_photo(seed=3, reference="REF-erased"))
    applicant.refresh_from_db()
    key = storage.key_of(applicant)
    orphan = storage.store(key, "video", b"a crash came before the row " * 100).name
    return Case(applicant, key, list(kept_by_rows(applicant)), orphan, exported())


def half_uploaded(verification: Verification) -> None:
    drawn, recording = challenge.issue(verification, now=NOW), clip(take=90)
    half = recording[: len(recording) // 2]
    part = receive_parts.Part(
        attempt_id=drawn.attempt.public_id,
        nonce=drawn.nonce,
        offset=0,
        size=len(half),
        sha256=hashlib.sha256(half).hexdigest(),
        whole_sha256=hashlib.sha256(recording).hexdigest(),
        whole_size=len(recording),
    )
    receive_parts.add(verification, part, half, now=NOW)


def exported() -> Kept:
    month = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    made = export(month, by=audit.By.shell(), now=NOW)
    return kept(made.file_name, made.file_sha256)


def kept(name: str, sha256: str) -> Kept:
    return Kept(name, sha256, storage.read(name, sha256=sha256))


def kept_by_rows(applicant: Applicant) -> Iterator[Kept]:
    for row in Document.objects.filter(verification__applicant=applicant):
        yield kept(row.original_name, row.original_sha256)
        yield kept(row.normalised_name, row.normalised_sha256)
    for attempt in VerificationAttempt.objects.filter(verification__applicant=applicant):
        if attempt.original_name:
            yield kept(attempt.original_name, attempt.original_sha256)
            yield kept(attempt.normalised_name, attempt.normalised_sha256)
        if attempt.best_frame_name:
            yield kept(attempt.best_frame_name, attempt.best_frame_sha256)
    for part in RecordingPart.objects.filter(upload__attempt__verification__applicant=applicant):
        yield kept(part.name, part.sha256)


def erased(case: Case, *, reason: str = "Asked for by letter 7") -> erase.Erased:
    """Cancels the open case and erases the applicant's evidence, as an operator does."""
    for under_way in Verification.objects.filter(applicant=case.applicant, status=Status.COLLECTING):
        cancel.cancel(under_way, reason="erase", by=audit.By.shell(), now=NOW)
    return erase.erase(case.applicant, by=audit.By.shell(), reason=reason, now=NOW)


def frame_hashes() -> set[bytes]:
    """Every fingerprint of the pictures, in the form in which the database prints it."""
    return {
        str(value).encode()
        for row in FrameHash.objects.values_list("exact", "coarse", "fine")
        for value in row
        if value
    }


def files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


def runs(content: bytes) -> Iterator[bytes]:
    """Samples of the content to search for: plain, and as Base64 at each of the three alignments."""
    for start in range(0, len(content) - 2 * RUN, 9973):
        run = content[start : start + RUN]
        if len(set(run)) <= RUN // 2:
            continue  # zeros and other repeated bytes occur everywhere
        yield run
        for shift in range(3):
            yield base64.b64encode(run[shift:])[: (RUN - shift) // 3 * 4]


def database() -> bytes:
    """The database as bytes, as far as it is available as a file."""
    if connection.vendor == "sqlite":
        return "\n".join(connection.connection.iterdump()).encode(errors="surrogateescape")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(query_to_xml(format('table %I', tablename), true, false, '')::text, '') "
            "FROM pg_tables WHERE schemaname = 'public'"
        )
        return str(cursor.fetchone()[0]).encode()


def shown_by(case: Case, places: list[Path]) -> list[str]:
    """The places where a sample of the pictures, or of the export, is readable in clear."""
    wanted = {run for piece in [*case.kept, case.exported] for run in runs(piece.content)}
    assert len(wanted) > 200
    heaps = {str(path): path.read_bytes() for place in places for path in files(place)}
    heaps["the database"] = database()
    return [name for name, heap in heaps.items() if any(run in heap for run in wanted)]


def test_the_case_has_all_there_is(case: Case) -> None:
    """Without this the other tests here would prove less than their names claim."""
    kinds = sorted(piece.name.partition("/")[2].partition("-")[0] for piece in case.kept)
    assert {kind: kinds.count(kind) for kind in kinds} == {"photo": 6, "video": 4, "frame": 2, "part": 1}
    assert Document.objects.filter(superseded_at__isnull=False).count() == 1


def test_no_picture_lies_open_anywhere(case: Case, places: list[Path]) -> None:
    assert shown_by(case, places) == []


def test_a_picture_that_lay_open_would_be_found(case: Case, places: list[Path]) -> None:
    for piece in (case.kept[0], case.kept[-1], case.exported):
        (places[1] / "left").write_bytes(b"before" + piece.content[-25_000:])
        assert shown_by(case, [places[1]]) == [str(places[1] / "left")]


def test_the_list_of_copies_is_what_lies_on_the_disk(case: Case, places: list[Path]) -> None:
    copies = storage.copies(case.key)
    assert set(copies) == {piece.name for piece in case.kept} | {case.orphan}
    assert len(copies) == len(set(copies))
    assert copies == sorted(
        str(path.relative_to(places[0])) for path in files(places[0] / case.key.public_id)
    )


def test_erasing_leaves_no_copy_and_nothing_that_opens_one(case: Case, places: list[Path]) -> None:
    """Even a full copy of the folder, restored after the erasure, is unreadable."""
    saved = {name: (places[0] / name).read_bytes() for name in storage.copies(case.key)}
    assert erased(case) == erase.Erased(objects=len(case.kept) + 1, deleted=True)
    assert files(places[0] / case.key.public_id) == []
    assert storage.copies(case.key) == []
    assert shown_by(case, places) == []
    for name, content in saved.items():
        (places[0] / name).write_bytes(content)
    for piece in case.kept:
        with pytest.raises(storage.KeyDestroyed):
            storage.read(piece.name, sha256=piece.sha256)
        with pytest.raises(storage.KeyDestroyed):
            storage.open_unchecked(piece.name)
    with pytest.raises(storage.KeyDestroyed):
        storage.open_unchecked(case.orphan)


def test_erasing_leaves_no_number_made_of_the_pictures(case: Case) -> None:
    numbers = frame_hashes()
    assert len(numbers) > 20
    assert all(number in database() for number in numbers), "they would be found"
    erased(case)
    left = database()
    assert [number for number in numbers if number in left] == []
    assert not RecordingUpload.objects.exists()


def test_erasing_is_an_event_and_a_date(case: Case) -> None:
    erased(case)
    event = AuditEvent.objects.latest("pk")
    assert (event.kind, event.subject_id) == ("applicant.erased", case.applicant.public_id)
    assert event.data == {
        "objects": len(case.kept) + 1,
        "key": case.key.public_id,
        "notes": 0,
        "reason": "Asked for by letter 7",
    }
    case.applicant.refresh_from_db()
    assert case.applicant.erased_at == NOW
    case.key.refresh_from_db()
    assert (case.key.destroyed_at, case.key.wrapped) == (NOW, "")


def test_nothing_is_erased_under_a_legal_hold(case: Case) -> None:
    Applicant.objects.update(legal_hold=True)
    with pytest.raises(erase.EraseRefused, match="legal hold"):
        erased(case)
    assert_untouched(case)


def test_nothing_is_erased_while_a_case_is_open(case: Case) -> None:
    with pytest.raises(erase.EraseRefused, match="has not ended"):
        erase.erase(case.applicant, by=audit.By.shell(), reason="x", now=NOW)
    assert_untouched(case)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_nothing_is_erased_without_a_reason(case: Case, reason: str) -> None:
    with pytest.raises(erase.EraseRefused, match="reason"):
        erased(case, reason=reason)
    assert_untouched(case)


def assert_untouched(case: Case) -> None:
    assert list(kept_by_rows(case.applicant)) == case.kept
    assert FrameHash.objects.exists()
    assert Applicant.objects.get().erased_at is None
    assert not AuditEvent.objects.filter(kind="applicant.erased").exists()


def test_nobody_is_erased_twice(case: Case) -> None:
    erased(case)
    with pytest.raises(erase.EraseRefused, match="already"):
        erased(case)
    assert AuditEvent.objects.filter(kind="applicant.erased").count() == 1


def test_somebody_without_evidence_is_erased_too(road: Road) -> None:
    invited = road.invited()
    cancel.cancel(invited, reason="erase", by=audit.By.shell(), now=NOW)
    done = erase.erase(invited.applicant, by=audit.By.shell(), reason="x", now=NOW)
    assert done == erase.Erased(objects=0, deleted=True)
    with pytest.raises(storage.KeyDestroyed):
        storage.key_of(invited.applicant)


def test_a_store_that_is_away_keeps_what_nobody_can_read(case: Case) -> None:
    with store_away():
        assert erased(case) == erase.Erased(objects=None, deleted=False)
        sweep.sweep(now=NOW)
    assert len(storage.copies(case.key)) == len(case.kept) + 1
    for piece in case.kept:
        with pytest.raises(storage.KeyDestroyed):
            storage.open_unchecked(piece.name)
    sweep.sweep(now=NOW)
    assert storage.copies(case.key) == []


def test_a_folder_that_was_seen_empty_is_not_looked_at_again(case: Case, places: list[Path]) -> None:
    """Otherwise every sweep would list the store's folder of everybody ever erased."""
    erased(case)
    sweep.sweep(now=NOW)
    (places[0] / case.orphan).write_bytes(b"a disk that came back")
    sweep.sweep(now=NOW)
    assert storage.copies(case.key) == [case.orphan]
    with pytest.raises(storage.KeyDestroyed):
        storage.key_of(case.applicant)
    with pytest.raises(storage.KeyDestroyed):
        storage.open_unchecked(case.orphan)


def test_the_sweep_leaves_everybody_else_their_evidence(case: Case) -> None:
    sweep.sweep(now=NOW)
    assert list(kept_by_rows(case.applicant)) == case.kept
    assert kept(case.exported.name, case.exported.sha256) == case.exported


def test_erasing_again_takes_what_came_back(case: Case, places: list[Path]) -> None:
    storage.erase(case.key, now=NOW)
    (places[0] / case.orphan).write_bytes(b"a disk that came back")
    assert storage.erase(case.key, now=NOW) == 1
    assert storage.copies(case.key) == []


def test_an_erased_reference_is_not_invited_again(case: Case, road: Road) -> None:
    end_all_cases = Verification.objects.filter(applicant=case.applicant)
    end_all_cases.update(status=Status.CANCELLED, passing_call=None)
    erase.erase(case.applicant, by=audit.By.shell(), reason="asked for", now=NOW)
    with pytest.raises(invite.DuplicateReference):
        road.invited(reference="REF-erased")


def test_nothing_comes_in_for_an_erased_applicant(case: Case) -> None:
    storage.erase(case.key, now=NOW)
    open_case = Verification.objects.get(applicant=case.applicant, status=Status.COLLECTING)
    with pytest.raises(storage.KeyDestroyed):
        document.upload(open_case, photo(4), now=NOW)
    assert storage.copies(case.key) == []


def test_somebody_elses_evidence_stays(case: Case, road: Road, emulator: EmulatorServer) -> None:
    other = road.judged(emulator, seed=5, reference="REF-other").applicant
    before = list(kept_by_rows(other))
    hashes = FrameHash.objects.filter(attempt__verification__applicant=other).count()
    erased(case)
    sweep.sweep(now=NOW)
    assert list(kept_by_rows(other)) == before
    assert len(before) == 5
    assert FrameHash.objects.count() == hashes > 0
    assert kept(case.exported.name, case.exported.sha256) == case.exported


def test_the_trail_keeps_what_was_there_by_its_hashes(case: Case) -> None:
    erased(case)
    kinds: dict[type[Document | VerificationAttempt], tuple[str, ...]] = {
        Document: ("original", "normalised"),
        VerificationAttempt: ("original", "normalised", "best_frame"),
    }
    hashes = {
        value
        for model, names in kinds.items()
        for row in model.objects.values_list(*(f"{name}_sha256" for name in names))
        for value in row
    }
    assert {piece.sha256 for piece in case.kept if "/part-" not in piece.name} <= hashes


@pytest.mark.usefixtures("an_hour_later")
def test_staff_see_no_erased_picture(case: Case, signed_in: Any) -> None:
    shown = Document.objects.filter(superseded_at__isnull=True).first()
    assert shown is not None
    address = reverse("admin:evidence", args=["photo", shown.public_id])
    browser = signed_in()
    assert browser.get(address).status_code == 200
    erased(case)
    sweep.sweep(now=NOW)
    assert browser.get(address).status_code == 410
