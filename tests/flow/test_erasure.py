"""Erasing an applicant's evidence: the list of copies is complete, then nobody reads any, and nobody else loses one.

A case is walked to its end with everything that the portal ever keeps of a person's pictures, and each byte of it is
looked for in all that lies on the disk.
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
from verification import audit, storage
from verification.actions import challenge, document, export, upload
from verification.models import Applicant, DataKey, Document, RecordingPart, Verification, VerificationAttempt
from verification.states import Status

RETRY = {"result": "FailedOperation.ActionFirstAction"}
RUN = 24  # bytes


@dataclass(frozen=True)
class Kept:
    """An object that a row knows, with its content."""

    name: str
    sha256: str
    content: bytes


@dataclass(frozen=True)
class Case:
    applicant: Applicant
    key: DataKey
    kept: list[Kept]
    orphan: str  # an object that no row knows
    exported: Kept


@pytest.fixture
def places(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where the portal writes: its data, its evidence and its temporary files."""
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
    part = upload.Part(
        attempt_id=drawn.attempt.public_id,
        nonce=drawn.nonce,
        offset=0,
        size=len(half),
        sha256=hashlib.sha256(half).hexdigest(),
        whole_sha256=hashlib.sha256(recording).hexdigest(),
        whole_size=len(recording),
    )
    upload.add(verification, part, half, now=NOW)


def exported() -> Kept:
    month = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    made = export.export(start=month[0], end=month[1], by=audit.By.shell(), reason="Audit", now=NOW)
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


def files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


def runs(content: bytes) -> Iterator[bytes]:
    """Telling runs from all over the content, as they are and as Base64 has them, however it falls."""
    for start in range(0, len(content) - 2 * RUN, 9973):
        run = content[start : start + RUN]
        if len(set(run)) <= RUN // 2:
            continue  # a row of zeros is everywhere
        yield run
        for shift in range(3):
            yield base64.b64encode(run[shift:])[: (RUN - shift) // 3 * 4]


def database() -> bytes:
    """All that the database holds, as far as it can be had as a file."""
    if connection.vendor == "sqlite":
        return "\n".join(connection.connection.iterdump()).encode(errors="surrogateescape")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(query_to_xml(format('table %I', tablename), true, false, '')::text, '') "
            "FROM pg_tables WHERE schemaname = 'public'"
        )
        return str(cursor.fetchone()[0]).encode()


def shown_by(case: Case, places: list[Path]) -> list[str]:
    """Where a piece of the person's pictures, or of the export, can be read in clear."""
    wanted = {run for piece in [*case.kept, case.exported] for run in runs(piece.content)}
    assert len(wanted) > 200
    heaps = {str(path): path.read_bytes() for place in places for path in files(place)}
    heaps["the database"] = database()
    return [name for name, heap in heaps.items() if any(run in heap for run in wanted)]


def test_the_case_has_all_there_is(case: Case) -> None:
    """Else the other tests here would show less than they say."""
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
    """Not even whoever had copied the whole folder, and gave it back, could read it."""
    saved = {name: (places[0] / name).read_bytes() for name in storage.copies(case.key)}
    assert storage.erase(case.key, now=NOW) == len(case.kept) + 1
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


def test_erasing_again_takes_what_came_back(case: Case, places: list[Path]) -> None:
    storage.erase(case.key, now=NOW)
    (places[0] / case.orphan).write_bytes(b"a disk that came back")
    assert storage.erase(case.key, now=NOW) == 1
    assert storage.copies(case.key) == []


def test_nothing_comes_in_for_an_erased_applicant(case: Case) -> None:
    storage.erase(case.key, now=NOW)
    open_case = Verification.objects.get(applicant=case.applicant, status=Status.COLLECTING)
    with pytest.raises(storage.KeyDestroyed):
        document.upload(open_case, photo(4), now=NOW)
    assert storage.copies(case.key) == []


def test_somebody_elses_evidence_stays(case: Case, road: Road, emulator: EmulatorServer) -> None:
    other = road.judged(emulator, seed=5, reference="REF-other").applicant
    before = list(kept_by_rows(other))
    storage.erase(case.key, now=NOW)
    assert list(kept_by_rows(other)) == before
    assert len(before) == 5
    assert kept(case.exported.name, case.exported.sha256) == case.exported


def test_the_trail_keeps_what_was_there_by_its_hashes(case: Case) -> None:
    storage.erase(case.key, now=NOW)
    kinds = {
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
    storage.erase(case.key, now=NOW)
    assert browser.get(address).status_code == 410
