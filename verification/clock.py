"""One clock for all hosts: the database's. Pace and leases are compared across hosts, to a few milliseconds.

With SQLite there is one host, and its own clock is used.
"""

import threading
import time
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

# In this time a quartz clock drifts from the database's by half a millisecond at worst.
MEASURED_EVERY = 60  # seconds
SAMPLES = 3


class _Offset:
    """How far the database's clock is ahead of this host's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._measured_at = -float("inf")
        self._offset = timedelta(0)

    def get(self) -> timedelta:
        if time.monotonic() - self._measured_at > MEASURED_EVERY:
            with self._lock:
                self._measure()
        return self._offset

    def _measure(self) -> None:
        if time.monotonic() - self._measured_at > MEASURED_EVERY:
            # The quickest answer was the least delayed on its way, so it has the smallest error.
            self._offset = min(_sample() for _ in range(SAMPLES))[1]
            self._measured_at = time.monotonic()


def _sample() -> tuple[timedelta, timedelta]:
    """How long the database took to answer, and how far ahead its clock was half-way."""
    with connection.cursor() as cursor:
        asked = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
        took = timezone.now() - asked
    return took, theirs - (asked + took / 2)


_offset = _Offset()


def host_ahead_ms() -> int:
    """How far this host's clock is ahead of the clock that all hosts share."""
    behind = _offset.get() if connection.vendor == "postgresql" else timedelta(0)
    return -round(behind / timedelta(milliseconds=1))


def now() -> datetime:
    """The time by the clock that all hosts share."""
    return timezone.now() + (_offset.get() if connection.vendor == "postgresql" else timedelta(0))
