"""Leases: the attempt's row is the queue entry, and a lease on it says which worker has it.

A lease lasts 15 s, and its worker renews it every 5 s. So the work of a dead worker is soon free again, and a worker
that was frozen meanwhile finds a higher fence and can write nothing.
"""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from verification.jobs import doorbell
from verification.jobs.one_by_one import OneByOne
from verification.models import ProviderCall, VerificationAttempt
from verification.models.unchanged import unchanged
from verification.states import AttemptStatus, Status

# The work of a dead worker is free again after LEASE; a living worker renews it every HEARTBEAT.
LEASE = timedelta(seconds=15)
HEARTBEAT = timedelta(seconds=5)
# A worker may hang while its heartbeat goes on, so renewal stops this long after the claim or the start of the call.
# The call's own deadline (40 s) and the tasks' time limit (55 s) are shorter.
MAX_HOLD = timedelta(seconds=60)
# After this many workers or media child processes died or hung over an attempt, a person looks at it.
MAX_LOST_LEASES = 3
# After a fault of the machine (store, memory) an attempt waits for RETRY_AFTER; after MAX_RETRYING a person looks.
RETRY_AFTER = timedelta(seconds=15)
MAX_RETRYING = timedelta(hours=6)
# Other processes may be faster to claim the attempt that has waited longest; after so many times it is left to them.
MAX_TRIES = 10

# The threads of a process claim one after another: otherwise all would choose the same attempt, and sixty that wake up
# at once would open sixty connections.
_choosing = OneByOne()
# One for each message that was taken up in vain; more than a line of calls would be swept anyway.
_unserved: deque[None] = deque(maxlen=100)


def _free(now: datetime) -> Q:
    no_lease = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    return no_lease & due


def claim(attempt_id: str, status: AttemptStatus, *, now: datetime) -> VerificationAttempt | None:
    """Take a lease on the attempt; None if another worker has it, it is not due, or it is not in `status`."""
    with _choosing:
        found = _first(_waiting(status, now).filter(public_id=attempt_id))
        return found if found is not None and _take(found, now) else None


def claim_longest_waiting(status: AttemptStatus, *, now: datetime) -> VerificationAttempt | None:
    """Take a lease on the attempt that has waited longest; None if none waits, or other processes were faster."""
    with _choosing:
        for _ in range(MAX_TRIES):
            found = _first(_waiting(status, now).order_by("submitted_at"))
            if found is None or _take(found, now):
                return found
    return None


def _waiting(status: AttemptStatus, now: datetime) -> QuerySet[VerificationAttempt]:
    """Those without a lease, or with one that ran out, whose `not_before` has passed."""
    return VerificationAttempt.objects.filter(_free(now), status=status)


def _first(waiting: QuerySet[VerificationAttempt]) -> VerificationAttempt | None:
    """With the rows that its worker needs, and whether it `has_calls`."""
    has_calls = Exists(ProviderCall.objects.filter(attempt=OuterRef("pk")))
    rows = waiting.select_related("verification__policy", "verification__applicant__data_key", "document")
    found = next(iter(rows.annotate(called=has_calls)[:1]), None)
    if found is not None:
        found.has_calls = found.called
    return found


def _take(found: VerificationAttempt, now: datetime) -> bool:
    """Take a lease on the attempt as it was read.

    1. Raise the fence by one. Count a lease that ran out as lost: its worker died or hung.
    2. Compare and set: write only if nobody has claimed it, put it back or taken it further since it was read.
    """
    lease = {"lease_until": now + LEASE, "fence": found.fence + 1}
    if found.lease_until is not None:
        lease["lost_leases"] = found.lost_leases + 1
    same = unchanged(found, "fence", "status", "lease_until", "not_before")
    if not VerificationAttempt.objects.filter(same, pk=found.pk).update(**lease):
        return False
    for name, value in lease.items():
        setattr(found, name, value)
    return True


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
            # Another thread may have claimed the attempt since, with a higher fence.
            if attempt.pk in _holds and _holds[attempt.pk].fence == attempt.fence:
                del _holds[attempt.pk]


