"""The pace: each call reserves a time slot in the account's row, and leaves with a permit of its process.

The slots are the plan: they spread the calls of all processes evenly, in the order in which people handed in. The
permits (`permits`, `shares`) are the promise: whatever delays a call, no second holds more than the rate.
"""

import copy
import math
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Literal, Self

from django.db import connection
from django.db.models import F

from verification.jobs.one_by_one import OneByOne
from verification.models import VendorAccount
from verification.models.unchanged import unchanged
from verification.vendor_accounts.pacing.account_state import LATEST_WAIT, MAX_AHEAD, may_be_called
from verification.vendor_accounts.pacing.accounts import accounts, forget, known_accounts, remember
from verification.vendor_accounts.pacing.gate import Gate, gate_of
from verification.vendor_accounts.pacing.throttle import pace_of

# Slots are so much further apart than the rate asks for: 51.25 ms, 19.5 calls a second. A permit is free again sooner
# (`permits.HOLD`), so that a call that was late does not delay those after it for long.
GAP_MARGIN: Final = 1.025
MAX_WAIT: Final = timedelta(seconds=2)

_BOOKED_ON = ("next_slot_at", "paused_at", "trial_at", "wait_until", "slowdown", "spent_on")

_reserving = OneByOne()


@dataclass(frozen=True)
class Slot:
    """`account` may be called at `at`; the call counts towards the budget of `day`.

    `account` is the row as it was when the slot was reserved; `due` is `at` by the steady clock of this process.
    """

    account: VendorAccount
    at: datetime
    day: date
    due: float


@dataclass(frozen=True)
class Wait:
    """No call now. "busy": the next MAX_WAIT is booked out. "closed": no account may be called (`may_be_called`)."""

    reason: Literal["busy", "closed"]


def line_is_full() -> bool:
    """Do so many calls of this process wait to leave that another one would find no slot? Asks no database."""
    return all(_wait_in_line(account) > MAX_WAIT for account in known_accounts())


def reserve(*, now: datetime) -> Slot | Wait:
    """The next free slot over all accounts, MAX_WAIT ahead at most.

    1. Take the accounts as this process knows them, and pick the one with the soonest slot.
    2. Book the slot, and count the call on its day, by compare-and-set on what is known.
    3. If another process was faster, or no account may be called within MAX_WAIT, read them and try again. Wait if
       that holds for what was just read.
    """
    # Without the lock, the threads of this process would all book the same one.
    with _reserving:
        found = _soonest_slot(known_accounts(), now)
        while True:
            if not isinstance(found, Wait) and (slot := _book(*found, now)):
                return slot
            found = _soonest_slot(accounts(), now)
            if isinstance(found, Wait):
                return found


def _book(account: VendorAccount, at: datetime, now: datetime) -> Slot | None:
    # Nobody reserved, paused, resumed, slowed or held off since the row was read.
    row = VendorAccount.objects.filter(unchanged(account, *_BOOKED_ON), pk=account.pk)
    day = max(account.spent_on or now.date(), now.date())
    changes = _booking(account, at, day)
    counted = F("spent") + 1 if account.spent_on == day else 1
    if not row.update(**changes, spent=counted):
        return None
    booked = copy.copy(account)
    for name, value in changes.items():
        setattr(booked, name, value)
    booked.spent = account.spent + 1 if account.spent_on == day else 1
    remember(booked)
    return Slot(booked, at, day, time.monotonic() + (at - now).total_seconds())


def _booking(account: VendorAccount, at: datetime, day: date) -> dict[str, Any]:
    changes: dict[str, Any] = {"next_slot_at": at + _gap(account), "spent_on": day}
    if account.trial_at is not None:
        # This call is the trial. If it is not sent, the next probe allows another.
        changes["trial_at"] = None
    if account.spent_on != day:
        changes["budget_alert"] = 0
    return changes


