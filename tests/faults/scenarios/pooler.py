"""The portal behind PgBouncer in transaction mode, where each transaction may run on another of its connections.

Begins with an empty database.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from tests.conftest import Road
from verification import workflow
from verification.actions import claim, prepare
from verification.exports import snapshot
from verification.exports.period import rows, table
from verification.jobs import leases
from verification.models import AuditEvent, StaffUser, VerificationAttempt
from verification.rules import decision
from verification.states import AttemptStatus, Outcome

TRANSACTIONS = 12
CHUNK = 3  # rows that an export reads at once


def run(repetitions: int) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    guards = [_guard() for _ in range(TRANSACTIONS)]
    attempt = Road().submit(Road().with_photo())
    return {
        "guards": guards,
        "servers": len({_server() for _ in range(TRANSACTIONS)}),
        "pages": _pages(),
        "claimed": _claims(attempt),
        "taken": _taken(attempt),
        "exported": _exported(),
        "events": AuditEvent.objects.count(),
        "frozen": _seconds_that_a_frozen_process_keeps_its_lock(attempt),
    }


def _ask(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])


def _guard() -> str:
    with transaction.atomic():
        return _ask("SHOW idle_in_transaction_session_timeout")


def _server() -> str:
    return _ask("SELECT pg_backend_pid()")


def _pages() -> list[int]:
    """An applicant opens their link and consents."""
    client = Client(headers={"host": "127.0.0.1"})
    link = Road().invitation(now=timezone.now(), reference="POOLED").link
    opened = client.get(urlsplit(link).path)
    consent = client.get("/verify/consent")
    ready = client.get("/readyz")
    return [opened.status_code, consent.status_code, ready.status_code]


def _claims(attempt: VerificationAttempt) -> list[bool]:
    """The media worker's share of the work, with its lease, and a heartbeat beside it."""
    prepare.prepare(attempt.public_id, now=timezone.now())
    held = leases.claim(attempt.public_id, AttemptStatus.READY, now=timezone.now())
    with leases.held(held, now=timezone.now()):
        renewed = leases.renew_held(now=timezone.now())
    again = leases.claim(attempt.public_id, AttemptStatus.READY, now=timezone.now())
    return [held is not None, renewed == 1, again is None]


def _taken(attempt: VerificationAttempt) -> bool:
    """A reviewer takes the next case."""
    given_up = decision.Decision(decision.Next.REVIEW, Outcome.VENDOR_FAILED, ("vendor_unavailable",))
    attempt.refresh_from_db()
    workflow.conclude(attempt, given_up, now=timezone.now(), code="")
    by = StaffUser.objects.create(username="reviewer")
    by.groups.add(Group.objects.get(name="Reviewer"))
    return claim.take_next(by=by, now=timezone.now()) is not None


def _exported() -> int:
    """The rows of an export, while other transactions use the pool's connections between its chunks."""
    snapshot.CHUNK = CHUNK
    now = timezone.now()
    period = table.Period(now - timedelta(days=3650), now + timedelta(days=1))
    exported = 0
    with snapshot.snapshot():
        for chunk in snapshot.chunks(rows.EVENTS.rows(period)):
            exported += len(chunk)
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute("SELECT 1")
            other.close()
    return exported


def _seconds_that_a_frozen_process_keeps_its_lock(attempt: VerificationAttempt) -> float:
    row = VerificationAttempt.objects.filter(pk=attempt.pk)
    with _frozen_with_a_lock_on(row):
        began = time.monotonic()
        with transaction.atomic():
            list(row.select_for_update())
        return time.monotonic() - began


@contextmanager
def _frozen_with_a_lock_on(row: Any) -> Iterator[None]:
    connections.close_all()  # Parent and child can't share a connection.
    locked, lock = os.pipe()
    pid = os.fork()
    if not pid:
        with suppress(BaseException), transaction.atomic():
            list(row.select_for_update())
            os.write(lock, b"x")
            signal.pause()
        os._exit(1)
    try:
        os.read(locked, 1)
        os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
