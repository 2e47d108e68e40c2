"""Celery's beat, which writes down that it runs: otherwise nobody can tell its silence from the workers'."""

from typing import Any

import structlog
from celery import beat
from django.db import DatabaseError, close_old_connections

from verification import clock
from verification.jobs import answers, doorbell

log = structlog.get_logger(__name__)


class Scheduler(beat.Scheduler):
    """Keeps the schedule in memory, as the settings have it."""

    def apply_async(self, entry: Any, *args: Any, **options: Any) -> Any:
        """Send the entry's message. A sweep that was sent, every 5 s, is written down."""
        sent = super().apply_async(entry, *args, **options)
        if entry.task == doorbell.SWEEP:
            _record()
        return sent


def _record() -> None:
    try:
        close_old_connections()
        answers.record(answers.BEAT, now=clock.now())
    except DatabaseError as error:
        # Beat goes on: the sweeps are more important than the row.
        log.warning("beat.not_recorded", error=type(error).__name__)
