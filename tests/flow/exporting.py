"""Exports as a worker's process makes them, in the test's own process."""

from datetime import datetime
from typing import Any

from verification import audit
from verification.actions import export as action
from verification.actions import make_export
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period
from verification.jobs import export_leases
from verification.models import Export

AUDITOR = audit.By("auditor", "ann")


def asked(period: Period, *, now: datetime, by: audit.By = AUDITOR, **more: Any) -> Export:
    words = {"purpose": "audit", "reason": "Annual audit"}
    return action.ask(period=period, by=by, now=now, **{**words, **more})


def export(period: Period, *, now: datetime, **more: Any) -> Export:
    """An export that is ready."""
    return made(asked(period, now=now, **more), now=now)


def made(export: Export, *, now: datetime) -> Export:
    """What a process makes of an export that waits."""
    assert export_leases.take(export, now=now)
    return make_export.make(export, Progress(), clock=lambda: now)
