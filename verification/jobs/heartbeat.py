"""Renews the leases of this process every few seconds, and writes down which queues it answered, in its own thread.

So a process that was killed, or stopped for longer than a lease, loses its work to another worker.
"""

import threading
import time

import structlog
from django.db import close_old_connections

from verification import clock
from verification.jobs import answers, leases

log = structlog.get_logger(__name__)

_lock = threading.Lock()
_thread: threading.Thread | None = None


def start() -> None:
    """Start this process's heartbeat unless it runs. A fork copies no threads, so the child must start its own."""
    global _thread
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_beat, name="heartbeat", daemon=True)
            _thread.start()


def _beat() -> None:
    while True:
        time.sleep(leases.HEARTBEAT.total_seconds())
        try:
            close_old_connections()
            leases.renew_held(now=clock.now())
            answers.write_noted()
        except Exception:
            # Nothing above catches this, and the thread must go on. A lease lasts for three beats.
            log.exception("heartbeat.missed")
