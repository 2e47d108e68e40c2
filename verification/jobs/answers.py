"""Which queue was answered when, so that somebody notices when no worker listens.

Beat sends a small message (PULSE) to each queue every few seconds. A row tells when a worker last took a message of any
kind from a queue, which a connection to the broker would not prove. Beat has a row of its own: while beat stands still,
a queue without work has nothing to answer, and nobody can tell whether a worker listens.
"""

import socket
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import NamedTuple

from django.db.models import Case, F, Value, When

from verification import __version__, clock
from verification.jobs import doorbell
from verification.models import QueueAnswer, WorkerHost

BEAT = "beat"
NAMES = (*dict.fromkeys(doorbell.QUEUES.values()), BEAT)
# Longer than a full pool is busy with what it has: a call takes 40 s at most, and the tasks' time limit is 55 s.
SILENT_AFTER = timedelta(seconds=90)
GONE_AFTER = timedelta(days=1)
_HOST = socket.gethostname()[:120]


class State(StrEnum):
    UP = "up"
    SILENT = "silent"
    NEVER = "never"
    # Beat does not run, or has not run for long enough to tell.
    UNKNOWN = "unknown"


class Answer(NamedTuple):
    """`last` is None if there never was an answer since the portal was installed."""

    state: State
    last: datetime | None

    @property
    def stands_still(self) -> bool:
        return self.state in {State.SILENT, State.NEVER}


_taken: dict[str, datetime] = {}
_taken_lock = Lock()


def note(queue: str, *, now: datetime) -> None:
    """A message was taken from the queue. The heartbeat writes it down, so that no task waits for that."""
    if queue in NAMES:
        with _taken_lock:
            _taken[queue] = now


def write_noted() -> None:
    """Write down what was noted since the last time."""
    with _taken_lock:
        noted = dict(_taken)
        _taken.clear()
    for queue, at in noted.items():
        record(queue, now=at)


def record(queue: str, *, now: datetime) -> None:
    """The queue was answered at `now`. After a gap of SILENT_AFTER, `since` begins anew."""
    since = Case(When(answered_at__lt=now - SILENT_AFTER, then=Value(now)), default=F("since"))
    if not QueueAnswer.objects.filter(queue=queue).update(answered_at=now, since=since):
        QueueAnswer.objects.get_or_create(queue=queue, defaults={"answered_at": now, "since": now})
    _record_host(queue, since, now)


def _record_host(queue: str, since: Case, now: datetime) -> None:
    """Which host it was, with which version and clock."""
    facts = {"answered_at": now, "version": __version__, "clock_ms": clock.host_ahead_ms()}
    rows = WorkerHost.objects.filter(queue=queue, host=_HOST)
    if not rows.update(**facts, since=since):
        WorkerHost.objects.get_or_create(queue=queue, host=_HOST, defaults={**facts, "since": now})


def forget_gone(*, now: datetime) -> None:
    """Forget the hosts that have not answered for GONE_AFTER; each container that is replaced leaves one."""
    WorkerHost.objects.filter(answered_at__lt=now - GONE_AFTER).delete()


def states(*, now: datetime) -> dict[str, Answer]:
    """The state of each of NAMES."""
    rows = {row.queue: row for row in QueueAnswer.objects.all()}
    beat = rows.get(BEAT)
    return {name: _state(name, rows.get(name), beat, now) for name in NAMES}


def _state(name: str, row: QueueAnswer | None, beat: QueueAnswer | None, now: datetime) -> Answer:
    last = row.answered_at if row else None
    if last is not None and now - last <= SILENT_AFTER:
        return Answer(State.UP, last)
    if name != BEAT and not _asked_in_vain(last, beat, now):
        return Answer(State.UNKNOWN, last)
    return Answer(State.SILENT if last else State.NEVER, last)


def _asked_in_vain(last: datetime | None, beat: QueueAnswer | None, now: datetime) -> bool:
    """Did beat send messages for SILENT_AFTER without a gap, none of which was answered?"""
    if beat is None:
        return False
    first = max(last, beat.since) if last else beat.since
    return min(now, beat.answered_at) - first > SILENT_AFTER
