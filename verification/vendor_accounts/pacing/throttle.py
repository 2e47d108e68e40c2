"""Slower while the vendor asks for fewer calls, then faster again; how long it asked not to be called at all.

Each step halves the pace. Only `account_health` says when, and pauses an account that is throttled at the slowest pace
too.
"""

from datetime import datetime, timedelta
from enum import Enum, auto

from django.db.models import F, Q

from verification.models import VendorAccount
from verification.models.unchanged import unchanged
from verification.vendor_accounts.pacing.account_state import LATEST_WAIT, MAX_AHEAD
from verification.vendor_accounts.pacing.accounts import forget

# 20 calls a second become 10, 5, 2.5 and 1.25.
MAX_SLOWDOWN = 4
# Calls are booked up to MAX_WAIT (2 s) ahead at the pace before, so a step shows its effect after this long.
SETTLES_IN = timedelta(seconds=3)
FASTER_AFTER = timedelta(seconds=10)


class Step(Enum):
    """What a throttled call led to."""

    NONE = auto()
    SLOWER = auto()
    AT_THE_SLOWEST = auto()


def pace_of(account: VendorAccount) -> float:
    """Calls a second."""
    return float(account.rate / 2**account.slowdown)


def slow_down(account: VendorAccount, *, called_at: datetime, now: datetime) -> Step:
    """Halve the pace, unless the throttled call of `called_at` was booked before the last step showed its effect."""
    account.refresh_from_db()
    if _stepped_within(SETTLES_IN, account, called_at):
        return Step.NONE
    if account.slowdown >= MAX_SLOWDOWN:
        return Step.AT_THE_SLOWEST
    return Step.SLOWER if _step(account, 1, now) else Step.NONE


def speed_up(account: VendorAccount, *, called_at: datetime, now: datetime) -> bool:
    """Double the pace after a served call, FASTER_AFTER after the last step. True if it is the full pace again."""
    account.refresh_from_db()
    if account.slowdown == 0 or _stepped_within(FASTER_AFTER, account, called_at):
        return False
    return _step(account, -1, now) and account.slowdown == 1


def _stepped_within(time: timedelta, account: VendorAccount, called_at: datetime) -> bool:
    """Was the last step less than `time` before the call?"""
    stepped_at = last_step(account, called_at)
    return stepped_at is not None and called_at < stepped_at + time


def last_step(account: VendorAccount, now: datetime) -> datetime | None:
    """When the pace was changed last; None if never, or if a wrong clock dated it."""
    at = account.slowed_at
    return at if at is not None and at <= now + MAX_AHEAD else None


def _step(account: VendorAccount, by: int, now: datetime) -> bool:
    """False if another worker has changed the pace since it was read."""
    row = VendorAccount.objects.filter(unchanged(account, "slowed_at", "slowdown"), pk=account.pk)
    stepped = row.update(slowdown=F("slowdown") + by, slowed_at=now)
    forget()
    return bool(stepped)


def wait(account: VendorAccount, *, seconds: float, now: datetime) -> None:
    """Neither call nor probe the account for so long, because the vendor asked for that; never shorten a wait."""
    until = now + timedelta(seconds=seconds)
    row = VendorAccount.objects.filter(pk=account.pk)
    wrong = Q(wait_until__gt=now + LATEST_WAIT)
    row.filter(Q(wait_until__isnull=True) | Q(wait_until__lt=until) | wrong).update(wait_until=until)
    row.filter(paused_at__isnull=False, probe_at__lt=until).update(probe_at=until)
    forget()
