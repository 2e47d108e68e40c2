"""Changes that the database itself refuses, from any user."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from kyc_portal.postgresql import base
from tests.conftest import NOW, Road
from tests.faults.waiting import wait_until
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
