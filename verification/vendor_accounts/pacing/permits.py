"""The permits of an account that one process holds. A call can't leave without a permit.

An account has as many permits as it may be called in a second, and all processes together hold no more (`shares`). A
call has its permit from before its first byte until HOLD seconds after that byte had left, by the steady clock of its
process. So no second holds more calls than there are permits, however late a thread is woken up, and whatever the
clocks of the hosts show. Pure: times are seconds of a steady clock, passed in.
"""

import heapq
import math
from typing import Final

# Seconds. What is longer than a second is for the way: two calls may be so much nearer to each other when they arrive
# than when they left.
HOLD: Final = 1.012


class Permits:
    """`len` counts all that are held: those in use, those that cool down after a call, and idle ones."""

    def __init__(self) -> None:
        # The times from which the permits that are not in use may be used; retired ones will not be used again.
        self._free_at: list[float] = []
        self._retired: list[float] = []
        self._in_use = 0
        # Calls that have not left yet, whose permits were lost meanwhile.
        self._uncovered = 0

    def __len__(self) -> int:
        return len(self._free_at) + len(self._retired) + self._in_use - self._uncovered

    def busy(self, now: float) -> int:
        """How many are in use or cool down, besides retired ones."""
        return self._in_use + sum(at > now for at in self._free_at)

    def idle(self, now: float) -> int:
        """How many may be used now."""
        return sum(at <= now for at in self._free_at)

    def next_at(self) -> float:
        """When the next one may be used; infinity if all are in use, or there are none."""
        return self._free_at[0] if self._free_at else math.inf

    def take(self, now: float) -> bool:
        """Take one for a call, which returns it by `give_back`; False if none may be used now."""
        if self.next_at() > now:
            return False
        heapq.heappop(self._free_at)
        self._in_use += 1
        return True

    def give_back(self, free_at: float) -> None:
        """The call's first byte has left, or it never will: the permit may be used again at `free_at`."""
        self._in_use -= 1
        if self._uncovered:
            self._uncovered -= 1
        else:
            heapq.heappush(self._free_at, free_at)

    def add(self, count: int, free_at: float) -> None:
        """Hold so many more, which may be used from `free_at`. Calls that are under way without a permit come first."""
        covered = min(count, self._uncovered)
        self._uncovered -= covered
        for _ in range(count - covered):
            heapq.heappush(self._free_at, free_at)

    def retire(self, count: int) -> None:
        """From now on use all but `count` of those that are held, or all but as many as are not in use."""
        while len(self._retired) > count:
            heapq.heappush(self._free_at, self._retired.pop())
        while len(self._retired) < count and self._free_at:
            self._retired.append(heapq.heappop(self._free_at))

    def remove_retired(self, now: float) -> int:
        """Hold those retired ones no longer that have cooled down; returns how many."""
        left = [at for at in self._retired if at > now]
        removed = len(self._retired) - len(left)
        self._retired = left
        return removed

    def lose(self) -> float:
        """Hold none any more. Returns when the last of those that cool down would have been usable."""
        last = max([-math.inf, *self._free_at, *self._retired])
        self._free_at, self._retired = [], []
        self._uncovered = self._in_use
        return last
