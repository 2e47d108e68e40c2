"""Whether an account is paused, on trial, or has spent its budget, by its row. Changes nothing."""

from datetime import date, datetime

from django.conf import settings

from verification.models import VendorAccount


def is_open(*, now: datetime) -> bool:
    """May at least one account be called, once its pace allows? One without a row was never called, so it may."""
    names = settings.FACEID_ACCOUNTS
    rows = list(VendorAccount.objects.filter(name__in=names))
    return len(rows) < len(names) or any(may_be_called(row, now) for row in rows)


def may_be_called(account: VendorAccount, now: datetime) -> bool:
    return not budget_is_spent(account, now) and (account.paused_at is None or on_trial(account, now))


def on_trial(account: VendorAccount, now: datetime) -> bool:
    """Is one call allowed, although the account is paused?"""
    return account.trial_at is not None and account.trial_at <= now


def budget_is_spent(account: VendorAccount, now: datetime) -> bool:
    return 0 < account.daily_budget <= spent_on(account, now.date())


def spent_on(account: VendorAccount, day: date) -> int:
    """Calls counted on `day` (UTC). A row of the next day is from a host whose clock is a little ahead."""
    return account.spent if account.spent_on is not None and account.spent_on >= day else 0
