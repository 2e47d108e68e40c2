"""The pace: a moment to send is reserved in the account's row, and one that was slept through is given up.

Twenty sends in a second need twenty gaps that are never shorter than planned, whatever the scheduler does. So the
slots are a little more than a twentieth of a second apart, and whoever wakes up late takes another one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db.models import F, Q

from verification.models import VendorAccount
from verification.pacing.accounts import accounts
from verification.pacing.standing import may_be_called, spent_on

# With twenty gaps of 50.9 ms, calls that leave up to 13 ms late still have 5 ms for jitter on the way: no second
# holds 21, and the rate is 19.65 a second.
GAP_MARGIN = 1.018
LATE = timedelta(milliseconds=13)
LONGEST_WAIT = timedelta(seconds=2)
MOST_SLOTS = 5  # a machine that wakes up late so often has other troubles: the work goes back into the queue
ALERTS = (50, 80, 100)  # per cent of the daily budget


Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Slot:
    """`account` may be called at `at`. `alert` is the share of its budget (per cent) that this call reaches, or 0."""

    account: VendorAccount
    at: datetime
    alert: int = 0


@dataclass(frozen=True)
class Wait:
    """No call now. "busy": the next two seconds are booked out. "closed": every account is paused or has spent all."""

    reason: Literal["busy", "closed"]


def room(*, now: datetime) -> Wait | None:
    """Whether `reserve` would find nothing, asked without reserving."""
    best = _best(now)
    return best if isinstance(best, Wait) else None


def reserve(*, now: datetime) -> Slot | Wait:
    """The next free moment over all accounts, never more than 2 s ahead, with time enough to prepare the call."""
    while True:
        best = _best(now)
        if isinstance(best, Wait):
            return best
        account, at = best
        if VendorAccount.objects.filter(_unchanged(account), pk=account.pk).update(
            **_taken(account, at, now)
        ):
            return Slot(account, at, _alert(account, now.date()))


def _unchanged(account: VendorAccount) -> Q:
    """Nobody reserved, paused or resumed since the row was read."""
    query = Q()
    for name in ("next_slot_at", "paused_at", "trial_at", "spent_on"):
        value = getattr(account, name)
        query &= Q(**({f"{name}__isnull": True} if value is None else {name: value}))
    return query


def _taken(account: VendorAccount, at: datetime, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {"next_slot_at": at + timedelta(seconds=GAP_MARGIN / account.rate)}
    if account.trial_at is not None:
        changes["trial_at"] = None  # It is taken. If nothing comes of it, the next probe allows another.
    if account.spent_on == now.date():
        return changes | {"spent": F("spent") + 1}
    return changes | {"spent": 1, "spent_on": now.date(), "budget_alert": 0}


def give_back(account: VendorAccount, reserved_for: datetime) -> None:
    """What this slot counted towards the day's budget was not spent after all."""
    day = reserved_for.date()
    VendorAccount.objects.filter(pk=account.pk, spent_on=day, spent__gt=0).update(spent=F("spent") - 1)


def wait_to_prepare(slot: Slot, *, clock: Clock) -> bool:
    """Sleep until the call has to be prepared: entered in the ledger, connected. False if the slot is missed."""
    _sleep_until(slot.at - timedelta(seconds=_lead.seconds), clock)
    return not missed(slot, now=clock())


def wait_to_send(slot: Slot, *, prepared_since: datetime, clock: Clock) -> bool:
    """Sleep until the first byte may leave. False if the slot is missed: late calls bunch."""
    _lead.observe((clock() - prepared_since).total_seconds())
    _sleep_until(slot.at, clock)
    return not missed(slot, now=clock())


def missed(slot: Slot, *, now: datetime) -> bool:
    return now - slot.at > LATE


def _sleep_until(moment: datetime, clock: Clock) -> None:
    time.sleep(max(0.0, (moment - clock()).total_seconds()))


class _Lead:
    """How long before its slot a call is prepared: as long as that took lately, a handshake across the world too."""

    SHORTEST, LONGEST = 0.04, 1.0
    FORGOTTEN = 0.95  # of the difference, with each call
    SPARE = 0.02

    def __init__(self) -> None:
        self.seconds = self.SHORTEST

    def observe(self, seconds: float) -> None:
        self.seconds = min(
            self.LONGEST, max(self.SHORTEST, seconds + self.SPARE, self.seconds * self.FORGOTTEN)
        )


_lead = _Lead()


def _best(now: datetime) -> tuple[VendorAccount, datetime] | Wait:
    free = [account for account in accounts() if may_be_called(account, now)]
    if not free:
        return Wait("closed")
    soonest = now + timedelta(seconds=_lead.seconds)
    at, account = min(
        ((max(account.next_slot_at or soonest, soonest), account) for account in free),
        key=lambda pair: pair[0],
    )
    return Wait("busy") if at - now > LONGEST_WAIT else (account, at)


def _alert(account: VendorAccount, day: date) -> int:
    """The alert that one more call gives, for the first time on this day, or 0."""
    if not account.daily_budget:
        return 0
    spent = spent_on(account, day) + 1
    reached = max((level for level in ALERTS if spent * 100 >= level * account.daily_budget), default=0)
    if not reached:
        return 0
    quiet = VendorAccount.objects.filter(pk=account.pk, budget_alert__lt=reached)
    return reached if quiet.update(budget_alert=reached) else 0
