"""Workers to be killed or frozen: forked processes that each work on one attempt, like a Celery worker.

They use no broker, so only the sweep gives their attempts to another worker.
"""

import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.utils import timezone

from tests.faults.waiting import POLL, wait_until
from verification import tasks
from verification.jobs import heartbeat, leases
from verification.models import VerificationAttempt
from verification.states import AttemptStatus

FAR_OFF = timedelta(days=1)
_claim, _leave_waiting = leases.claim, leases.leave_waiting


def park() -> list[str]:
    """Keeps every worker from the attempts until the test releases them; returns their ids, oldest first."""
    VerificationAttempt.objects.update(not_before=timezone.now() + FAR_OFF)
    ready = VerificationAttempt.objects.filter(status=AttemptStatus.READY)
    return list(ready.order_by("pk").values_list("public_id", flat=True))


class Workers:
    """The forked workers of a scenario, by attempt; the end of the block kills them."""

    def __init__(self) -> None:
        self._pids: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for attempt_id in list(self._pids):
            self.kill(attempt_id)

    def start(
        self, attempt_ids: Iterable[str], endpoint: str, before: Callable[[str], object] | None = None
    ) -> None:
        """Forks one worker for each attempt. The worker calls `before` with the attempt's id before it begins."""
        connections.close_all()  # Parent and child can't share a connection.
        for attempt_id in attempt_ids:
            self._pids[attempt_id] = os.fork() or _be_worker(attempt_id, endpoint, before)

    def pid(self, attempt_id: str) -> int:
        return self._pids[attempt_id]

    def kill_if(self, attempt_id: str, there: Callable[[], set[str]]) -> datetime | None:
        """Stops the worker and kills it only if it is at the point then; otherwise lets it go on."""
        os.kill(self._pids[attempt_id], signal.SIGSTOP)
        if attempt_id in there():
            return self.kill(attempt_id)
        os.kill(self._pids[attempt_id], signal.SIGCONT)
        return None

    def kill(self, attempt_id: str) -> datetime:
        """Sends SIGKILL; returns the time when the worker was dead."""
        pid = self._pids.pop(attempt_id)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return timezone.now()

    def freeze(self, attempt_id: str) -> datetime:
        """Sends SIGSTOP while the worker does not hold SQLite's only lock, which would stop everybody else."""
        while True:
            os.kill(self._pids[attempt_id], signal.SIGSTOP)
            if _others_can_write():
                return timezone.now()
            os.kill(self._pids[attempt_id], signal.SIGCONT)
            time.sleep(POLL)

    def thaw(self, attempt_ids: Iterable[str]) -> None:
        """Sends SIGCONT to these; returns when they have ended by themselves."""
        pids = [self._pids[attempt_id] for attempt_id in attempt_ids]
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        wait_until("the thawed workers come to an end", lambda: all(map(_has_ended, pids)))
        self._pids = {attempt_id: pid for attempt_id, pid in self._pids.items() if pid not in pids}


def _be_worker(attempt_id: str, endpoint: str, before: Callable[[str], object] | None) -> int:
    """The child's main function. It never returns, so that the child does not run the parent's code."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        settings.FACEID_ENDPOINT = endpoint
        leases.claim, leases.leave_waiting = _claim_parked, _park_again
        if before:
            before(attempt_id)
        _work(attempt_id)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _work(attempt_id: str) -> None:
    heartbeat.start()
    row = VerificationAttempt.objects.filter(public_id=attempt_id)
    while row.filter(status=AttemptStatus.READY).exists():
        try:
            tasks.assess(attempt_id)
        except DatabaseError:
            connection.close()  # As in Celery: a failed task does not end the worker.


def _claim_parked(attempt_id: str, status: AttemptStatus, *, now: datetime) -> VerificationAttempt | None:
    """Claims the attempt while it is parked: if it were released, the portal's other worker could claim it first."""
    with transaction.atomic():
        VerificationAttempt.objects.filter(public_id=attempt_id).update(not_before=None)
        return _claim(attempt_id, status, now=now)


def _park_again(attempt: VerificationAttempt) -> None:
    """Parks the attempt again: after too many missed slots a worker releases its attempt and claims it at once."""
    with transaction.atomic():
        _leave_waiting(attempt)
        VerificationAttempt.objects.filter(pk=attempt.pk).update(not_before=timezone.now() + FAR_OFF)


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True  # It has ended already.


def _others_can_write() -> bool:
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 500")
        try:
            with transaction.atomic():
                return True
        except OperationalError:
            return False
        finally:
            cursor.execute("PRAGMA busy_timeout = 20000")
