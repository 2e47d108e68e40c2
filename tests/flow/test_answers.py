"""Somebody notices when no worker listens: rows tell which queue was answered when, and `/readyz` and pages say so."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery.signals import task_prerun
from django.db import DatabaseError
from django.test import Client

from kyc_portal.celery import app
from tests.flow.conftest import LATER
from verification import clock, tasks
from verification.jobs import answers, beat, doorbell, heartbeat
from verification.jobs.answers import BEAT, SILENT_AFTER, State

pytestmark = [pytest.mark.usefixtures("an_hour_later"), pytest.mark.django_db]
SECOND = timedelta(seconds=1)
SignIn = Callable[..., Client]


def states(now: datetime = LATER) -> dict[str, State]:
    return {name: answer.state for name, answer in answers.states(now=now).items()}


def ran(name: str, first: timedelta, last: timedelta = timedelta(0)) -> None:
    """The queue was answered every minute, from `first` before LATER until `last` before it."""
    ago = first
    while ago > last:
        answers.record(name, now=LATER - ago)
        ago -= timedelta(minutes=1)
    answers.record(name, now=LATER - last)


MINUTES = [timedelta(minutes=number) for number in range(61)]


def test_with_beat_and_a_worker_for_each_queue_all_are_up() -> None:
    for name in answers.NAMES:
        ran(name, MINUTES[10])
    assert states() == dict.fromkeys(answers.NAMES, State.UP)


def test_a_queue_that_nobody_answers_is_silent_while_the_others_are_up() -> None:
    for name in ("media", "sweep", BEAT):
        ran(name, MINUTES[10])
    ran("liveness", MINUTES[10], MINUTES[4])
    assert states()["liveness"] == State.SILENT
    assert answers.states(now=LATER)["liveness"].last == LATER - MINUTES[4]
    assert {name for name, state in states().items() if state == State.UP} == {"media", "sweep", BEAT}


def test_a_full_pool_is_not_called_silent() -> None:
    ran(BEAT, MINUTES[10])
    answers.record("liveness", now=LATER - SILENT_AFTER)
    assert states()["liveness"] == State.UP
    answers.record(BEAT, now=LATER + SECOND)
    assert states(LATER + SECOND)["liveness"] == State.SILENT
    assert app.conf.task_time_limit + 10 < SILENT_AFTER.total_seconds()


def test_what_never_answered_is_told_as_such_when_beat_has_asked_for_long_enough() -> None:
    answers.record(BEAT, now=LATER)
    assert states() == {**dict.fromkeys(answers.NAMES, State.UNKNOWN), BEAT: State.UP}
    ran(BEAT, timedelta(0), -MINUTES[2])
    assert states(LATER + MINUTES[2])["media"] == State.NEVER


def test_when_beat_dies_idle_workers_are_not_blamed() -> None:
    for name in answers.NAMES:
        ran(name, MINUTES[20], MINUTES[10])
    assert states() == {**dict.fromkeys(answers.NAMES, State.UNKNOWN), BEAT: State.SILENT}


def test_a_worker_that_died_long_before_beat_is_told_all_the_same() -> None:
    for name in ("media", "sweep", BEAT):
        ran(name, MINUTES[40], MINUTES[10])
    ran("liveness", MINUTES[40], MINUTES[30])
    assert states() == {
        "media": State.UNKNOWN,
        "liveness": State.SILENT,
        "sweep": State.UNKNOWN,
        BEAT: State.SILENT,
    }


def test_after_a_stop_of_everything_no_alarm_is_raised_until_the_workers_had_their_time() -> None:
    for name in answers.NAMES:
        ran(name, MINUTES[60], MINUTES[30])
    answers.record(BEAT, now=LATER)
    assert states()["media"] == State.UNKNOWN


def test_before_beat_ever_ran_only_beat_is_missing() -> None:
    assert states() == {**dict.fromkeys(answers.NAMES, State.UNKNOWN), BEAT: State.NEVER}


# Who writes


def taken(queue: str | None) -> None:
    info = {"routing_key": queue} if queue else None
    task_prerun.send(sender=tasks.pulse, task=SimpleNamespace(request=SimpleNamespace(delivery_info=info)))


def test_any_message_that_a_worker_takes_counts_as_an_answer_of_its_queue(monkeypatch: Any) -> None:
    monkeypatch.setattr(heartbeat, "start", lambda: None)
    taken("liveness")
    taken("celery")
    taken(None)
    answers.write_noted()
    assert {name for name, answer in answers.states(now=LATER).items() if answer.last} == {"liveness"}


def test_many_messages_make_one_row_and_one_of_the_host_and_nothing_is_written_twice(
    monkeypatch: Any, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(heartbeat, "start", lambda: None)
    answers.record("media", now=LATER - SECOND)
    for _ in range(100):
        taken("media")
    with django_assert_num_queries(2):
        answers.write_noted()
    with django_assert_num_queries(0):
        answers.write_noted()


def test_beat_sends_something_to_every_queue_within_the_limit() -> None:
    entries = app.conf.beat_schedule.values()
    assert {entry["options"]["queue"] for entry in entries} == set(doorbell.QUEUES.values())
    assert all(3 * entry["schedule"] < SILENT_AFTER.total_seconds() for entry in entries)
    assert all(entry["options"]["expires"] <= 2 * entry["schedule"] for entry in entries)


def entry(scheduler: beat.Scheduler, name: str) -> Any:
    return scheduler.Entry(name=name, app=app, **app.conf.beat_schedule[name])


def test_beat_writes_down_that_it_sent_a_sweep(monkeypatch: Any) -> None:
    scheduler = beat.Scheduler(app, lazy=True)
    monkeypatch.setattr(app.tasks[doorbell.SWEEP], "apply_async", lambda *args, **options: None)
    monkeypatch.setattr(beat, "close_old_connections", lambda: None)
    monkeypatch.setattr(clock, "now", lambda: LATER)
    scheduler.apply_async(entry(scheduler, "sweep"), advance=False)
    assert states()[BEAT] == State.UP


def test_beat_that_can_not_send_is_silent_and_a_database_that_is_gone_does_not_end_it(
    monkeypatch: Any,
) -> None:
    scheduler = beat.Scheduler(app, lazy=True)

    def gone(*args: Any, **options: Any) -> None:
        raise OSError

    monkeypatch.setattr(app.tasks[doorbell.SWEEP], "apply_async", gone)
    with pytest.raises(Exception, match="apply"):
        scheduler.apply_async(entry(scheduler, "sweep"), advance=False)
    assert states()[BEAT] == State.NEVER

    def no_database(*args: Any, **options: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(app.tasks[doorbell.SWEEP], "apply_async", lambda *args, **options: None)
    monkeypatch.setattr(beat, "close_old_connections", lambda: None)
    monkeypatch.setattr(answers, "record", no_database)
    scheduler.apply_async(entry(scheduler, "sweep"), advance=False)


# Who reads


@pytest.fixture
def liveness_is_silent() -> None:
    for name in ("media", "sweep", BEAT):
        ran(name, MINUTES[10])
    ran("liveness", MINUTES[10], MINUTES[4])


@pytest.mark.usefixtures("liveness_is_silent")
def test_readyz_names_the_silent_queue_and_stays_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["workers"] == {
        "media": "up",
        "liveness": "silent for 240 s",
        "sweep": "up",
        "beat": "up",
    }


@pytest.mark.usefixtures("liveness_is_silent")
@pytest.mark.parametrize(
    ("group", "page"),
    [("Operator", "/admin/"), ("Operator", "/admin/vendor/"), ("Reviewer", "/admin/")],
)
def test_board_and_vendor_page_say_what_stands_still_and_what_to_do(
    signed_in: SignIn, settings: Any, group: str, page: str
) -> None:
    settings.DEMO = False
    shown = " ".join(signed_in(group).get(page).content.decode().split())
    assert (
        "<strong>No worker that calls the vendor has answered for 4 min.</strong> Start kyc-liveness" in shown
    )
    assert shown.count("notice-bad") == 1


def test_when_all_is_well_nothing_is_shown(signed_in: SignIn) -> None:
    for name in answers.NAMES:
        ran(name, MINUTES[10])
    assert "notice" not in signed_in("Operator").get("/admin/vendor/").content.decode()


def test_what_never_ran_is_told_without_a_time(signed_in: SignIn) -> None:
    shown = signed_in("Operator").get("/admin/").content.decode()
    assert "Beat, which starts the regular work, has never sent anything." in shown
    assert "Start the demo again" in shown
