"""This process's gate to an account: the line of its calls, and the permit with which each leaves.

A call is in the line from its slot's reservation until its first byte has left. It is prepared (its evidence read, its
entry in the ledger made, its connection opened) when its slot is near and few others are prepared, and leaves when its
slot has come and a permit is free. Only the first in a line looks at the clock, and only it asks the database, so a
long line costs no more than a short one.
"""

import heapq
import itertools
import math
import os
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from django.db import DatabaseError, InterfaceError

from verification.jobs.connections import let_go_of_database
from verification.models import VendorAccount
from verification.vendor_accounts.pacing.accounts import account_now
from verification.vendor_accounts.pacing.permits import HOLD
from verification.vendor_accounts.pacing.shares import Membership, Settlement, Share
from verification.vendor_accounts.pacing.throttle import pace_of

log = structlog.get_logger(__name__)

# Seconds. A call that is not the first in its line for so long after its slot gives up: the pace can't be kept.
PATIENCE: Final = 5.0
# Seconds from one question to the row for more permits until the next, and before the share becomes invalid.
ASK_AGAIN: Final = 0.2
# This many calls are prepared besides those that the time of preparing asks for, so that one is always ready.
READY: Final = 2
# Seconds from one look at the account until the next, while no process has a share.
WATCH_EVERY: Final = 2.0
# Two processes may settle at the same time; then the slower one reads and writes again.
TRIES: Final = 5


class _Lead:
    """How long before its slot a call is prepared: as long as that took lately, a far TLS handshake included."""

    MIN_TIME, MAX_TIME, MARGIN = 0.04, 1.0, 0.02  # seconds
    DECAY = 0.95  # a call that needed less shortens the time to this share of it

    def __init__(self) -> None:
        self.time = self.MIN_TIME

    def observe(self, taken: float) -> None:
        self.time = min(self.MAX_TIME, max(self.MIN_TIME, taken + self.MARGIN, self.time * self.DECAY))


