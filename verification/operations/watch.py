"""Watches for alerts when the web server is asked whether it is ready: if no worker is left, nobody else would notice.

It looks and tells in a thread of its own, so that no answer waits for it, and not more often than once in EVERY.
"""

import threading
import time

import structlog
from django.db import DatabaseError, connection

from verification import alerts, clock

EVERY = 30.0  # seconds

log = structlog.get_logger(__name__)
_looking = threading.Lock()
_next_at = 0.0


def look_soon() -> None:
    """Begin to look, unless this process does so or did lately."""
    global _next_at
    if time.monotonic() < _next_at or not _looking.acquire(blocking=False):
        return
    _next_at = time.monotonic() + EVERY
    threading.Thread(target=_look, name="alerts", daemon=True).start()


def _look() -> None:
    try:
        look()
    except DatabaseError as error:
        log.warning("alerts.not_watched", error=type(error).__name__)
    finally:
        connection.close()
        _looking.release()


def look() -> None:
    """See what began and what is over, and tell what nobody else has told."""
    alerts.watch(now=clock.now())
    while alerts.tell_next(clock=clock.now):
        pass
