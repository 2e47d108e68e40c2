"""Alerts when a day's budget runs out. `slots` counts what is spent."""

from datetime import date

from verification.models import VendorAccount
from verification.vendor_accounts.pacing.account_state import spent_on
from verification.vendor_accounts.pacing.accounts import forget

ALERTS = (50, 80, 100)  # per cent


def level_reached(account: VendorAccount) -> int:
    """The level of ALERTS that the spending of the account's day has reached by its row as it was read, or 0."""
    return _level(account.spent, account.daily_budget) if account.daily_budget else 0


def _level(spent: int, budget: int) -> int:
    return max((level for level in ALERTS if spent * 100 >= level * budget), default=0)


def alert(account: VendorAccount, *, day: date) -> int:
    """The share (per cent) that the account's spending has reached for the first time on this day, or 0."""
    if not account.daily_budget:
        return 0
    account.refresh_from_db()
    reached = _level(spent_on(account, day), account.daily_budget)
    if not reached:
        return 0
    quiet = VendorAccount.objects.filter(pk=account.pk, spent_on=day, budget_alert__lt=reached)
    told = quiet.update(budget_alert=reached)
    forget()
    return reached if told else 0
