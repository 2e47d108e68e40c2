"""May the vendor be called now? A slot in time is reserved in the account's row, for all workers and hosts alike."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Q

from verification.models import VendorAccount

# Twenty gaps of 50.5 ms leave 10 ms for jitter on the way, so that no second ever holds 21 calls.
GAP_MARGIN = 1.01
LATE = timedelta(milliseconds=8)
LONGEST_WAIT = timedelta(seconds=2)
MOST_SLOTS = 5  # a machine that wakes up late so often has other troubles: the work goes back into the queue


@dataclass(frozen=True)
class Wait:
    """The vendor must not be called for `seconds`: the account is paused, or its pace is booked out."""

    seconds: float


def account() -> VendorAccount:
    """The account that is called, made on first use."""
    found, _ = VendorAccount.objects.get_or_create(name="default", defaults={"rate": settings.FACEID_RATE})
    if found.rate != settings.FACEID_RATE:
        found.rate = settings.FACEID_RATE
        found.save(update_fields=["rate"])
    return found


def reserve(account: VendorAccount, *, now: datetime) -> datetime | Wait:
    """The moment at which the caller may send, or how long to stay away. Never reserves further ahead than 2 s."""
    while True:
        account.refresh_from_db()
        gap = timedelta(seconds=GAP_MARGIN / account.rate)
        if account.paused_until and account.paused_until > now:
            return Wait((account.paused_until - now).total_seconds())
        slot = max(account.next_slot_at or now, now)
        if slot - now > LONGEST_WAIT:
            return Wait((slot - now).total_seconds())
        unchanged = (
            Q(next_slot_at=account.next_slot_at) if account.next_slot_at else Q(next_slot_at__isnull=True)
        )
        if VendorAccount.objects.filter(unchanged, pk=account.pk).update(next_slot_at=slot + gap):
            return slot


def wait_for_slot(account: VendorAccount) -> Wait | None:
    """Sleep until a slot is ours. A slot that we woke too late for is given up for another: late calls bunch."""
    for _ in range(MOST_SLOTS):
        slot = reserve(account, now=datetime.now(UTC))
        if isinstance(slot, Wait):
            return slot
        time.sleep(max(0.0, (slot - datetime.now(UTC)).total_seconds()))
        if datetime.now(UTC) - slot <= LATE:
            return None
    return Wait(LONGEST_WAIT.total_seconds())


def pause(account: VendorAccount, *, reason: str, until: datetime) -> None:
    """Stop the calling for everyone until then; the work waits in its rows."""
    VendorAccount.objects.filter(pk=account.pk).update(paused_until=until, pause_reason=reason[:100])