class _Line:
    """Calls in the order of their slots. Each waits by itself, so that only the first is woken."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, threading.Condition]] = []

    def wait(self, due: float, seconds_left: Callable[[float], float], until: float) -> bool:
        """Wait, with the lock held, until this call is the first and `seconds_left` is 0; False at `until`."""
        mine = (due, next(self._numbers), threading.Condition(self._lock))
        heapq.heappush(self._waiting, mine)
        try:
            while (now := time.monotonic()) < until:
                seconds = seconds_left(now) if self._waiting[0] is mine else math.inf
                if seconds <= 0:
                    return True
                mine[2].wait(min(seconds, until - now))
            return False
        finally:
            self._waiting.remove(mine)
            heapq.heapify(self._waiting)
            self.wake()

    def wake(self) -> None:
        """Something has changed for the first in the line."""
        if self._waiting:
            self._waiting[0][2].notify()


class Gate:
    """Safe to share between threads."""

    def __init__(self, name: str) -> None:
        self.lead = _Lead()
        self._name = name
        self._lock, self._settling = threading.Lock(), threading.Lock()
        self._coming, self._ready = _Line(self._lock), _Line(self._lock)
        self._membership = Membership(secrets.token_hex(8))
        self._in_line = 0
        # Since when the calls that are prepared, or on the way to that, have been.
        self._prepared: list[float] = []
        self._left_at = -math.inf
        self._asked_at = self._watched_at = -math.inf
        self._gap, self._hold, self._total = 0.0, HOLD, 0

    @property
    def in_line(self) -> int:
        """How many calls of this process wait to leave."""
        return self._in_line

    def wait_for_permit(self) -> float:
        """About how many seconds another call would wait for a permit behind those in the line."""
        with self._lock:
            held = len(self._membership.permits)
            ahead = self._in_line - self._membership.permits.idle(time.monotonic())
            return max(0, ahead + 1) * self._hold / held if held else self._in_line * self._hold

    def enter(self) -> None:
        with self._lock:
            self._in_line += 1

    def wait_to_prepare(self, due: float) -> float | None:
        """Wait until few others are prepared; `due` is when the call's slot is.

        Returns when preparing begins, for `leave`; None if the wait takes too long. A call that takes long to prepare,
        because a connection hangs, does not count: the others must not wait for it.
        """

        def seconds_left(now: float) -> float:
            most = READY + (math.ceil(self.lead.time / self._gap) if self._gap else 0)
            ends = sorted(at + _Lead.MAX_TIME for at in self._prepared if at + _Lead.MAX_TIME > now)
            return ends[len(ends) - most] - now if len(ends) >= most else 0

        with self._lock:
            if not self._coming.wait(due, seconds_left, self._until(due)):
                return None
            begins = time.monotonic()
            self._prepared.append(begins)
            self._coming.wake()
            return begins

    def take_permit(self, due: float) -> bool:
        """Wait until the prepared call may leave; False if that takes too long. Then nothing was taken."""

        def seconds_left(now: float) -> float:
            if now < due:
                return due - now
            if self._must_ask(now):
                self._ask_unlocked()
                now = time.monotonic()
            if not self._membership.is_valid(now):
                return ASK_AGAIN
            # Never two at once, so that after a delay the calls are soon evenly spaced again.
            at = max(self._membership.permits.next_at(), self._left_at + self._gap / 2)
            return min(at - now, ASK_AGAIN)

        with self._lock:
            if not self._ready.wait(due, seconds_left, self._until(due)):
                return False
            self._left_at = time.monotonic()
            return self._membership.permits.take(self._left_at)

    def leave(self, *, prepared_at: float | None, took: bool) -> None:
        """The call's first byte has left, or it never will."""
        now = time.monotonic()
        with self._lock:
            self._in_line -= 1
            if prepared_at is not None:
                self._prepared.remove(prepared_at)
            if took:
                self._membership.permits.give_back(now + self._hold)
                self._left_at = now
            self._coming.wake()
            self._ready.wake()

    def settle(self) -> None:
        """Renew this process's share in the account's row, or take more, or give some.

        One thread at a time, from reading the row to writing it: a row that was read before another thread wrote says
        that this process holds what it does not. Nobody waits for the other thread, which does the same.
        """
        if not self._settling.acquire(blocking=False):
            return
        try:
            for _ in range(TRIES):
                if self._is_settled():
                    return
        finally:
            self._settling.release()

    def _is_settled(self) -> bool:
        """False if another process wrote after the row was read."""
        account = account_now(self._name)
        with self._lock:
            settlement = self._settlement(account, time.monotonic())
        if settlement is None:
            return True
        written = _write(account, settlement)
        with self._lock:
            if written:
                self._membership.written(settlement)
                self._ready.wake()
            else:
                self._membership.not_written(settlement)
        return written

    def keep_share(self) -> None:
        """Renew the share if no call has done so, give back what is not needed, and watch what others do."""
        now = time.monotonic()
        with self._lock:
            if self._in_line and self._membership.is_valid(now):
                return
            quiet = not (self._in_line or len(self._membership.permits) or self._membership.has_others)
            if quiet and now - self._watched_at < WATCH_EVERY:
                return
            self._watched_at = now
        self.settle()

    def _settlement(self, account: VendorAccount, now: float) -> Settlement | None:
        pace = pace_of(account)
        self._total = math.ceil(pace)
        self._hold = HOLD * self._total / pace
        self._gap = 1 / pace
        shares = {process: Share(*values) for process, values in account.shares.items()}
        return self._membership.settle(shares, total=self._total, waiting=self._in_line, now=now)

    def _must_ask(self, now: float) -> bool:
        """No permit that may be used now, and perhaps more of them to be had; or it is time to renew them."""
        if now - self._asked_at < ASK_AGAIN:
            return False
        permits = self._membership.permits
        more = len(permits) < self._total or not self._total
        return not self._membership.is_valid(now + ASK_AGAIN) or (permits.next_at() > now and more)

    def _ask_unlocked(self) -> None:
        """Settle without the lock, so that other calls go on. A call that finds no database finds no permit either."""
        self._asked_at = time.monotonic()
        self._lock.release()
        try:
            self.settle()
        except (DatabaseError, InterfaceError) as error:
            log.warning("pacing.no_share", account=self._name, error=type(error).__name__)
        finally:
            # Also so that the next question does not go to a connection that broke.
            let_go_of_database()
            self._lock.acquire()

    @staticmethod
    def _until(due: float) -> float:
        return max(due, time.monotonic()) + PATIENCE


def _write(account: VendorAccount, settlement: Settlement) -> bool:
    """Write the shares if nobody has since the row was read."""
    row = VendorAccount.objects.filter(pk=account.pk, shares_version=account.shares_version)
    shares: dict[str, Any] = {process: list(share) for process, share in settlement.shares.items()}
    return bool(row.update(shares=shares, shares_version=account.shares_version + 1))


_gates: dict[str, Gate] = {}
_making = threading.Lock()


def gate_of(name: str) -> Gate:
    with _making:
        if name not in _gates:
            _gates[name] = Gate(name)
        return _gates[name]


def keep_shares() -> None:
    """Renew this process's shares while it uses them, and watch those of others; to be called twice a second.

    The others must be watched for GONE_AFTER before their permits may be taken, so a process that has made a call
    watches them while it is idle too.
    """
    for gate in list(_gates.values()):
        gate.keep_share()


def forget() -> None:
    """Begin anew, as another process: after a fork, which copies no threads but would copy the permits."""
    global _making
    _making = threading.Lock()
    _gates.clear()


os.register_at_fork(after_in_child=forget)
