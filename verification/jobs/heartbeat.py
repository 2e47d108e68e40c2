"""Renews the leases of this process every few seconds, and writes down which queues it answered, in its own thread.

So a process that was killed, or stopped for longer than a lease, loses its work to another worker. Other parts may have
a duty of theirs done in that thread (`add_duty`).
"""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from verification import clock
from verification.jobs import answers, leases
from verification.jobs.connections import let_go_of_database

log = structlog.get_logger(__name__)

DUTIES_EVERY = 0.5  # seconds

_duties: list[Callable[[], None]] = []
_lock = threading.Lock()
_threads: dict[str, threading.Thread] = {}


def start() -> None:
    """Start this process's threads unless they run. A fork copies no threads, so the child must start its own."""
    with _lock:
        _start("heartbeat", _beat)
        if _duties:
            _start("duties", _do_duties)


def add_duty(duty: Callable[[], None]) -> None:
    """Have `duty` called once in DUTIES_EVERY, in a thread beside the heartbeat: it may wait for a lock."""
    _duties.append(duty)


def _start(name: str, run: Callable[[], None]) -> None:
    if name not in _threads or not _threads[name].is_alive():
        _threads[name] = threading.Thread(target=run, name=name, daemon=True)
        _threads[name].start()


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


def _do_duties() -> None:
    while True:
        time.sleep(DUTIES_EVERY)
        for duty in _duties:
            try:
                duty()
            except (DatabaseError, InterfaceError) as error:
                log.warning("heartbeat.duty_without_database", error=type(error).__name__)
                connection.close()
            except Exception:
                log.exception("heartbeat.duty_failed")
        let_go_of_database()
