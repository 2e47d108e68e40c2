"""Which process makes which export: a lease in the database, with a fence. One is made at a time, the oldest first.

An export takes minutes, longer than a task may, so a process of its own makes it, which a worker starts.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Q, QuerySet

from verification import clock
from verification.models import Export, ExportState

# The work of a process that died is free again after LEASE; a living one renews it every BEAT, and learns then that
# nobody wants the export any more.
LEASE: Final = timedelta(seconds=15)
BEAT: Final = timedelta(seconds=1)
# After so many processes died over an export it is given up.
MAX_STARTS: Final = 3

log = structlog.get_logger(__name__)

_children: list["subprocess.Popen[bytes]"] = []


def waits(*, now: datetime) -> bool:
    """Whether a process should begin with an export now."""
    return _next(now) is not None


def claim(*, now: datetime) -> Export | None:
    """Take the lease of the oldest export that waits or has lost its process; None if there is none, or one is made."""
    found = _next(now)
    return found if found is not None and take(found, now=now) else None


def _next(now: datetime) -> Export | None:
    if Export.objects.filter(state=ExportState.RUNNING, lease_until__gt=now).exists():
        return None
    under_way = Q(state=ExportState.WAITING) | Q(state=ExportState.RUNNING, fence__lt=MAX_STARTS)
    return Export.objects.filter(under_way).order_by("created_at", "pk").first()


def take(export: Export, *, now: datetime) -> bool:
    """Take the lease of the export as it was read, with a higher fence. False if somebody was quicker."""
    same = Export.objects.filter(pk=export.pk, state=export.state, fence=export.fence)
    claimed = {"state": ExportState.RUNNING, "fence": export.fence + 1, "lease_until": now + LEASE}
    if not same.filter(Q(lease_until=None) | Q(lease_until__lte=now)).update(
        **claimed, rows=0, rows_counted=0
    ):
        return False
    for name, value in claimed.items():
        setattr(export, name, value)
    return True


def renew(export: Export, *, done: int, counted: int, now: datetime) -> bool:
    """Begin the lease anew and note how far the export is. False if it is no longer this process's to make."""
    return bool(held(export).update(lease_until=now + LEASE, rows=done, rows_counted=counted))


def held(export: Export) -> QuerySet[Export]:
    """The export's row, as long as the process that read it may write it: nobody cancelled or took it since."""
    return Export.objects.filter(pk=export.pk, state=ExportState.RUNNING, fence=export.fence)


class Beat:
    """What a process says of its export every BEAT; `stop` is called once the export is no longer its own to make."""

    def __init__(self, export: Export, stop: Callable[[], None]) -> None:
        self.export, self._stop = export, stop
        self.done = self.counted = 0
        self.is_lost = False

    def note(self, done: int, counted: int) -> None:
        self.done, self.counted = done, counted

    def once(self) -> None:
        if not renew(self.export, done=self.done, counted=self.counted, now=clock.now()):
            self.is_lost = True
            self._stop()


@contextmanager
def kept(export: Export, stop: Callable[[], None]) -> Iterator[Beat]:
    """While the block runs, a thread renews the lease: its own connection writes while the export only reads."""
    beat, over = Beat(export, stop), threading.Event()
    thread = threading.Thread(target=_keep, args=(beat, over), name="export-lease", daemon=True)
    thread.start()
    try:
        yield beat
    finally:
        over.set()
        thread.join()


def _keep(beat: Beat, over: threading.Event) -> None:
    while not over.wait(BEAT.total_seconds()) and not beat.is_lost:
        try:
            beat.once()
        except (DatabaseError, InterfaceError) as error:
            log.warning("export.lease_not_renewed", export=beat.export.public_id, error=type(error).__name__)
            connection.close()
    connection.close()


def start(export: Export) -> None:
    """Have a process of its own make the claimed export. If it can't, the lease runs out and another worker tries."""
    _children[:] = [child for child in _children if child.poll() is None]
    command = [sys.executable, "manage.py", "make_export", export.public_id, str(export.fence)]
    _children.append(
        subprocess.Popen(  # noqa: S603 (the command is all ours)
            command,
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    )
