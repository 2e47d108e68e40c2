"""Whether the vendor's accounts are called."""

from datetime import datetime

from django.utils.translation import gettext as _

from verification import times
from verification.health.fact import Fact, Tone
from verification.models import VendorAccount
from verification.vendor_accounts import pacing


def facts(now: datetime) -> list[Fact]:
    """One line for each account."""
    return [_fact(account, now) for account in pacing.accounts()]


def _fact(account: VendorAccount, now: datetime) -> Fact:
    code, title = f"vendor.{account.name}", _("Account %(name)s") % {"name": account.name}
    if pacing.budget_is_spent(account, now):
        says = _("Today's budget of %(budget)s calls is spent.") % {"budget": account.daily_budget}
        return Fact(code, title, Tone.BAD, says, _("Calling goes on at 00:00 UTC; or raise the budget."))
    if account.paused_at is not None and not pacing.on_trial(account, now):
        says = _("Paused since %(since)s UTC: %(code)s.") % {
            "since": times.moment(account.paused_at, now),
            "code": account.pause_reason,
        }
        return Fact(code, title, Tone.BAD, says, _("The vendor page says why and what helps."))
    if pacing.asked_to_wait(account, now):
        return Fact(
            code,
            title,
            Tone.WARN,
            _("The vendor asked us to wait for some minutes."),
            _("Calling goes on by itself."),
        )
    if account.paused_at is not None:
        return Fact(code, title, Tone.WARN, _("Being tried again after a pause."), _("Nothing to do."))
    if account.slowdown:
        says = _("Called less often than it may be, because the vendor asked for that.")
        return Fact(
            code, title, Tone.WARN, says, _("See whether another system calls with the same account.")
        )
    return Fact(
        code,
        title,
        Tone.GOOD,
        _("Called; %(spent)s calls today.") % {"spent": pacing.spent_on(account, now.date())},
    )
