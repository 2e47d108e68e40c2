"""Leases of comparisons that are made again: as for attempts, the row is the queue, and a fence keeps a frozen worker
from writing.

There are few of them and nobody waits at a screen. So a lease is longer than a call can take, and no heartbeat renews
it: the work of a dead worker is free again after LEASE.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from verification.jobs import doorbell
from verification.models import Rerun, RerunState

# Longer than the tasks' time limit (55 s).
LEASE: Final = timedelta(seconds=90)
# The sweep sends messages for so many at once.
MAX_AT_ONCE: Final = 20


def claim(rerun_id: str, *, now: datetime) -> Rerun | None:
    """Take a lease; None if another worker has it, it is not due, or it has ended."""
    related = ("verification__applicant__data_key", "verification__policy", "attempt__document")
    found = _waiting(now).filter(public_id=rerun_id).select_related(*related).first()
    if found is None:
        return None
    found.attempt.verification = found.verification
    same = Rerun.objects.filter(pk=found.pk, fence=found.fence, state=RerunState.WAITING)
    found.fence += 1
    return found if same.update(fence=found.fence, lease_until=now + LEASE) else None


def _waiting(now: datetime) -> QuerySet[Rerun]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    return Rerun.objects.filter(free & due, state=RerunState.WAITING)


def renew(rerun: Rerun, *, now: datetime) -> bool:
    """Begin the lease anew. False if it ran out, or another worker has it."""
    return bool(_ours(rerun).filter(lease_until__gt=now).update(lease_until=now + LEASE))


def put_back(rerun: Rerun, *, not_before: datetime) -> None:
    """Give up the lease; the sweep sends a message once it is due."""
    _ours(rerun).update(lease_until=None, not_before=not_before)


def end(rerun: Rerun, state: RerunState, *, now: datetime, **finding: Any) -> bool:
    """End it with `finding`; False if another worker has it, which ends it itself."""
    changes = {**finding, "state": state, "ended_at": now, "lease_until": None, "not_before": None}
    if not _ours(rerun).update(**changes):
        return False
    for name, value in changes.items():
        setattr(rerun, name, value)
    return True


def _ours(rerun: Rerun) -> QuerySet[Rerun]:
    return Rerun.objects.filter(pk=rerun.pk, fence=rerun.fence, state=RerunState.WAITING)


def ring_waiting(*, now: datetime) -> None:
    """Send messages for those that are due and that no worker has."""
    ids = _waiting(now).order_by("requested_at").values_list("public_id", flat=True)[:MAX_AT_ONCE]
    for rerun_id in ids:
        doorbell.ring(doorbell.RERUN, rerun_id)
