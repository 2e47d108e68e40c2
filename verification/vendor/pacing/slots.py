"""The pace: a moment to send is reserved in the account's row, and one that was slept through is given up.

Twenty sends in a second need twenty gaps that are never shorter than planned, whatever the scheduler does. So the
slots are a little more than a twentieth of a second apart, and whoever is late takes another one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db.models import F, Q

from verification.models import VendorAccount
from verification.vendor.pacing.account_state import may_be_called
from verification.vendor.pacing.accounts import accounts

# With twenty gaps of 50.9 ms, calls that leave up to 10 ms late still have 8 ms for jitter on the way: no second
# holds 21, and the rate is 19.65 a second.
GAP_MARGIN = 1.018
LATE = timedelta(milliseconds=10)
MAX_WAIT = timedelta(seconds=2)
# A row this far ahead was written by a clock that was wrong.
NONSENSE = timedelta(seconds=60)
# A worker that woke too late for this many slots gives the attempt back: the machine is too busy to keep the pace.
MAX_SLOTS = 5

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Slot:
    """`account` may be called at `at`; the call counts towards the budget of `day`."""

    account: VendorAccount
    at: datetime
    day: date


@dataclass(frozen=True)
class Wait:
    """No call now. "busy": the next two seconds are booked out. "closed": every account is paused or has spent all."""

    reason: Literal["busy", "closed"]


def must_wait(*, now: datetime) -> Wait | None:
    """Whether `reserve` would find nothing, asked without reserving."""
    best = _best(accounts(), now + _lead.time, now)
    return best if isinstance(best, Wait) else None


def reserve(*, now: datetime) -> Slot | Wait:
    """The next free moment over all accounts, never more than 2 s ahead, with time enough to prepare the call."""
    return _reserve(accounts, now + _lead.time, now)


def _reserve(candidates: Callable[[], list[VendorAccount]], soonest: datetime, now: datetime) -> Slot | Wait:
    while True:
        best = _best(candidates(), soonest, now)
        if isinstance(best, Wait):
            return best
        account, at = best
        row = VendorAccount.objects.filter(_unchanged(account), pk=account.pk)
        day = max(account.spent_on or now.date(), now.date())
        if row.update(**_taken(account, at, day)):
            return Slot(account, at, day)


def _unchanged(account: VendorAccount) -> Q:
    """Nobody reserved, paused or resumed since the row was read."""
    query = Q()
    for name in ("next_slot_at", "paused_at", "trial_at", "spent_on"):
        value = getattr(account, name)
        query &= Q(**({f"{name}__isnull": True} if value is None else {name: value}))
    return query


def _taken(account: VendorAccount, at: datetime, day: date) -> dict[str, Any]:
    changes: dict[str, Any] = {"next_slot_at": at + timedelta(seconds=GAP_MARGIN / account.rate)}
    if account.trial_at is not None:
        changes["trial_at"] = None  # It is taken. If nothing comes of it, the next probe allows another.
    if account.spent_on == day:
        return changes | {"spent": F("spent") + 1}
    return changes | {"spent": 1, "spent_on": day, "budget_alert": 0}


def _best(
    candidates: list[VendorAccount], soonest: datetime, now: datetime
) -> tuple[VendorAccount, datetime] | Wait:
    free = [account for account in candidates if may_be_called(account, now)]
    if not free:
        return Wait("closed")
    account = min(free, key=lambda account: _next_slot(account, soonest))
    at = _next_slot(account, soonest)
    return Wait("busy") if at - now > MAX_WAIT else (account, at)


def _next_slot(account: VendorAccount, soonest: datetime) -> datetime:
    booked = account.next_slot_at
    return soonest if booked is None or booked - soonest > NONSENSE else max(booked, soonest)


def still_open(slot: Slot) -> bool:
    """Has the account been neither paused nor resumed since the slot was reserved?"""
    paused_at = slot.account.paused_at
    unchanged = Q(paused_at__isnull=True) if paused_at is None else Q(paused_at=paused_at)
    return VendorAccount.objects.filter(unchanged, pk=slot.account.pk).exists()


def give_back(slot: Slot) -> None:
    """What the slot counted towards the day's budget was not spent after all."""
    row = VendorAccount.objects.filter(pk=slot.account.pk, spent_on=slot.day, spent__gt=0)
    row.update(spent=F("spent") - 1)


class Turn:
    """A worker's turn at an account, from its reserved slot to the first byte of the call."""

    def __init__(self, slot: Slot, *, clock: Clock) -> None:
        self.slot = slot
        self._clock = clock

    def wait_to_prepare(self) -> None:
        """Sleep until the call has to be prepared: entered in the ledger, connected."""
        self._sleep_until(self.slot.at - _lead.time)
        self._preparing_since = self._clock()

    def wait_to_send(self) -> bool:
        """Sleep until the first byte may leave. Who is late waits for another slot; False if none is to be had."""
        _lead.observe(self._clock() - self._preparing_since)
        for _ in range(MAX_SLOTS):
            self._sleep_until(self.slot.at)
            # On trial nobody else calls, so there is nobody to bunch with.
            if self._clock() - self.slot.at <= LATE or self.slot.account.paused_at is not None:
                return True
            following = self._following()
            if isinstance(following, Wait):
                return False
            give_back(self.slot)
            self.slot = following
        return False

    def _following(self) -> Slot | Wait:
        """Another slot of the same account: the call is signed with its key."""
        now, mine = self._clock(), self.slot.account.pk
        return _reserve(lambda: [row for row in accounts() if row.pk == mine], now, now)

    def _sleep_until(self, moment: datetime) -> None:
        time.sleep(max(0.0, (moment - self._clock()).total_seconds()))


class _Lead:
    """How long before its slot a call is prepared: as long as that took lately, a handshake across the world too."""

    MIN_TIME, MAX_TIME, SPARE = timedelta(seconds=0.04), timedelta(seconds=1), timedelta(seconds=0.02)
    KEPT = 0.95  # of what it was, with each call that needed less

    def __init__(self) -> None:
        self.time = self.MIN_TIME

    def observe(self, taken: timedelta) -> None:
        self.time = min(self.MAX_TIME, max(self.MIN_TIME, taken + self.SPARE, self.time * self.KEPT))


_lead = _Lead()
