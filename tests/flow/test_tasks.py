"""Tasks take an id and call one action, and do nothing if the work is already done or gone."""

from typing import Any

import pytest
from django.utils import timezone

from kyc_portal.celery import app
from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, VENDOR_CLOCK, Road
from verification import tasks
from verification.actions import assess, prepare
from verification.jobs import doorbell, leases
from verification.models import Verification
from verification.states import AttemptStatus, Status
from verification.workflow import StaleAttempt


@pytest.fixture(autouse=True)
def _now(emulator: EmulatorServer) -> None:
    """Tasks use the machine's clock, so the emulator does too."""
    VENDOR_CLOCK.at = timezone.now()


def test_two_tasks_take_a_recording_to_its_outcome(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.submit(road.with_photo())
    tasks.prepare(attempt.public_id)
    tasks.assess(attempt.public_id)
    assert Verification.objects.get().status == Status.APPROVED


def test_the_sweep_rings_for_work_whose_bell_was_lost(
    road: Road, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    attempt = road.submit(road.with_photo())
    rung: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(app, "send_task", lambda task, args, **options: rung.append((task, args)))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()
    # Nothing was sealed yet, so the sweep rings for that too.
    assert sorted(rung) == [(doorbell.PREPARE, [attempt.public_id]), (doorbell.SEAL, [])]


@pytest.mark.parametrize("task", [tasks.prepare, tasks.assess])
def test_a_task_for_work_that_is_gone_does_nothing(db: None, task: Any) -> None:
    assert task("att_unknown") is None


@pytest.mark.parametrize(("task", "action"), [(tasks.prepare, prepare), (tasks.assess, assess)])
def test_a_task_that_was_overtaken_ends_quietly(monkeypatch: Any, task: Any, action: Any) -> None:
    def overtaken(*args: Any, **options: Any) -> None:
        raise StaleAttempt

    monkeypatch.setattr(action, action.__name__.rpartition(".")[2], overtaken)
    assert task("att_any") is None


def test_every_task_that_is_rung_for_exists() -> None:
    assert set(doorbell.QUEUES) <= set(app.tasks)


def test_while_nobody_answers_the_sweep_stops_ringing(road: Road, monkeypatch: Any) -> None:
    """Each sweep sends a message for each waiting attempt: a weekend without a worker would fill the broker."""
    road.submit(road.with_photo())
    road.submit(road.with_photo())
    monkeypatch.setattr(doorbell, "MAX_UNANSWERED", 1)
    assert leases.ring_waiting(AttemptStatus.SUBMITTED, now=NOW) == 1
    monkeypatch.setattr(doorbell, "unanswered", lambda name: 1)
    assert leases.ring_waiting(AttemptStatus.SUBMITTED, now=NOW) == 0


def test_bells_that_nobody_answered_are_counted() -> None:
    name = "counted"
    assert doorbell.unanswered(name) == 0
    for _ in range(3):
        app.send_task("nobody.listens", queue=name)
    assert doorbell.unanswered(name) == 3


def test_a_sweep_without_a_broker_rings_for_nothing(road: Road, monkeypatch: Any) -> None:
    def refuse(name: str) -> int:
        raise ConnectionRefusedError

    road.submit(road.with_photo())
    monkeypatch.setattr(doorbell, "unanswered", refuse)
    assert leases.ring_waiting(AttemptStatus.SUBMITTED, now=NOW) == 0
