"""Alerts when a day's budget runs out. `slots` counts what is spent."""

from datetime import date

from verification.models import VendorAccount
from verification.vendor_accounts.pacing.account_state import spent_on

ALERTS = (50, 80, 100)  # per cent


def alert(account: VendorAccount, *, day: date) -> int:
    """The share (per cent) that the account's spending has reached for the first time on this day, or 0."""
    if not account.daily_budget:
        return 0
    account.refresh_from_db()
    spent = spent_on(account, day)
    reached = max((level for level in ALERTS if spent * 100 >= level * account.daily_budget), default=0)
    if not reached:
        return 0
    quiet = VendorAccount.objects.filter(pk=account.pk, spent_on=day, budget_alert__lt=reached)
    return reached if quiet.update(budget_alert=reached) else 0
