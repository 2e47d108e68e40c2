"""The System page: each part of the installation in words, and the page itself whatever is broken."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import DatabaseError, connection
from django.test import Client

from kyc_portal import env
from tests import objects
from tests.conftest import Road
from tests.flow.conftest import LATER, text_of
from tests.flow.test_health import keep_in, pause
from verification import audit, health, outside, storage
from verification.actions import keys
from verification.crypto import new_entry
from verification.health import Tone, places, survey, workers
from verification.jobs import answers
from verification.models import AuditEvent, DataKey, Message, QueueAnswer, VerificationAttempt, WorkerHost
from verification.vendor_accounts import pacing

pytestmark = pytest.mark.usefixtures("an_hour_later")
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    """No question of an earlier test is still under way."""
    outside._asked.clear()
    yield
    outside._asked.clear()


def facts() -> dict[str, health.Fact]:
    return {fact.code: fact for _section, lines in health.facts(now=LATER) for fact in lines}


def all_answer(now: datetime = LATER) -> None:
    """Beat and every queue have been answered for ten minutes."""
    for name in answers.NAMES:
        answers.record(name, now=now - timedelta(minutes=10))
        for seconds in range(540, -1, -60):
            answers.record(name, now=now - seconds * SECOND)


def test_all_is_well_when_all_is_well(olga: Any, settings: Any, tmp_path: Path) -> None:
    all_answer()
    storage.store(storage.new_key(), "photo", b"x")
    settings.BACKUP_STAMP_FILE = str(stamped(tmp_path, LATER - timedelta(hours=3)))
    assert [fact.code for fact in health.asking(health.facts(now=LATER))] == []
    assert "Nothing asks for you" in text_of(olga.get("/admin/system/"))


# Workers and beat


def test_a_queue_that_nobody_answers_is_named_with_how_long_and_what_to_start(db: None) -> None:
    all_answer()
    QueueAnswer.objects.filter(queue="media").update(answered_at=LATER - timedelta(minutes=3))
    fact = facts()["workers.media"]
    assert (fact.tone, fact.says) == (
        Tone.BAD,
        "No worker that prepares recordings has answered for 3 min.",
    )
    assert fact.to_do


def test_while_beat_stands_still_nobody_claims_to_know_about_the_workers(db: None) -> None:
    all_answer(LATER - timedelta(minutes=5))
    found = facts()
    assert found["workers.beat"].tone == Tone.BAD
    assert found["workers.media"].says.startswith("Not known: beat")


def test_each_host_is_named_with_its_version_and_its_clock(db: None) -> None:
    all_answer()
    WorkerHost.objects.create(
        queue="media", host="east", version="0.0.9", clock_ms=3500, answered_at=LATER, since=LATER
    )
    fact = facts()["workers.media"]
    assert fact.tone == Tone.WARN
    assert "A host runs version 0.0.9" in fact.to_do
    assert "east: 0 s ago, version 0.0.9, clock 3.5 s ahead of the database's" in fact.details
    assert any(line.startswith(socket.gethostname()) for line in fact.details)


def test_a_clock_that_is_off_is_told(db: None) -> None:
    all_answer()
    WorkerHost.objects.filter(queue="liveness").update(clock_ms=-2500)
    fact = facts()["workers.liveness"]
    assert (fact.tone, fact.to_do) == (Tone.WARN, "Set the clock of the host that differs.")


def test_more_hosts_than_are_shown_are_counted(db: None) -> None:
    all_answer()
    for number in range(workers.MAX_HOSTS + 2):
        facts_of_host = {"version": "0.1.0", "clock_ms": 0, "answered_at": LATER, "since": LATER}
        WorkerHost.objects.create(queue="media", host=f"h{number:02}", **facts_of_host)
    assert facts()["workers.media"].details[-1] == "and 3 further hosts"


def test_a_host_that_is_gone_is_forgotten_after_a_day(db: None) -> None:
    answers.record("media", now=LATER)
    answers.forget_gone(now=LATER + answers.GONE_AFTER)
    assert WorkerHost.objects.count() == 1
    answers.forget_gone(now=LATER + answers.GONE_AFTER + SECOND)
    assert not WorkerHost.objects.exists()


# Work


@pytest.mark.parametrize(
    ("waits", "tone"),
    [(timedelta(minutes=1), Tone.GOOD), (timedelta(minutes=3), Tone.WARN), (timedelta(minutes=20), Tone.BAD)],
)
def test_waiting_work_is_told_with_its_age(road: Road, waits: timedelta, tone: Tone) -> None:
    attempt = road.submit(road.with_photo())
    VerificationAttempt.objects.filter(pk=attempt.pk).update(submitted_at=LATER - waits)
    fact = facts()["work.submitted"]
    assert (fact.tone, fact.says) == (tone, f"1 recording waits, for {waits.seconds // 60} min.")


def test_work_under_a_lease_waits_for_nobody(road: Road) -> None:
    attempt = road.submit(road.with_photo())
    VerificationAttempt.objects.filter(pk=attempt.pk).update(lease_until=LATER + SECOND)
    found = facts()
    assert found["work.submitted"].says == "Nothing waits."
    assert found["work.under_way"].says == "1 recording is being worked on."


def test_work_that_waits_for_another_try_is_told_apart(road: Road) -> None:
    attempt = road.submit(road.with_photo())
    VerificationAttempt.objects.filter(pk=attempt.pk).update(not_before=LATER + SECOND, lost_leases=1)
    found = facts()
    assert "1 waits for another try" in found["work.under_way"].says
    assert found["trouble.lost_workers"].tone == Tone.WARN


def test_late_cases_of_reviewers_are_counted(road: Road, emulator: Any) -> None:
    case = road.in_review(emulator)
    assert facts()["work.review"].says == "1 case waits for a reviewer; 0 are late."
    type(case).objects.filter(pk=case.pk).update(due_at=LATER - SECOND)
    assert facts()["work.review"].tone == Tone.WARN


@pytest.mark.parametrize(
    ("waits", "tone"), [(timedelta(seconds=30), Tone.GOOD), (timedelta(minutes=20), Tone.BAD)]
)
def test_messages_that_are_due_are_told_with_their_age_and_planned_ones_are_not(
    road: Road, waits: timedelta, tone: Tone
) -> None:
    case, at = road.invited(), {"created_at": LATER, "not_before": LATER}
    planned = Message(verification=case, kind="reminder", channel="email", about="1", **at)
    planned.due_at = LATER + timedelta(days=5)
    planned.save()
    assert facts()["work.messages"].says == "Nothing waits."
    Message.objects.create(
        verification=case, kind="invitation", channel="email", about="1", due_at=LATER - waits, **at
    )
    fact = facts()["work.messages"]
    assert fact.tone == tone
    assert fact.says.startswith("1 is due, for ")


def test_damaged_evidence_of_the_last_day_is_an_alarm_and_older_is_none(road: Road) -> None:
    case = road.invited()
    for hours, tone in ((25, Tone.GOOD), (23, Tone.BAD)):
        at = LATER - timedelta(hours=hours)
        audit.record("evidence.integrity_error", by=audit.By("reviewer", "rita"), subject=case, at=at)
        assert facts()["trouble.evidence.integrity_error"].tone == tone


# The vendor


def test_a_paused_account_is_told_with_its_code_and_a_spent_budget_as_such(db: None, settings: Any) -> None:
    default = settings.FACEID_ACCOUNTS["default"]
    settings.FACEID_ACCOUNTS = {name: {**default, "daily_budget": 1} for name in ("default", "second")}
    first, second = pacing.accounts()
    pause(first, LATER)
    pacing.reserve(now=LATER)
    found = facts()
    assert "UnauthorizedOperation.Arrears" in found["vendor.default"].says
    assert found["vendor.second"].says == "Today's budget of 1 calls is spent."
    assert {found[f"vendor.{account.name}"].tone for account in (first, second)} == {Tone.BAD}


# Store, disks, backup, keys


def test_a_store_that_is_gone_and_one_that_can_not_be_written_to(
    db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_in(settings, env.objects("NOT_SET", tmp_path / "evidence"))
    storage.new_key()
    assert facts()["store"].tone == Tone.GOOD
    folder, ask = str(objects.folder()), os.access
    with monkeypatch.context() as read_only:
        read_only.setattr(os, "access", lambda path, mode: str(path) != folder and ask(path, mode))
        assert facts()["store"].tone == Tone.BAD
    objects.folder().rename(tmp_path / "elsewhere")
    assert facts()["store"].tone == Tone.BAD


@pytest.mark.parametrize(("share", "tone"), [(40, Tone.GOOD), (14, Tone.WARN), (4, Tone.BAD)])
def test_a_disk_that_fills_up_is_told_before_it_is_full(
    db: None, monkeypatch: pytest.MonkeyPatch, share: int, tone: Tone
) -> None:
    usage = shutil.disk_usage("/")._replace(total=100_000_000_000, free=share * 1_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    disks = [fact for code, fact in facts().items() if code.startswith("disk.")]
    assert disks
    assert {fact.tone for fact in disks} == {tone}
    assert f"({share} %)" in disks[0].says


def stamped(folder: Path, at: datetime, text: str = "") -> Path:
    """The file as a backup leaves it."""
    stamp = folder / "backup-stamp"
    stamp.write_text(text)
    os.utime(stamp, (at.timestamp(), at.timestamp()))
    return stamp


@pytest.mark.parametrize(("hours", "tone"), [(3, Tone.GOOD), (27, Tone.WARN), (75, Tone.BAD)])
def test_a_backup_is_told_with_its_age_and_what_it_said(
    db: None, settings: Any, tmp_path: Path, hours: int, tone: Tone
) -> None:
    made = LATER - timedelta(hours=hours)
    settings.BACKUP_STAMP_FILE = str(stamped(tmp_path, made, "kyc.dump, 1.2 GB\x1b[2J\nsecond line"))
    fact = facts()["backup"]
    assert fact.tone == tone
    assert fact.details == ("kyc.dump, 1.2 GB[2J",)
    assert f"{made:%H:%M} UTC" in fact.says


def test_a_backup_that_never_was_is_told(db: None, settings: Any, tmp_path: Path) -> None:
    settings.BACKUP_STAMP_FILE = str(tmp_path / "none")
    assert facts()["backup"].says.startswith("Never told of one")
    settings.BACKUP_STAMP_FILE, settings.DEMO = "", False
    assert facts()["backup"].says == "The portal is told of no backup."


def test_a_note_of_any_size_and_any_bytes_is_cut(db: None, settings: Any, tmp_path: Path) -> None:
    stamp = stamped(tmp_path, LATER)
    stamp.write_bytes(b"\xff" * 10_000)
    settings.BACKUP_STAMP_FILE = str(stamp)
    assert len(facts()["backup"].details[0]) == 200


def test_a_ring_that_does_not_open_what_is_stored_is_told(db: None, settings: Any) -> None:
    storage.new_key()
    settings.KEYRING = new_entry("another")
    assert facts()["keys"].tone == Tone.BAD


def test_keys_that_wait_to_be_wrapped_anew_are_counted_and_a_button_does_it(olga: Any, settings: Any) -> None:
    for _number in range(3):
        storage.new_key()
    old = settings.KEYRING
    settings.KEYRING = f"{new_entry('fresh')},{old}"
    fact = facts()["keys.rewrap"]
    assert "3 data keys are still wrapped with another entry." in fact.says
    assert "behind it" in fact.says
    answer = olga.post("/admin/system/rewrap", follow=True)
    assert "3 data keys are wrapped anew." in text_of(answer)
    assert set(DataKey.objects.values_list("key_id", flat=True)) == {"fresh"}
    event = AuditEvent.objects.get(kind="keys.rewrapped")
    assert (event.actor_kind, event.actor_id) == ("operator", "olga")
    assert "system/rewrap" not in text_of(olga.get("/admin/system/"))


def test_a_press_wraps_no_more_than_fit_into_it(db: None, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(keys, "BATCH", 2)
    for _number in range(5):
        storage.new_key()
    settings.KEYRING = f"{new_entry('fresh')},{settings.KEYRING}"
    by = audit.By("operator", "olga")
    assert keys.rewrap(by=by, now=LATER, most=3) == (4, [])
    assert keys.rewrap(by=by, now=LATER, most=3) == (1, [])


def test_keys_that_do_not_open_are_named_and_the_press_ends(olga: Any, settings: Any) -> None:
    key = storage.new_key()
    settings.KEYRING = f"{new_entry('fresh')},{new_entry('demo')}"
    page = text_of(olga.post("/admin/system/rewrap", follow=True))
    assert f"The first is {key.public_id}, wrapped with demo." in page


# The page


def test_a_sweep_is_asked_for_and_is_an_event(olga: Any, rung: Any) -> None:
    assert rung(lambda: olga.post("/admin/system/sweep")) == ["verification.sweep"]
    assert AuditEvent.objects.get(kind="system.sweep_asked").actor_id == "olga"


@pytest.mark.parametrize("group", ["Senior reviewer", "Auditor"])
def test_others_read_the_page_and_start_nothing(desk_of: Any, group: str) -> None:
    desk = desk_of(group, "reader")
    page = text_of(desk.get("/admin/system/"))
    assert "Workers" in page
    assert "system/sweep" not in page
    assert {desk.post(f"/admin/system/{act}").status_code for act in ("sweep", "rewrap")} == {403}


def test_the_page_names_the_worst_first(olga: Any, settings: Any, tmp_path: Path) -> None:
    all_answer(LATER - timedelta(minutes=5))
    settings.BACKUP_STAMP_FILE = str(stamped(tmp_path, LATER - timedelta(hours=27)))
    page = text_of(olga.get("/admin/system/"))
    assert "things ask for you" in page
    assert page.index("Beat:") < page.index("Last backup:")


# Nothing hangs


def took(act: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    return act(), time.perf_counter() - began


def use_broker(monkeypatch: pytest.MonkeyPatch, server: socket.socket) -> None:
    url, connect = f"redis://127.0.0.1:{server.getsockname()[1]}/0", current_app.connection_for_write
    monkeypatch.setattr(current_app, "connection_for_write", lambda: connect(url))


def test_a_broker_that_hangs_holds_the_page_no_longer_than_its_deadline(
    olga: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes the connection and says nothing, as a frozen one does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_broker(monkeypatch, silent)
        page, seconds = took(lambda: text_of(olga.get("/admin/system/")))
    assert "Not known: there was no answer in time." in page or "The broker can&#x27;t be reached." in page
    assert seconds < survey.EACH + 3


def test_a_question_that_hangs_is_not_asked_a_second_time() -> None:
    """Else each look would leave one more thread behind."""
    go_on, asked = threading.Event(), list[bool]()

    def hang() -> list[health.Fact]:
        asked.append(True)
        go_on.wait(30)
        return []

    for _look in range(3):
        found = outside.answers(outside.ask({"hanging": hang}), 0.05)
        assert found == {"hanging": None}
    question = outside.ask({"hanging": hang})
    go_on.set()
    assert outside.answers(question, 10) == {"hanging": []}
    assert len(asked) == 1


def test_a_broker_that_is_away_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        use_broker(monkeypatch, server)
    assert facts()["broker"].says.startswith("The broker can't be reached.")


def test_a_disk_that_hangs_is_told_and_the_rest_of_the_page_is_there(
    olga: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = threading.Event()
    monkeypatch.setattr(places, "_disks", lambda: waits.wait(30))
    page = text_of(olga.get("/admin/system/"))
    waits.set()
    assert "Not known: there was no answer in time." in page
    assert "Keyring" in page


def test_a_question_that_the_database_refuses_leaves_the_others_answered(
    olga: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "verification_queueanswer" in sql:
            raise DatabaseError
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        found = facts()
    assert found["workers.unknown"].says == "Not known: the database did not answer in time."
    assert "work.submitted" in found


def test_what_fails_outside_in_a_way_that_nobody_thought_of_breaks_no_page(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> list[health.Fact]:
        raise ZeroDivisionError

    monkeypatch.setattr(places, "_disks", fail)
    assert facts()["store.unknown"].tone == Tone.BAD


def test_the_times_of_files_are_told_in_utc(settings: Any, db: None, tmp_path: Path) -> None:
    settings.BACKUP_STAMP_FILE = str(stamped(tmp_path, datetime(2026, 11, 23, 1, 5, tzinfo=UTC)))
    assert facts()["backup"].says == "01:05 UTC, 8 h ago."
