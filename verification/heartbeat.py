"""Keeps the leases of a worker alive while its process is: a thread that renews them every few seconds.

A process that was killed, or stopped for longer than a lease, loses its work to another worker by that alone.
"""

import os
import threading
import time

import structlog
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from verification import queue

log = structlog.get_logger(__name__)

_lock = threading.Lock()
_beating_in = 0  # process id: a fork copies this variable, but not the thread


def start() -> None:
    """Start this process's heartbeat, unless it beats already."""
    global _beating_in
    with _lock:
        if _beating_in != os.getpid():
            _beating_in = os.getpid()
            threading.Thread(target=_beat, name="heartbeat", daemon=True).start()


def _beat() -> None:
    while True:
        time.sleep(queue.HEARTBEAT.total_seconds())
        try:
            queue.renew_held(now=timezone.now())
        except DatabaseError as error:
            # The next beat is soon enough: a lease lasts for three.
            log.warning("heartbeat.missed", error=type(error).__name__)
        finally:
            close_old_connections()
