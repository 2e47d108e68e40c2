"""Whether an account is paused, on trial, asked to wait, or has spent its budget, by its row. Changes nothing."""

from datetime import date, datetime, timedelta

from django.conf import settings

from verification.liveness import MAX_RETRY_AFTER
from verification.models import VendorAccount

# A booking or a step of the pace that is dated further ahead than this was written by a wrong clock, and is ignored.
MAX_AHEAD = timedelta(seconds=60)
# So was a wait that ends later than this: the vendor can't ask for one so long.
LATEST_WAIT = timedelta(seconds=MAX_RETRY_AFTER) + MAX_AHEAD


def is_open(*, now: datetime) -> bool:
    """May at least one account be called, once its pace allows? One without a row was never called, so it may."""
    names = settings.FACEID_ACCOUNTS
    rows = list(VendorAccount.objects.filter(name__in=names))
    return len(rows) < len(names) or any(may_be_called(row, now) for row in rows)


def may_be_called(account: VendorAccount, now: datetime) -> bool:
    if budget_is_spent(account, now) or asked_to_wait(account, now):
        return False
    return account.paused_at is None or on_trial(account, now)


def asked_to_wait(account: VendorAccount, now: datetime) -> bool:
    """Did the vendor ask not to be called yet?"""
    until = account.wait_until
    return until is not None and now < until <= now + LATEST_WAIT


def on_trial(account: VendorAccount, now: datetime) -> bool:
    """Is one call allowed, although the account is paused?"""
    return account.trial_at is not None and account.trial_at <= now


def budget_is_spent(account: VendorAccount, now: datetime) -> bool:
    return 0 < account.daily_budget <= spent_on(account, now.date())


def spent_on(account: VendorAccount, day: date) -> int:
    """Calls counted on `day` (UTC). A row of the next day is from a host whose clock is a little ahead."""
    return account.spent if account.spent_on is not None and account.spent_on >= day else 0
