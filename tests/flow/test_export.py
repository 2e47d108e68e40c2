"""Exports of a period: what is in them, that they can be checked from outside, and who gets them."""

import csv
import hashlib
import io
import json
import tempfile
import tomllib
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests import objects
from tests.conftest import NOW
from verification import audit, storage
from verification.actions import export as action
from verification.exports import pack, rows
from verification.models import AuditEvent, Export, StaffUser, Verification

BY = audit.By("auditor", "ann")
START = datetime(2026, 11, 1, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
MADE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def make(
    *, start: datetime = START, end: datetime = END, reason: str = "Annual audit", now: datetime = MADE
) -> Export:
    return action.export(start=start, end=end, by=BY, reason=reason, now=now)


def opened(made: Export) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(storage.read(made.file_name, sha256=made.file_sha256)))


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()]


@pytest.fixture
def archive(road: Any, emulator: Any) -> zipfile.ZipFile:
    """The export of a month with a passed case and one in review."""
    road.judged(emulator, {"sim": 93.5}, name="Zoë Example", email="zoe@example.org")
    road.in_review(emulator, reference="=HYPERLINK(1)")
    return opened(make())


def test_the_manifest_can_be_checked_with_a_standard_library(archive: zipfile.ZipFile) -> None:
    manifest = json.loads(archive.read("manifest.json"))
    assert {file["name"] for file in manifest["files"]} | {"manifest.json"} == set(archive.namelist())
    for file in manifest["files"]:
        raw = archive.read(file["name"])
        assert (file["bytes"], file["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())
        if file["name"].endswith(".jsonl"):
            assert file["rows"] == raw.count(b"\n")


def test_the_manifest_says_who_and_why(archive: zipfile.ZipFile) -> None:
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["created_by"] == {"kind": "auditor", "id": "ann"}
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert manifest["product_version"] == project["version"]
    assert (manifest["reason"], manifest["time_zone"]) == ("Annual audit", "UTC")
    assert manifest["period"] == {
        "start": "2026-11-01T00:00:00.000000Z",
        "end": "2026-12-01T00:00:00.000000Z",
        "end_included": False,
        "ended_before_export": False,
    }


@pytest.mark.parametrize("name", [table.name for table in rows.TABLES])
def test_both_formats_hold_the_same_rows(archive: zipfile.ZipFile, name: str) -> None:
    lines = list(csv.reader(io.StringIO(archive.read(f"{name}.csv").decode(), newline=""), strict=True))
    columns = [column["name"] for column in json.loads(archive.read("data_dictionary.json"))[name]["columns"]]
    found = table(archive, name)
    assert lines[0] == columns
    assert len(lines) - 1 == len(found) > 0
    assert [set(row) for row in found] == [set(columns)] * len(found)


def test_events_come_whole_and_in_order(archive: zipfile.ZipFile) -> None:
    found = table(archive, "events")
    expected = AuditEvent.objects.exclude(kind="export.created").order_by("pk")
    assert [(row["id"], row["kind"], row["data"]) for row in found] == [
        (event.pk, event.kind, event.data) for event in expected
    ]


def test_a_passed_case_names_the_call_it_rests_on(archive: zipfile.ZipFile) -> None:
    passed, waiting = table(archive, "verifications")
    case = Verification.objects.get(public_id=passed["verification_id"])
    assert case.passing_call is not None
    assert (passed["request_id"], passed["decided_by"]) == (case.passing_call.request_id, "policy")
    assert (passed["status"], passed["similarity"], passed["policy_version"]) == ("approved", "93.50", 1)
    assert (waiting["status"], waiting["similarity"], waiting["decided_by"]) == ("in_review", "42.00", "")


def test_attempts_carry_their_hashes(archive: zipfile.ZipFile) -> None:
    first, _ = table(archive, "attempts")
    assert (first["number"], first["outcome"], first["similarity"], first["calls"]) == (
        1,
        "passed",
        "93.50",
        1,
    )
    assert all(len(first[name]) == 64 for name in ("photo_sha256", "recording_sha256", "normalised_sha256"))


def test_nothing_in_it_names_a_person(archive: zipfile.ZipFile) -> None:
    for name in archive.namelist():
        raw = archive.read(name)
        assert not any(secret in raw for secret in (b"Example", b"zoe@", b"HYPERLINK", "Zoë".encode()))


def test_the_end_of_the_period_is_not_in_it(road: Any) -> None:
    for at in (START - timedelta(microseconds=1), START, END - timedelta(microseconds=1), END):
        road.invited(now=at)
    found = opened(make(now=END + timedelta(days=1)))
    assert [row["created_at"] for row in table(found, "verifications")] == [
        "2026-11-01T00:00:00.000000Z",
        "2026-11-30T23:59:59.999999Z",
    ]
    assert json.loads(found.read("manifest.json"))["period"]["ended_before_export"] is True


@pytest.mark.django_db
def test_an_empty_period_is_an_export_too() -> None:
    made = make()
    assert made.rows == 0
    assert opened(made).read("events.jsonl") == b""


@pytest.mark.django_db
def test_the_export_is_an_event_of_the_trail() -> None:
    made = make()
    event = AuditEvent.objects.get()
    assert (event.kind, event.subject_id, event.actor_id) == ("export.created", made.public_id, "ann")
    assert event.data["file_sha256"] == made.file_sha256
    assert event.data["rows"] == {"events.jsonl": 0, "verifications.jsonl": 0, "attempts.jsonl": 0}
    assert "Annual audit" not in str(event.data)


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [{"end": START}, {"reason": "  "}, {"reason": "x" * 301}])
def test_an_export_that_cannot_be_made(asked: dict[str, Any]) -> None:
    with pytest.raises(action.UnusableRequest):
        make(**asked)
    assert not Export.objects.exists()


@pytest.mark.django_db
def test_no_file_is_left_without_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    kept = exported()
    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        make()
    assert exported() == kept
    assert not Export.objects.exists()


def exported() -> int:
    """How many export files there are."""
    return sum("export-" in path.name for path in objects.files())


@pytest.mark.django_db
def test_a_download_is_an_event_and_the_very_file() -> None:
    made = make()
    with action.download(made, by=BY, now=MADE) as file:
        assert hashlib.sha256(file.read()).hexdigest() == made.file_sha256
    assert AuditEvent.objects.latest("pk").kind == "export.downloaded"


@pytest.mark.django_db
def test_an_export_is_kept_for_seven_days() -> None:
    made, kept = make(), exported()
    assert action.expire(now=made.expires_at - timedelta(seconds=1)) == 0
    with pytest.raises(action.ExportExpired):
        action.download(made, by=BY, now=MADE + timedelta(days=7))
    assert action.expire(now=made.expires_at) == 1
    made.refresh_from_db()
    assert (made.state, exported()) == ("expired", kept - 1)
    assert AuditEvent.objects.latest("pk").kind == "export.expired"
    with pytest.raises(action.ExportExpired):
        action.download(made, by=BY, now=MADE)


@pytest.mark.django_db
def test_a_file_that_was_changed_is_not_handed_over() -> None:
    made = make()
    objects.damage(made.file_name)
    with pytest.raises(storage.IntegrityError):
        action.download(made, by=BY, now=MADE)
    assert not AuditEvent.objects.filter(kind="export.downloaded").exists()


def peak(events: int) -> int:
    """Most bytes held while exporting the period of so many events."""
    request = pack.Request("exp_x", rows.Period(START, START + timedelta(seconds=events)), {}, "test", MADE)
    tracemalloc.start()
    with tempfile.TemporaryFile() as file:
        facts = pack.write(file, request)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert facts[0].rows == events
    return most


@pytest.mark.django_db
def test_memory_does_not_grow_with_the_rows() -> None:
    AuditEvent.objects.bulk_create(
        [
            AuditEvent(
                at=START + timedelta(seconds=n), kind="test", subject_id=f"ver_{n:024}", data={"n": "x" * 200}
            )
            for n in range(12_000)
        ],
        batch_size=1000,
    )
    peak(100)  # what is loaded once
    assert peak(12_000) < 1.3 * peak(3_000)


@pytest.fixture
def auditor(client: Client, staff: Callable[[str], StaffUser]) -> Client:
    client.force_login(staff("Auditor"))
    return client


ASKED = {"start": "2026-11-01", "end": "2026-12-01", "reason": "Annual audit"}


def test_an_auditor_makes_and_downloads_an_export(auditor: Client, road: Any) -> None:
    road.invited(now=NOW)
    page = auditor.post("/admin/exports/", ASKED, follow=True)
    made = Export.objects.get()
    assert (made.by, made.period_end) == ("auditor", END)
    assert made.file_sha256 in page.content.decode()
    answer = auditor.get(f"/admin/exports/{made.public_id}/download")
    assert (
        answer["Content-Disposition"]
        == f'attachment; filename="audit-2026-11-01-2026-12-01-{made.public_id}.zip"'
    )
    assert (answer["Content-Type"], "no-store" in answer["Cache-Control"]) == ("application/zip", True)
    assert answer.streaming
    assert hashlib.sha256(answer.getvalue()).hexdigest() == made.file_sha256
    assert AuditEvent.objects.latest("pk").kind == "export.downloaded"


@pytest.mark.parametrize("change", [{"reason": " "}, {"end": "2026-11-01"}, {"start": "2026-02-30"}])
def test_a_form_that_is_wrong_makes_nothing(auditor: Client, change: dict[str, str]) -> None:
    page = auditor.post("/admin/exports/", {**ASKED, **change})
    assert page.status_code == 422
    assert 'class="field-error"' in page.content.decode()
    assert not Export.objects.exists()


@pytest.mark.parametrize("group", ["Reviewer", "Senior reviewer", "Operator"])
def test_only_auditors_may(client: Client, staff: Callable[[str], StaffUser], group: str) -> None:
    made = make()
    client.force_login(staff(group))
    paths = ("/admin/exports/", f"/admin/exports/{made.public_id}/download")
    assert [client.get(path).status_code for path in paths] == [403, 403]
    assert client.post("/admin/exports/", ASKED).status_code == 403
    assert Export.objects.count() == 1


def test_an_export_that_is_gone_or_damaged_is_a_page(auditor: Client) -> None:
    made = make()
    Export.objects.update(file_sha256="0" * 64, expires_at=MADE + timedelta(days=3650))
    assert auditor.get(f"/admin/exports/{made.public_id}/download").status_code == 409
    Export.objects.update(expires_at=START)
    assert auditor.get(f"/admin/exports/{made.public_id}/download").status_code == 410
    assert auditor.get("/admin/exports/exp_none/download").status_code == 404
