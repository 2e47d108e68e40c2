"""Leases: the attempt's row is the queue entry, and a lease on it says which worker has it.

A lease is short, and its worker renews it for as long as it lives. So the work of a dead worker is free again soon, and
a frozen worker that wakes up finds a higher fence number and can write nothing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db import connection, transaction
from django.db.models import F, Q

from verification.jobs import doorbell
from verification.models import VerificationAttempt
from verification.states import AttemptStatus, Status

# How soon the work of a dead worker is free again. Its worker renews it three times in that time.
LEASE = timedelta(seconds=15)
HEARTBEAT = timedelta(seconds=5)
# A living worker may hang all the same: nobody holds on for longer than this, counted from the claim or the call.
# The call's own deadline (40 s) and the tasks' time limit (55 s) are shorter.
MAX_HOLD = timedelta(seconds=60)
# After so many workers, or their media children, died or hung over an attempt it is the attempt that is at fault.
MAX_LOST_LEASES = 3
# After a fault of the machine (store, memory) an attempt waits for RETRY_AFTER; after MAX_RETRYING a person looks.
RETRY_AFTER = timedelta(seconds=15)
MAX_RETRYING = timedelta(hours=6)


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


@dataclass(frozen=True)
class _Hold:
    fence: int
    since: datetime


_holds: dict[int, _Hold] = {}
_holds_lock = threading.Lock()


@contextmanager
def held(attempt: VerificationAttempt, *, now: datetime) -> Iterator[None]:
    """While the block runs, `renew_held` keeps the lease of this claimed attempt alive."""
    _hold(attempt, now)
    try:
        yield
    finally:
        with _holds_lock:
            # Another thread may hold it by now, with a fence of its own.
            if attempt.pk in _holds and _holds[attempt.pk].fence == attempt.fence:
                del _holds[attempt.pk]


def _hold(attempt: VerificationAttempt, now: datetime) -> None:
    with _holds_lock:
        _holds[attempt.pk] = _Hold(attempt.fence, now)


def renew_held(*, now: datetime) -> int:
    """Renew this process's leases but those held for too long; the heartbeat of a worker. Returns how many.

    A row that somebody has locked is left for the next beat: one attempt must not cost the others their leases.
    """
    with _holds_lock:
        alive = [Q(pk=pk, fence=hold.fence) for pk, hold in _holds.items() if now - hold.since < MAX_HOLD]
    if not alive:
        return 0
    ours = VerificationAttempt.objects.filter(reduce(or_, alive), status__in=list(doorbell.TASK_OF))
    with transaction.atomic():
        free = ours.exclude(lease_until=None).select_for_update(
            skip_locked=connection.features.has_select_for_update_skip_locked
        )
        keys = list(free.values_list("pk", flat=True))
        return VerificationAttempt.objects.filter(pk__in=keys).update(lease_until=now + LEASE)


def why_not_process(attempt: VerificationAttempt) -> str:
    """Why no more work must be done on a claimed attempt, or "": nothing of a person who is gone is sent on."""
    if attempt.verification.status != Status.CHECKING:
        return "case_ended"
    return "cannot_process" if attempt.lost_leases >= MAX_LOST_LEASES else ""


def renew(attempt: VerificationAttempt, *, now: datetime) -> bool:
    """Begin the lease anew if it is still ours and the case goes on; False once it ran out or went to another."""
    ours = VerificationAttempt.objects.filter(
        pk=attempt.pk,
        fence=attempt.fence,
        status=attempt.status,
        lease_until__gt=now,
        verification__status=Status.CHECKING,
    )
    renewed = bool(ours.update(lease_until=now + LEASE))
    if renewed and attempt.pk in _holds:
        _hold(attempt, now)
    return renewed


def put_back(
    attempt: VerificationAttempt, *, not_before: datetime, now: datetime, killed: bool = False
) -> None:
    """Give up the lease: the attempt waits until `not_before` and the bell rings then.

    `killed` counts it as a lease that was lost: something died over the attempt, though this worker lives.
    """
    if _give_up_lease(attempt, not_before=not_before, killed=killed):
        delay = max(0.0, (not_before - now).total_seconds())
        doorbell.ring(doorbell.TASK_OF[AttemptStatus(attempt.status)], attempt.public_id, delay=delay)


def retry_later(attempt: VerificationAttempt, *, now: datetime) -> bool:
    """Put back what the machine could not do; False if it was submitted more than MAX_RETRYING ago: a person looks."""
    if attempt.submitted_at is not None and now - attempt.submitted_at > MAX_RETRYING:
        return False
    put_back(attempt, not_before=now + RETRY_AFTER, now=now)
    return True


def leave_waiting(attempt: VerificationAttempt) -> None:
    """Give up the lease without a bell: a worker that comes free, or the sweep, rings for what waits longest."""
    _give_up_lease(attempt, not_before=None)


def _give_up_lease(
    attempt: VerificationAttempt, *, not_before: datetime | None, killed: bool = False
) -> bool:
    ours = VerificationAttempt.objects.filter(pk=attempt.pk, fence=attempt.fence, status=attempt.status)
    lost = F("lost_leases") + int(killed)
    return bool(ours.update(lease_until=None, not_before=not_before, lost_leases=lost))


def waiting_longest(status: AttemptStatus, *, now: datetime, limit: int = 500) -> list[str]:
    """Ids of attempts that nobody holds, the longest waiting first."""
    rows = VerificationAttempt.objects.filter(_free(now), status=status).order_by("submitted_at")
    return list(rows.values_list("public_id", flat=True)[:limit])


def anything_waits(*, now: datetime) -> bool:
    """Does an attempt that is ready wait for the vendor, in nobody's hands?"""
    return bool(waiting_longest(AttemptStatus.READY, now=now, limit=1))


def ring_waiting(status: AttemptStatus, *, now: datetime) -> int:
    """Send messages again for work whose message may have been lost; returns for how many attempts."""
    task = doorbell.TASK_OF[status]
    found = waiting_longest(status, now=now, limit=doorbell.room_for(task))
    for attempt_id in found:
        doorbell.ring(task, attempt_id)
    return len(found)
