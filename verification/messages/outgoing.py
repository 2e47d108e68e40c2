"""Who sends a row of `Outgoing` now, and when it is tried again. One that was claimed twice is finished once."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from verification.models import Outgoing
from verification.models.unchanged import unchanged

# Longer than a try can take: with its deadline, the longest is half of it.
LEASE = timedelta(seconds=60)
# From the first try to the second; each pause is twice as long as the one before, up to LONGEST_PAUSE.
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
# What could not be sent for so long is of no use any more.
GIVE_UP_AFTER = timedelta(days=2)
# Other workers may be faster to claim the row that is due first; after so many times it is left to them.
MAX_CLAIMS = 10

Row = TypeVar("Row", bound=Outgoing)


def due(waiting: QuerySet[Row], *, now: datetime) -> QuerySet[Row]:
    """Those that are due and that no worker has."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return waiting.filter(free, not_before__lte=now)


def claim(waiting: QuerySet[Row], *, now: datetime) -> Row | None:
    """A lease on the row that is due first; None if none is due. It counts as a try, also if the worker dies."""
    for _ in range(MAX_CLAIMS):
        found = due(waiting, now=now).order_by("not_before", "pk").first()
        if found is None:
            return None
        lease = {"lease_until": now + LEASE, "fence": found.fence + 1, "tries": found.tries + 1}
        if waiting.filter(unchanged(found, "fence", "lease_until"), pk=found.pk).update(**lease):
            for name, value in lease.items():
                setattr(found, name, value)
            return found
    return None


def finish(row: Outgoing, **fields: Any) -> bool:
    """Write `fields` and give up the lease; False if another worker has claimed the row since."""
    changes = {**fields, "lease_until": None}
    mine = type(row)._default_manager.filter(pk=row.pk, fence=row.fence, lease_until=row.lease_until)
    if not mine.update(**changes):
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    return True


def gives_up(row: Outgoing, *, now: datetime) -> bool:
    return now - row.due_at >= GIVE_UP_AFTER


def next_try(row: Outgoing, *, now: datetime) -> datetime:
    doubled = min(max(row.tries, 1) - 1, 10)
    return now + min(FIRST_PAUSE * (1 << doubled), LONGEST_PAUSE)
