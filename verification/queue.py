"""The queue: the attempt's row is the entry, a lease says who works on it, a Celery message is only a doorbell.

Names of the tasks and their queues stand here, so that whoever rings imports no task.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from django.db.models import Q
from kombu import Queue
from kombu.exceptions import OperationalError

from verification.models import VerificationAttempt
from verification.states import AttemptStatus, Status

PREPARE = "verification.prepare"
ASSESS = "verification.assess"
SWEEP = "verification.sweep"
QUEUES = {PREPARE: "media", ASSESS: "liveness", SWEEP: "media"}
TASK_OF = {AttemptStatus.SUBMITTED: PREPARE, AttemptStatus.READY: ASSESS}

# Longer than the vendor call's deadline (40 s), before which the lease is renewed.
LEASE = timedelta(seconds=60)
# After so many workers died or hung over an attempt it is the attempt that is at fault.
MOST_LOST_LEASES = 5
# So many bells unanswered are enough: while no worker listens, a sweep must not go on filling the broker.
MOST_BELLS = 500

log = structlog.get_logger(__name__)


def ring(task: str, attempt_id: str, *, delay: float = 0) -> None:
    """Send `task` for the attempt once the running transaction is committed, `delay` seconds later at the soonest."""
    transaction.on_commit(partial(_send, task, attempt_id, delay))


def _send(task: str, attempt_id: str, delay: float) -> None:
    try:
        current_app.send_task(
            task, args=[attempt_id], queue=QUEUES[task], countdown=delay or None, retry=False
        )
    except (OperationalError, OSError) as error:
        # The row is committed, so nothing is lost: the sweeper rings again.
        log.warning("queue.broker_unreachable", task=task, attempt=attempt_id, error=type(error).__name__)


def _free(now: datetime) -> Q:
    no_lease = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    return no_lease & due


def claim(attempt_id: str, status: AttemptStatus, *, now: datetime) -> VerificationAttempt | None:
    """Take a lease on the attempt and raise its fence, or None: somebody has it, or it is not its time or place."""
    waiting = VerificationAttempt.objects.filter(_free(now), public_id=attempt_id, status=status)
    found = waiting.select_related("verification__policy", "document").first()
    if found is None:
        return None
    lease = {"lease_until": now + LEASE, "fence": found.fence + 1}
    if found.lease_until is not None:
        lease["lost_leases"] = found.lost_leases + 1
    if not waiting.filter(fence=found.fence).update(**lease):
        return None
    for name, value in lease.items():
        setattr(found, name, value)
    return found


def reason_to_stop(attempt: VerificationAttempt) -> str:
    """Why no more work must be done on a claimed attempt, or "": nothing of a person who is gone is sent on."""
    if attempt.verification.status != Status.CHECKING:
        return "case_ended"
    return "cannot_process" if attempt.lost_leases >= MOST_LOST_LEASES else ""


def renew(attempt: VerificationAttempt, *, now: datetime) -> bool:
    """Begin the lease anew if it is still ours; False once it ran out or went to another worker."""
    held = VerificationAttempt.objects.filter(
        pk=attempt.pk, fence=attempt.fence, status=attempt.status, lease_until__gt=now
    )
    return bool(held.update(lease_until=now + LEASE))


def put_back(attempt: VerificationAttempt, *, not_before: datetime, now: datetime) -> None:
    """Give up the lease: the attempt waits until `not_before` and the bell rings then."""
    held = VerificationAttempt.objects.filter(pk=attempt.pk, fence=attempt.fence, status=attempt.status)
    if held.update(lease_until=None, not_before=not_before):
        delay = max(0.0, (not_before - now).total_seconds())
        ring(TASK_OF[AttemptStatus(attempt.status)], attempt.public_id, delay=delay)


def waiting(now: datetime, *, limit: int = 500) -> list[tuple[str, str]]:
    """Work that nobody holds: (task, attempt id), the longest waiting first."""
    rows = (
        VerificationAttempt.objects.filter(_free(now), status__in=list(TASK_OF))
        .order_by("submitted_at")
        .values_list("status", "public_id")[:limit]
    )
    return [(TASK_OF[AttemptStatus(status)], public_id) for status, public_id in rows]


def ring_waiting(*, now: datetime) -> int:
    """Ring for work whose bell may have been lost; returns for how many attempts."""
    try:
        room = {task: MOST_BELLS - _unanswered(QUEUES[task]) for task in TASK_OF.values()}
    except (OperationalError, OSError) as error:
        log.warning("queue.broker_unreachable", task=SWEEP, error=type(error).__name__)
        return 0
    rung = 0
    for task, attempt_id in waiting(now):
        if room[task] > 0:
            ring(task, attempt_id)
            room[task] -= 1
            rung += 1
    return rung


def _unanswered(queue_name: str) -> int:
    """How many bells wait in the broker."""
    with current_app.connection_for_write() as connection:
        try:
            found: Any = Queue(queue_name).bind(connection.default_channel).queue_declare(passive=True)
        except connection.channel_errors:
            return 0  # There is no such queue yet: nobody has rung.
        return int(found.message_count)