def _hold(attempt: VerificationAttempt, now: datetime) -> None:
    with _holds_lock:
        _holds[attempt.pk] = _Hold(attempt.fence, now)


def renew_held(*, now: datetime) -> int:
    """Renew this process's leases, except those held for MAX_HOLD; the heartbeat calls it. Returns how many.

    Rows that another transaction has locked wait for the next beat: one attempt must not cost the others their leases.
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
    """Why a claimed attempt must not be processed, or "". Nothing is sent to the vendor once the case has ended."""
    if attempt.verification.status != Status.CHECKING:
        return "case_ended"
    return "cannot_process" if attempt.lost_leases >= MAX_LOST_LEASES else ""


# A condition in SQL, and its values.
Condition = tuple[str, Sequence[Any]]

# Written by hand, because Django builds its statements anew each time, which takes ten times as long as running this.
_RENEWAL = f"""
    UPDATE verification_verificationattempt SET lease_until = %s
    WHERE id = %s AND fence = %s AND status = %s AND lease_until > %s AND EXISTS (
        SELECT 1 FROM verification_verification WHERE id = verification_id AND status = '{Status.CHECKING}'
    )
"""  # noqa: S608 (the value is a constant)


def renew(attempt: VerificationAttempt, *, now: datetime, only_if: Condition = ("", ())) -> bool:
    """Begin the lease anew. False if it ran out, another worker has it, or the case has ended; or unless `only_if`."""
    condition, values = only_if
    begins, ends = map(connection.ops.adapt_datetimefield_value, (now, now + LEASE))
    with connection.cursor() as cursor:
        statement = f"{_RENEWAL} AND {condition}" if condition else _RENEWAL
        cursor.execute(statement, [ends, attempt.pk, attempt.fence, str(attempt.status), begins, *values])
        renewed: bool = cursor.rowcount == 1
    if renewed and attempt.pk in _holds:
        _hold(attempt, now)
    return renewed


def put_back(
    attempt: VerificationAttempt, *, not_before: datetime, now: datetime, killed: bool = False
) -> None:
    """Give up the lease: the attempt waits until `not_before`, and a message is delivered then.

    `killed` counts a lost lease: a media child process died over the attempt, though this worker lives.
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
    """Give up the lease without a message: the next free worker, or the sweep, sends one for the oldest."""
    _give_up_lease(attempt, not_before=None)
    leave_to_the_next()


def leave_to_the_next() -> None:
    """A message was taken up in vain: no call can be made now. The next worker of this process to come free rings."""
    _unserved.append(None)


def ring_for_unserved() -> None:
    """A worker has come free, so one of the messages that were taken up in vain is sent again."""
    with suppress(IndexError):
        _unserved.pop()
        doorbell.ring_next()


def _give_up_lease(
    attempt: VerificationAttempt, *, not_before: datetime | None, killed: bool = False
) -> bool:
    ours = VerificationAttempt.objects.filter(pk=attempt.pk, fence=attempt.fence, status=attempt.status)
    lost = F("lost_leases") + int(killed)
    return bool(ours.update(lease_until=None, not_before=not_before, lost_leases=lost))


def waiting_longest(status: AttemptStatus, *, now: datetime, limit: int = 500) -> list[str]:
    """Public ids of attempts that are due and without a lease, the longest waiting first."""
    rows = _waiting(status, now).order_by("submitted_at")
    return list(rows.values_list("public_id", flat=True)[:limit])


def ring_waiting(status: AttemptStatus, *, now: datetime, most: int | None = None) -> int:
    """Send messages again for work whose message may have been lost; returns for how many attempts.

    No more than `most` messages wait in the queue afterwards. What waits for the vendor is taken up in its order, and
    not by name: by the time a message is taken up, another worker may have been there.
    """
    task = doorbell.TASK_OF[status]
    found = waiting_longest(status, now=now, limit=doorbell.room_for(task, most))
    for attempt_id in found:
        if status == AttemptStatus.READY:
            doorbell.ring_next()
        else:
            doorbell.ring(task, attempt_id)
    return len(found)
