"""The pace: each call reserves a time slot in the account's row, and a worker that misses its slot takes another.

Twenty sends in a second need twenty gaps that are never shorter than planned, whatever the scheduler does. So the
slots are a little more than a twentieth of a second apart, and a late worker must not send.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db.models import F, Q

from verification.models import VendorAccount
from verification.vendor_accounts.pacing.account_state import MAX_AHEAD, asked_to_wait, may_be_called
from verification.vendor_accounts.pacing.accounts import accounts
from verification.vendor_accounts.pacing.throttle import pace_of

# With twenty gaps of 50.9 ms, calls that leave up to 10 ms late still have 8 ms for jitter on the way: no second
# holds 21, and the rate is 19.65 a second.
GAP_MARGIN = 1.018
MAX_LATE = timedelta(milliseconds=10)
MAX_WAIT = timedelta(seconds=2)
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
    """No call now. "busy": the next MAX_WAIT is booked out. "closed": no account may be called (`may_be_called`)."""

    reason: Literal["busy", "closed"]


def must_wait(*, now: datetime) -> Wait | None:
    """Why `reserve` would find no slot now, or None; reserves nothing."""
    found = _soonest_slot(accounts(), now + _lead.time, now)
    return found if isinstance(found, Wait) else None


def reserve(*, now: datetime) -> Slot | Wait:
    """The next free slot over all accounts, MAX_WAIT ahead at most, with enough time before it to prepare the call."""
    return _reserve(accounts, now + _lead.time, now)


def _reserve(candidates: Callable[[], list[VendorAccount]], soonest: datetime, now: datetime) -> Slot | Wait:
    """Book the first free slot from `soonest` on.

    1. Read the accounts and pick the one with the soonest slot; Wait if none may be called within MAX_WAIT.
    2. Book the slot, and count the call on its day, by compare-and-set on what was read.
    3. If another worker was faster, read again.
    """
    while True:
        found = _soonest_slot(candidates(), soonest, now)
        if isinstance(found, Wait):
            return found
        account, at = found
        row = VendorAccount.objects.filter(_unchanged(account), pk=account.pk)
        day = max(account.spent_on or now.date(), now.date())
        if row.update(**_booking(account, at, day)):
            return Slot(account, at, day)


def _unchanged(account: VendorAccount) -> Q:
    """Nobody reserved, paused or resumed since the row was read."""
    query = Q()
    for name in ("next_slot_at", "paused_at", "trial_at", "spent_on"):
        value = getattr(account, name)
        query &= Q(**({f"{name}__isnull": True} if value is None else {name: value}))
    return query


def _booking(account: VendorAccount, at: datetime, day: date) -> dict[str, Any]:
    changes: dict[str, Any] = {"next_slot_at": at + timedelta(seconds=GAP_MARGIN / pace_of(account))}
    if account.trial_at is not None:
        changes["trial_at"] = (
            None  # This call is the trial. If it is not sent, the next probe allows another.
        )
    if account.spent_on == day:
        return changes | {"spent": F("spent") + 1}
    return changes | {"spent": 1, "spent_on": day, "budget_alert": 0}


def _soonest_slot(
    candidates: list[VendorAccount], soonest: datetime, now: datetime
) -> tuple[VendorAccount, datetime] | Wait:
    """An account on trial comes first: else it would stay paused while the others can do all the work."""
    free = [(account, _next_slot(account, soonest)) for account in candidates if may_be_called(account, now)]
    near = [(account, at) for account, at in free if at - now <= MAX_WAIT]
    if not near:
        return Wait("busy" if free else "closed")
    return min(near, key=lambda found: (found[0].paused_at is None, found[1]))


def _next_slot(account: VendorAccount, soonest: datetime) -> datetime:
    booked = account.next_slot_at
    return soonest if booked is None or booked - soonest > MAX_AHEAD else max(booked, soonest)


def still_open(slot: Slot) -> bool:
    """Since the slot was reserved, was the account neither paused nor resumed, and did the vendor not ask to wait?"""
    row = VendorAccount.objects.get(pk=slot.account.pk)
    return row.paused_at == slot.account.paused_at and not asked_to_wait(row, slot.at)


def give_back(slot: Slot) -> None:
    """Take the slot's call off the spending of its day: it can't have been charged."""
    row = VendorAccount.objects.filter(pk=slot.account.pk, spent_on=slot.day, spent__gt=0)
    row.update(spent=F("spent") - 1)


class Turn:
    """A worker's turn at an account, from its reserved slot to the first byte of the call.

    1. `wait_to_prepare` sleeps until the lead time before the slot. Then the call is entered in the ledger.
    2. `wait_to_send` sleeps until the slot. Up to MAX_LATE after it the call may be sent.
    3. Later than that, book another slot of the account, give the missed one back and sleep again; MAX_SLOTS in all.
    """

    def __init__(self, slot: Slot, *, clock: Clock) -> None:
        self.slot = slot
        self._clock = clock

    def wait_to_prepare(self) -> None:
        """Sleep until it is time to prepare the call: enter it in the ledger, connect."""
        self._sleep_until(self.slot.at - _lead.time)
        self._preparing_since = self._clock()

    def wait_to_send(self) -> bool:
        """Sleep until the first byte may be sent; False if no slot could be met."""
        _lead.observe(self._clock() - self._preparing_since)
        for _ in range(MAX_SLOTS):
            self._sleep_until(self.slot.at)
            # On trial no other worker calls the account, so a late call crowds no other.
            if self._clock() - self.slot.at <= MAX_LATE or self.slot.account.paused_at is not None:
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
    """How long before its slot a call is prepared: as long as that took lately, a far TLS handshake included."""

    MIN_TIME, MAX_TIME, MARGIN = timedelta(seconds=0.04), timedelta(seconds=1), timedelta(seconds=0.02)
    DECAY = 0.95  # a call that needed less shortens the time to this share of it

    def __init__(self) -> None:
        self.time = self.MIN_TIME

    def observe(self, taken: timedelta) -> None:
        self.time = min(self.MAX_TIME, max(self.MIN_TIME, taken + self.MARGIN, self.time * self.DECAY))


_lead = _Lead()
