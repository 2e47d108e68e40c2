"""Exports of a period: their content, their verification by a third party, and who may download them."""

import csv
import hashlib
import io
import json
import tempfile
import tomllib
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from tests import objects
from tests.conftest import NOW
from tests.flow.conftest import LATER, PASSWORD
from tests.flow.exporting import AUDITOR, asked, export
from tests.flow.exporting import made as make_it
from tests.flow.reviewing import pass_on, policy, seen
from tests.flow.test_sealing import seal_all
from tests.tampers import verdict
from verification import storage
from verification.actions import check_document, make_export, sweep
from verification.actions import export as action
from verification.audit import log, trail_keys
from verification.exports import container
from verification.exports.period import pack, rows
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period
from verification.jobs import export_leases
from verification.models import AuditEvent, Export, Verdict, Verification, VerificationAttempt
from verification.rules.document_check import Found

BY = AUDITOR
START = datetime(2026, 11, 1, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
MADE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def make(*, start: datetime = START, end: datetime = END, now: datetime = MADE, **more: Any) -> Export:
    return export(Period(start, end), now=now, **more)


def opened(made: Export) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(storage.read(made.file_name, sha256=made.file_sha256)))


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()]


@pytest.fixture
def archive(road: Any, emulator: Any, staff: Any) -> zipfile.ZipFile:
    """The export of a month with a passed case and one in review."""
    road.judged(emulator, {"sim": 93.5}, name="Zoë Quintana", email="zoe@example.org")
    senior = staff("Senior reviewer")
    policy((senior, staff("Senior reviewer", "senior2")), document_check="always")
    case = road.in_review(emulator, reference="=HYPERLINK(1)")
    found = Found("passport", {"name_matches": "yes", "not_expired": "no"})
    words = {"note": "Zoë's passport ended.", "by": senior, "now": LATER, "shown": seen(case)}
    check_document.check_document(case, document=found, **words)
    pass_on(case, Verdict.ESCALATE, "unsure", note="Zoë has a sister; ask.", by=senior, now=LATER)
    return opened(make())


