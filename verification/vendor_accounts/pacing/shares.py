"""How the processes share an account's permits. The account's row says who holds how many.

A process takes permits that nobody holds, and gives some of its own to a process that has less than its part. Before
it uses one, it must have said in the last RENEWED_WITHIN seconds that it is alive. The others take the permits of a
process that has said nothing for GONE_AFTER. Each measures that by its own steady clock, so no clock is compared with
another's. Pure: the caller reads the row and writes it by compare-and-set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from verification.vendor_accounts.pacing.permits import HOLD, Permits

# Seconds.
RENEW_EVERY: Final = 0.2
RENEWED_WITHIN: Final = 0.5
# How long a whole process may be stopped between its look at the clock and the first byte of a call.
STOPPED_FOR: Final = 0.28
# By then its last call has left, and the permit of that call has cooled down.
GONE_AFTER: Final = RENEWED_WITHIN + STOPPED_FOR + HOLD


class Share(NamedTuple):
    """How many permits a process holds and wants. `beat` changes whenever it writes."""

    held: int
    wanted: int
    beat: int


Shares = Mapping[str, Share]


@dataclass(frozen=True)
class Settlement:
    """The shares to write, and what follows for this process once they are written, or if they are not."""

    shares: dict[str, Share]
    gained: int
    given: int
    asked_at: float
    usable_from: float


class Membership:
    """One process's part in the sharing of one account's permits."""

    def __init__(self, process: str) -> None:
        self.permits = Permits()
        self._process = process
        self._beat = 0
        self._renewed_at = self._usable_from = float("-inf")
        # By process: its last beat, and when this process first saw it.
        self._seen: dict[str, tuple[int, float]] = {}

    def is_valid(self, now: float) -> bool:
        """May the permits be used? Not if the others may soon take this process for gone."""
        return now - self._renewed_at < RENEWED_WITHIN

    @property
    def has_others(self) -> bool:
        """Did another process have a share when the row was read last?"""
        return bool(self._seen.keys() - {self._process})

    def settle(self, shares: Shares, *, total: int, waiting: int, now: float) -> Settlement | None:
        """What to write: take what is free and wanted, give what others need more, leave out who is gone.

        None if nothing would change. `shares` is the row as it was read before `now`, and after the settlement before
        this one was over; `total` is the number of the account's permits, `waiting` that of the calls that wait for
        one. The caller writes the result if nobody has written since, and calls `written`, or `not_written` if somebody
        has. If it can't tell, it calls neither: then nothing that was given or gained is used before a later settlement
        is written.
        """
        self._observe(shares, now)
        self._lose_what_was_taken(shares)
        others = {
            process: share
            for process, share in shares.items()
            if process != self._process and now - self._seen[process][1] < GONE_AFTER
        }
        held = len(self.permits)
        # One more than are needed, so that the next call need not ask.
        wanted = min(total, self.permits.busy(now) + waiting + (waiting > 0))
        gained, surplus = _exchange(others, held, wanted, total)
        self.permits.retire(surplus)
        given = self.permits.remove_retired(now)
        # Another beat each time, because what is not seen to be written may have been.
        self._beat += 1
        mine = Share(held + gained - given, wanted, self._beat)
        gone = len(shares.keys() - others.keys() - {self._process})
        if not (gained or given or gone) and not self._has_news(shares, mine, now):
            return None
        settled = {**others, self._process: mine} if mine.held or mine.wanted else others
        return Settlement(settled, gained, given, now, max(now, self._usable_from))

    def written(self, settlement: Settlement) -> None:
        self._renewed_at = settlement.asked_at
        self.permits.add(settlement.gained, settlement.usable_from)

    def not_written(self, settlement: Settlement) -> None:
        self.permits.add(settlement.given, settlement.asked_at)

    def _observe(self, shares: Shares, now: float) -> None:
        before, self._seen = self._seen, {}
        for process, share in shares.items():
            seen = before.get(process)
            self._seen[process] = seen if seen and seen[0] == share.beat else (share.beat, now)

    def _lose_what_was_taken(self, shares: Shares) -> None:
        """Hold no more than the row says. If it says more, that is as good as free until this process writes again."""
        held = shares[self._process].held if self._process in shares else 0
        if held < len(self.permits):
            # The others took this process for gone. Its calls of then may have left just now.
            self._usable_from = max(self._usable_from, self.permits.lose())
            self.permits.add(held, self._usable_from)

    def _has_news(self, shares: Shares, mine: Share, now: float) -> bool:
        """Has it to be said that this process is alive, or wants another number?"""
        if self._process not in shares:
            return mine.wanted > 0
        due = now - self._renewed_at >= RENEW_EVERY
        return due or shares[self._process][:2] != mine[:2]


def _exchange(others: Shares, held: int, wanted: int, total: int) -> tuple[int, int]:
    """How many permits to gain, and how many of those that are held to have no longer."""
    free = total - held - sum(share.held for share in others.values())
    active = sum(share.wanted > 0 for share in others.values()) + (wanted > 0)
    fair = total // max(1, active)
    # With more processes than permits each has one by turns.
    part = max(1, fair)
    needed = sum(max(0, min(share.wanted, part) - share.held) for share in others.values())
    if held < wanted and free > 0:
        up_to_its_part = min(free, max(0, min(wanted, part) - held))
        return min(wanted - held, max(up_to_its_part, free - needed)), 0
    for_others = min(held - fair, needed - free)
    return 0, max(0, held - wanted, for_others, -free)
