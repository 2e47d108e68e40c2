"""Changes that the database itself refuses, from any user."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction

from kyc_portal.celery import app
from kyc_portal.postgresql import base
from tests.conftest import NOW, Road
from tests.faults.waiting import wait_until
from verification import health, tasks
from verification.health import survey
from verification.jobs.connections import let_go_of_database
from verification.models import AuditEvent, Verification
from verification.states import Status


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_the_trail(road: Road, change: str) -> None:
    road.invited()
    events = AuditEvent.objects.all()
    make_it = {
        "update": lambda: events.update(kind="nothing"),
        "delete": lambda: events._raw_delete(events.db),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        make_it[change]()


def test_the_database_refuses_an_approval_without_a_proof(road: Road) -> None:
    verification = road.invited()
    with pytest.raises(IntegrityError), transaction.atomic():
        Verification.objects.filter(pk=verification.pk).update(status=Status.APPROVED, decided_at=NOW)


def test_the_database_refuses_to_change_an_active_policy(road: Road) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE verification_policy SET approve_at = 70")


needs_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="Timeouts of PostgreSQL.")


@needs_postgresql
@pytest.mark.django_db
def test_a_transaction_has_the_guard_against_frozen_processes() -> None:
    assert asked("SHOW idle_in_transaction_session_timeout") == "10s"


@needs_postgresql
@pytest.mark.django_db
def test_a_connection_without_work_is_ended_and_work_opens_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with another_connection() as watcher, another_connection() as idle:
        asked("SELECT 1", watcher)
        monkeypatch.setattr(base, "IDLE_SESSION", "50ms")
        first = asked("SELECT pg_backend_pid()", idle)
        there = f"SELECT count(*) FROM pg_stat_activity WHERE pid = {first}"
        wait_until("the server ends it", lambda: not asked(there, watcher))
        idle.close_if_unusable_or_obsolete()
        assert asked("SELECT pg_backend_pid()", idle) != first


@pytest.mark.django_db
def test_a_worker_keeps_its_connection_from_task_to_task() -> None:
    asked("SELECT 1")
    first = connection.connection
    worker = DjangoWorkerFixup(app)
    for _ in range(3):
        worker.on_task_prerun(tasks.pulse)
        tasks.check_connection()
        worker.on_task_postrun(tasks.pulse)
    assert first is not None
    assert connection.connection is first


@needs_postgresql
@pytest.mark.django_db
def test_a_worker_whose_connection_broke_between_two_tasks_opens_another() -> None:
    def tasks_of_a_thread() -> tuple[int, int]:
        first = asked("SELECT pg_backend_pid()")
        with another_connection() as killer:
            asked(f"SELECT pg_terminate_backend({first}, 5000)", killer)
        tasks.check_connection()
        second = asked("SELECT pg_backend_pid()")
        connection.close()
        return first, second

    with ThreadPoolExecutor(1) as worker:
        first, second = worker.submit(tasks_of_a_thread).result()
    assert first != second


@needs_postgresql
@pytest.mark.django_db
def test_a_transaction_that_can_not_begin_leaves_no_connection_that_never_commits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with another_connection() as other:
        asked("SELECT 1", other)
        monkeypatch.setattr(base, "IDLE_IN_TRANSACTION", "no time")
        with pytest.raises(DataError):
            other.set_autocommit(False)
        assert (other.connection, other.autocommit) == (None, True)


@pytest.fixture
def parked() -> Iterator[list[Any]]:
    """The connections that this process has parked; none of other tests, and none that stays behind."""
    close_parked()
    yield base._parked
    close_parked()


def close_parked() -> None:
    while base._parked:
        base._parked.pop()[1].close()


PID = "SELECT pg_backend_pid()"


@needs_postgresql
@pytest.mark.django_db
@pytest.mark.usefixtures("parked")
def test_a_parked_connection_is_had_by_the_next_that_needs_one() -> None:
    with another_connection() as first, another_connection() as second:
        pid = asked(PID, first)
        first.park()
        assert first.connection is None
        assert asked(PID, second) == pid
        assert asked(PID, first) != pid


@needs_postgresql
@pytest.mark.django_db
@pytest.mark.usefixtures("parked")
def test_another_thread_may_have_it_too() -> None:
    def task() -> int:
        pid = asked(PID)
        let_go_of_database()
        return int(pid)

    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        assert first.submit(task).result() == second.submit(task).result()


@needs_postgresql
@pytest.mark.django_db
def test_more_than_enough_are_closed_and_not_parked(parked: list[Any]) -> None:
    with ExitStack() as open_ones:
        connections = [open_ones.enter_context(another_connection()) for _ in range(base.MAX_PARKED + 2)]
        for one in connections:
            asked("SELECT 1", one)
        links = [one.connection for one in connections]
        for one in connections:
            one.park()
        assert len(parked) == base.MAX_PARKED
        assert [link.closed for link in links].count(True) == 2
        assert [one.connection for one in connections] == [None] * len(connections)


@needs_postgresql
@pytest.mark.django_db
def test_a_parked_connection_that_the_server_ended_is_not_used(parked: list[Any]) -> None:
    with another_connection() as first, another_connection() as second:
        pid = asked(PID, first)
        first.park()
        asked(f"SELECT pg_terminate_backend({pid}, 5000)")
        assert asked(PID, second) != pid
        assert parked == []


@needs_postgresql
@pytest.mark.django_db
def test_a_parked_connection_that_has_grown_too_old_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with another_connection() as first, another_connection() as second:
        pid = asked(PID, first)
        first.close_at = time.monotonic() - 1
        first.park()
        assert asked(PID, second) != pid


@needs_postgresql
@pytest.mark.django_db
@pytest.mark.usefixtures("parked")
def test_a_connection_keeps_its_age_while_it_is_parked() -> None:
    with another_connection() as first, another_connection() as second:
        asked(PID, first)
        first.close_at = close_at = time.monotonic() + 7
        first.park()
        asked(PID, second)
        assert second.close_at == close_at


@needs_postgresql
@pytest.mark.django_db
def test_a_connection_is_not_parked_within_a_transaction(parked: list[Any]) -> None:
    first = connection.connection
    let_go_of_database()
    assert connection.connection is first
    with another_connection() as other:
        asked("SELECT 1", other)
        other.set_autocommit(False)
        asked("SELECT 1", other)
        other.park()
        assert (other.connection, parked) == (None, [])


@needs_postgresql
@pytest.mark.django_db
def test_a_connection_on_which_a_statement_failed_is_not_parked(parked: list[Any]) -> None:
    with another_connection() as other:
        with pytest.raises(ProgrammingError):
            asked("SELECT nothing FROM nowhere", other)
        other.errors_occurred = True  # as Django notes it within a transaction
        other.park()
        assert (other.connection, parked) == (None, [])


@needs_postgresql
@pytest.mark.django_db
@pytest.mark.usefixtures("parked")
def test_a_connection_to_another_database_is_not_had() -> None:
    with another_connection() as first, another_connection() as other:
        pid = asked(PID, first)
        first.park()
        other.settings_dict = {**other.settings_dict, "NAME": "postgres"}
        assert asked(PID, other) != pid
        assert asked("SELECT current_database()", other) == "postgres"


@needs_postgresql
@pytest.mark.django_db
def test_a_fork_has_none_of_its_parents_connections(parked: list[Any]) -> None:
    with another_connection() as first, another_connection() as second:
        pid = asked(PID, first)
        first.park()
        child = os.fork()
        if child == 0:
            os._exit(len(base._parked))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(parked) == 1
        assert asked(PID, second) == pid


@contextmanager
def another_connection() -> Iterator[Any]:
    other = connection.copy()
    try:
        yield other
    finally:
        other.close()


def asked(statement: str, on: Any = connection) -> Any:
    with on.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


@needs_postgresql
def test_a_table_that_is_locked_holds_the_system_page_no_longer_than_its_deadline(db: None) -> None:
    """As during a migration. What the page asks of other tables is answered."""
    with another_connection() as other, other.cursor() as cursor:
        other.set_autocommit(False)
        cursor.execute("LOCK TABLE verification_queueanswer IN ACCESS EXCLUSIVE MODE")
        began = time.perf_counter()
        found = {fact.code: fact for _section, lines in health.facts(now=NOW) for fact in lines}
        took = time.perf_counter() - began
        other.rollback()
    assert found["workers.unknown"].tone == health.Tone.BAD
    assert "work.submitted" in found
    assert "PostgreSQL" in found["database.server"].says
    assert survey.EACH <= took < survey.IN_ALL