def _soonest_slot(candidates: list[VendorAccount], now: datetime) -> tuple[VendorAccount, datetime] | Wait:
    """An account on trial comes first: else it would stay paused while the others can do all the work.

    Of the others, the one whose slot and permit this process has soonest.
    """
    free = [(account, _next_slot(account, now)) for account in candidates if may_be_called(account, now)]
    near = [
        (account, at) for account, at in free if at - now <= MAX_WAIT and _wait_in_line(account) <= MAX_WAIT
    ]
    if not near:
        return Wait("busy" if free else "closed")
    return min(near, key=lambda found: (found[0].paused_at is None, max(found[1], _permitted(found[0], now))))


def _permitted(account: VendorAccount, now: datetime) -> datetime:
    return now + timedelta(seconds=gate_of(account.name).wait_for_permit())


def _next_slot(account: VendorAccount, now: datetime) -> datetime:
    booked = account.next_slot_at
    return now if booked is None or booked - now > MAX_AHEAD else max(booked, now)


def _wait_in_line(account: VendorAccount) -> timedelta:
    """How long the calls of this process that wait to leave will take."""
    return gate_of(account.name).in_line * _gap(account)


def calls_within(seconds: float) -> int:
    """How many calls all accounts together may take in that time."""
    return math.ceil(seconds * sum(map(pace_of, known_accounts())))


def _gap(account: VendorAccount) -> timedelta:
    return timedelta(seconds=GAP_MARGIN / pace_of(account))


def still_open(slot: Slot) -> bool:
    """Since the slot was reserved, was the account neither paused nor resumed, and did the vendor not ask to wait?"""
    condition, values = open_condition(slot)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {condition}", values)
        return bool(cursor.fetchone()[0])


def open_condition(slot: Slot) -> tuple[str, list[Any]]:
    """The same in SQL, with its values, so that the statement that enters the call can ask it."""
    times = (slot.account.paused_at, slot.at, slot.at + LATEST_WAIT)
    paused_at, at, latest = map(connection.ops.adapt_datetimefield_value, times)
    paused, values = ("paused_at IS NULL", []) if paused_at is None else ("paused_at = %s", [paused_at])
    sql = f"""EXISTS (
        SELECT 1 FROM verification_vendoraccount
        WHERE id = %s AND {paused} AND (wait_until IS NULL OR wait_until <= %s OR wait_until > %s)
    )"""  # noqa: S608 (the words are constants)
    return sql, [slot.account.pk, *values, at, latest]


def give_back(slot: Slot) -> None:
    """Take the slot's call off the spending of its day: it can't have been charged."""
    row = VendorAccount.objects.filter(pk=slot.account.pk, spent_on=slot.day, spent__gt=0)
    row.update(spent=F("spent") - 1)
    forget()


class Missed(Exception):
    """The line of this process stands still, so the call did not have its turn."""


class Turn:
    """A call's turn at an account, from its slot's reservation until its first byte has left; used as a context.

    1. `wait_to_prepare` sleeps until the slot is near. Then the call is prepared: entered in the ledger, connected.
       Raises Missed if the calls before it do not leave.
    2. `wait_to_send` sleeps until the slot has come and there is a permit. Then the call must leave at once.
    3. `left` says that its first byte has left. If it never does, the end of the context gives the permit back.
    """

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self._gate: Gate = gate_of(slot.account.name)
        self.has_left = False
        self._prepared_at: float | None = None
        self._permitted = self._over = False

    def __enter__(self) -> Self:
        self._gate.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def wait_to_prepare(self) -> None:
        self._sleep_until(self.slot.due - self._gate.lead.time)
        self._prepared_at = self._gate.wait_to_prepare(self.slot.due)
        if self._prepared_at is None:
            raise Missed

    def wait_to_send(self) -> bool:
        """False if no permit was to be had: then nothing may be sent."""
        if self._prepared_at is not None:
            self._gate.lead.observe(time.monotonic() - self._prepared_at)
        self._permitted = self._gate.take_permit(self.slot.due)
        return self._permitted

    def left(self) -> None:
        """The call's first byte has left."""
        self.has_left = True
        self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._gate.leave(prepared_at=self._prepared_at, took=self._permitted)

    @staticmethod
    def _sleep_until(moment: float) -> None:
        time.sleep(max(0.0, moment - time.monotonic()))