def test_the_manifest_can_be_checked_with_a_standard_library(archive: zipfile.ZipFile) -> None:
    manifest = json.loads(archive.read("manifest.json"))
    signed = {"manifest.json", "manifest.note"}
    assert {file["name"] for file in manifest["files"]} | signed == set(archive.namelist())
    for file in manifest["files"]:
        raw = archive.read(file["name"])
        assert (file["size"], file["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())
    for name, count in manifest["facts"]["rows"].items():
        assert archive.read(f"{name}.jsonl").count(b"\n") == count


def test_the_manifest_says_who_and_why(archive: zipfile.ZipFile) -> None:
    whole = json.loads(archive.read("manifest.json"))
    manifest = whole["facts"]
    assert manifest["created_by"] == {"kind": "auditor", "id": "ann"}
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert manifest["product_version"] == project["version"]
    assert (whole["kind"], manifest["schema_version"]) == (container.PERIOD, pack.SCHEMA_VERSION)
    assert (manifest["reason"], manifest["time_zone"]) == ("Annual audit", "UTC")
    assert manifest["with_notes"] is False
    assert manifest["period"] == {
        "first_day": "2026-11-01",
        "last_day": "2026-11-30",
        "start": "2026-11-01T00:00:00.000000Z",
        "end": "2026-12-01T00:00:00.000000Z",
        "end_included": False,
        "ended_before_export": False,
    }


@pytest.mark.parametrize("name", [table.name for table in rows.TABLES])
def test_both_formats_hold_the_same_rows(archive: zipfile.ZipFile, name: str) -> None:
    raw = archive.read(f"{name}.csv")
    assert raw.startswith(b"\xef\xbb\xbf"), "a spreadsheet would not know that it is UTF-8"
    lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    columns = [column["name"] for column in json.loads(archive.read("data_dictionary.json"))[name]["columns"]]
    found = table(archive, name)
    assert lines[0] == columns
    assert len(lines) - 1 == len(found) > 0
    assert [set(row) for row in found] == [set(columns)] * len(found)


def test_events_come_whole_and_in_order(archive: zipfile.ZipFile) -> None:
    found = table(archive, "events")
    expected = AuditEvent.objects.filter(pk__lt=AuditEvent.objects.get(kind="export.created").pk).order_by(
        "pk"
    )
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


def test_a_document_check_comes_with_its_answers(archive: zipfile.ZipFile) -> None:
    [found] = table(archive, "document_checks")
    assert (found["reference"], found["by"], found["kind"]) == (
        "=HYPERLINK(1)",
        "senior",
        "passport",
    )
    assert found["answers"] == {"accepted_kind": "yes", "name_matches": "yes", "not_expired": "no"}
    assert found["note"] is None


def test_the_words_of_each_consent_are_in_it(archive: zipfile.ZipFile) -> None:
    texts = {row["text_sha256"]: row["text"] for row in table(archive, "consent_texts")}
    answers = table(archive, "consents")
    assert {row["text_sha256"] for row in answers} == set(texts)
    assert all(hashlib.sha256(text.encode()).hexdigest() == sha256 for sha256, text in texts.items())


def test_nothing_in_it_names_a_person(archive: zipfile.ZipFile) -> None:
    for name in archive.namelist():
        raw = archive.read(name)
        assert not any(secret in raw for secret in (b"Quintana", b"zoe@", "Zoë".encode()))


def test_the_end_of_the_period_is_not_in_it(road: Any) -> None:
    for at in (START - timedelta(microseconds=1), START, END - timedelta(microseconds=1), END):
        road.invited(now=at)
    found = opened(make(now=END + timedelta(days=1)))
    assert [row["created_at"] for row in table(found, "verifications")] == [
        "2026-11-01T00:00:00.000000Z",
        "2026-11-30T23:59:59.999999Z",
    ]
    assert json.loads(found.read("manifest.json"))["facts"]["period"]["ended_before_export"] is True


@pytest.mark.django_db
@pytest.mark.parametrize(("late", "ended"), [(timedelta(seconds=-1), False), (timedelta(0), True)])
def test_a_period_is_over_at_the_moment_when_it_ends(late: timedelta, ended: bool) -> None:
    manifest = json.loads(opened(make(now=END + late)).read("manifest.json"))
    assert manifest["facts"]["period"]["ended_before_export"] is ended


def test_an_attempt_is_in_the_period_that_it_began_in_and_in_that_it_ended_in(
    road: Any, emulator: Any
) -> None:
    road.judged(emulator, {"sim": 93.5})
    VerificationAttempt.objects.update(issued_at=START - timedelta(seconds=1))
    before, within = make(start=START - timedelta(days=1), end=START), make()
    assert [len(table(opened(made), "attempts")) for made in (before, within)] == [1, 1]


@pytest.mark.django_db
def test_an_empty_period_is_an_export_too() -> None:
    made = make(end=START + timedelta(days=1))
    assert made.rows == 1, "the policy alone"
    assert opened(made).read("events.jsonl") == b""
    assert checked(made) == ""


@pytest.mark.django_db
def test_to_ask_for_an_export_and_to_make_it_are_events_of_the_trail() -> None:
    made = make()
    asked_for, created = AuditEvent.objects.filter(kind__startswith="export.").order_by("pk")
    assert [(each.kind, each.subject_id, each.actor_id) for each in (asked_for, created)] == [
        ("export.asked", made.public_id, "ann"),
        ("export.created", made.public_id, "ann"),
    ]
    assert (asked_for.data["purpose"], asked_for.data["formats"]) == ("audit", ["csv"])
    assert created.data["file_sha256"] == made.file_sha256
    # The key of the trail and the question itself.
    counts = {each.name: 0 for each in rows.TABLES} | {"policies": 1, "events": 2}
    assert (created.data["rows"], created.data["with_notes"]) == (counts, False)
    assert "Annual audit" not in str(created.data) + str(asked_for.data)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wanted",
    [
        {"end": START},
        {"reason": "  "},
        {"reason": "x" * 301},
        {"purpose": ""},
        {"purpose": "curiosity"},
        {"formats": ["exe"]},
    ],
)
def test_an_export_that_cannot_be_made(wanted: dict[str, Any]) -> None:
    with pytest.raises(action.UnusableRequest):
        make(**wanted)
    assert not Export.objects.exists()


@pytest.mark.django_db
def test_no_file_is_left_of_an_export_whose_event_can_not_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, begun = exported(), asked(Period(START, END), now=MADE)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(make_export, "_record", broken)
    with pytest.raises(RuntimeError):
        make_it(begun, now=MADE)
    begun.refresh_from_db()
    assert (begun.state, begun.file_name) == ("running", "")
    monkeypatch.undo()
    make_it(begun, now=MADE + export_leases.LEASE)
    assert exported() == kept + 1, "what the first process left is gone"


def exported() -> int:
    """The number of export files in the store."""
    return sum("export-" in path.name for path in objects.files())


def checked(made: Export, content: bytes = b"") -> str:
    """What the verifier finds wrong; "" if nothing."""
    pack = content or storage.read(made.file_name, sha256=made.file_sha256)
    return verdict(pack, [str(key) for key in trail_keys.known()])


@contextmanager
def store_away() -> Iterator[None]:
    """Makes the store unavailable: a file replaces its folder."""
    folder = objects.folder()
    folder.mkdir(parents=True, exist_ok=True)
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        elsewhere.rename(folder)


@pytest.mark.django_db
def test_a_store_that_takes_no_export_leaves_a_row_that_says_so() -> None:
    make()  # so that there is a store
    kept, begun = exported(), asked(Period(START, END), now=MADE)
    with store_away(), pytest.raises(make_export.NotMade, match="store_away"):
        make_it(begun, now=MADE)
    assert action.fail(begun, "store_away", now=MADE)
    action.expire(now=MADE)
    begun.refresh_from_db()
    assert (begun.state, begun.fault, exported()) == ("failed", "store_away", kept)
    assert AuditEvent.objects.latest("pk").data == {"fault": "store_away"}


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
def test_no_key_outlives_its_days_because_a_store_is_away() -> None:
    kept = exported()
    many = [make() for _ in range(3)]
    with store_away():
        assert action.expire(now=MADE + timedelta(days=7)) == 3
        sweep.sweep(now=MADE + timedelta(days=7))
    for made in many:
        made.refresh_from_db()
        assert made.state == "expired"
        with pytest.raises(storage.KeyDestroyed):
            storage.open_unchecked(made.file_name)
    assert AuditEvent.objects.filter(kind="export.expired").count() == 3
    assert exported() == kept + 3
    sweep.sweep(now=MADE + timedelta(days=8))
    assert exported() == kept
    assert not Export.objects.filter(data_key__isnull=False).exists(), "nothing is left to look after"


@pytest.mark.django_db
def test_every_key_goes_before_the_first_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store may take long to refuse a deletion, and the worker may be killed meanwhile."""
    keys = [make().data_key for _ in range(2)]

    def killed(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(storage, "erase", killed)
        with pytest.raises(SystemExit):
            action.expire(now=MADE + timedelta(days=7))
    for key in keys:
        assert key is not None
        key.refresh_from_db()
        assert key.destroyed_at == MADE + timedelta(days=7)


@pytest.mark.django_db
def test_an_export_from_before_there_were_keys_goes_too() -> None:
    evidence: Any = storages["evidence"]
    made, beneath = make(), evidence._objects
    name = beneath.save(f"exports/{made.public_id}.zip", ContentFile(b"in clear"))
    Export.objects.update(data_key=None, file_name=name)
    with store_away():
        assert action.expire(now=MADE + timedelta(days=7)) == 0
    assert Export.objects.get().state == "ready", "it can still be read, so it is not over"
    assert action.expire(now=MADE + timedelta(days=7)) == 1
    assert not beneath.exists(name)


@pytest.mark.django_db
def test_a_file_that_was_changed_is_not_handed_over() -> None:
    made = make()
    objects.damage(made.file_name)
    with pytest.raises(storage.IntegrityError):
        action.download(made, by=BY, now=MADE)
    assert not AuditEvent.objects.filter(kind="export.downloaded").exists()


def peak(events: int) -> int:
    """Peak bytes in use while exporting a period with that many events, in all formats."""
    request = pack.Request(
        "exp_x",
        Period(START, START + timedelta(seconds=events)),
        {"kind": "shell", "id": ""},
        "audit",
        "test",
        MADE,
        ("csv", "parquet", "xlsx"),
    )
    newest = log.newest()
    assert newest is not None
    tracemalloc.start()
    with tempfile.TemporaryFile() as file:
        written = pack.write(file, request, lambda: container.Trail.at(newest), Progress())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert written.rows["events"] == events
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
    seal_all(most=20_000)
    peak(100)  # what is loaded once
    assert peak(12_000) < 1.3 * peak(4_000)


@pytest.fixture
def auditor(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("Auditor")


ASKED = {
    "first": "2026-11-01",
    "last": "2026-11-30",
    "purpose": "audit",
    "reason": "Annual audit",
    "formats": ["csv"],
}


def test_an_auditor_makes_and_downloads_an_export(auditor: Client, road: Any) -> None:
    road.invited(now=NOW)
    page = auditor.post("/admin/exports/", ASKED, follow=True)
    assert "Waiting for a worker" in page.content.decode()
    waiting = Export.objects.get()
    made = make_it(waiting, now=timezone.now())
    assert (made.by, made.period_end, made.purpose) == ("auditor", END, "audit")
    page = auditor.get(f"/admin/exports/{made.public_id}/")
    assert made.file_sha256 in page.content.decode()
    answer = auditor.get(f"/admin/exports/{made.public_id}/download")
    assert (
        answer["Content-Disposition"]
        == f'attachment; filename="audit-2026-11-01-to-2026-11-30-{made.public_id}.zip"'
    )
    assert (answer["Content-Type"], "no-store" in answer["Cache-Control"]) == ("application/zip", True)
    assert answer.streaming
    assert hashlib.sha256(answer.getvalue()).hexdigest() == made.file_sha256
    assert AuditEvent.objects.latest("pk").kind == "export.downloaded"


def test_asking_for_one_asks_who_it_is_and_keeps_what_was_typed(staff: Any, quick_passwords: None) -> None:
    user, client = staff("Auditor"), Client()
    user.set_password(PASSWORD)
    user.save()
    client.force_login(user)
    assert client.get("/admin/exports/").status_code == 200
    refused = client.post("/admin/exports/", ASKED)
    page = refused.content.decode()
    assert refused.status_code == 403
    assert not Export.objects.exists()
    assert 'data-error>Please <a href="/admin/account/confirm/" target="_blank"' in page
    assert 'value="audit" selected' in page
    assert all(f'value="{ASKED[name]}"' in page for name in ("first", "last", "reason"))
    client.post("/admin/account/confirm/", {"password": PASSWORD})
    assert client.post("/admin/exports/", ASKED).status_code == 302
    assert Export.objects.get().reason == "Annual audit"


@pytest.mark.parametrize(
    "change", [{"reason": " "}, {"last": "2026-10-31"}, {"last": "9999-12-31"}, {"first": "2026-02-30"}]
)
def test_a_form_that_is_wrong_makes_nothing(auditor: Client, change: dict[str, str]) -> None:
    page = auditor.post("/admin/exports/", {**ASKED, **change})
    assert page.status_code == 422
    assert 'class="field-error"' in page.content.decode()
    assert not Export.objects.exists()


@pytest.mark.parametrize("group", ["Reviewer", "Senior reviewer", "Operator"])
def test_only_auditors_may(signed_in: Callable[[str], Client], group: str) -> None:
    made = make()
    client = signed_in(group)
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


def test_a_store_that_is_away_is_a_page(auditor: Client) -> None:
    made = make()
    Export.objects.update(expires_at=MADE + timedelta(days=3650))
    with store_away():
        answer = auditor.get(f"/admin/exports/{made.public_id}/download")
        assert answer.status_code == 503
        assert "try again in a minute" in answer.content.decode()
    assert not AuditEvent.objects.filter(kind="export.downloaded").exists()
    answer = auditor.get(f"/admin/exports/{made.public_id}/download")
    assert hashlib.sha256(answer.getvalue()).hexdigest() == made.file_sha256
