"""A worker with many attempts, while another session has one of their rows locked."""

from contextlib import ExitStack
from datetime import datetime
from threading import Thread
from typing import Any

from django.db import connections
from django.utils import timezone

from tests.faults.obstacles import locked
from verification.jobs import leases
from verification.models import VerificationAttempt
from verification.states import AttemptStatus


def run(repetitions: int) -> dict[str, Any]:
    now = timezone.now()
    with ExitStack() as stack:
        mine = [leases.claim(attempt_id, AttemptStatus.READY, now=now) for attempt_id in _ready(repetitions)]
        for attempt in mine:
            stack.enter_context(leases.held(attempt, now=now))
        with locked(VerificationAttempt.objects.filter(pk=mine[repetitions // 2].pk)):
            return {"held": len(mine), "renewed": _beat(now)}


def _beat(now: datetime) -> int:
    """The number of leases that one heartbeat renews before the next one is due."""
    beat = Thread(target=_renew, args=[now + leases.HEARTBEAT], daemon=True)
    beat.start()
    beat.join(leases.HEARTBEAT.total_seconds())
    return VerificationAttempt.objects.filter(lease_until__gt=now + leases.LEASE).count()


def _renew(now: datetime) -> None:
    leases.renew_held(now=now)
    connections.close_all()


def _ready(count: int) -> list[str]:
    rows = VerificationAttempt.objects.filter(status=AttemptStatus.READY).order_by("pk")
    return list(rows.values_list("public_id", flat=True)[:count])
