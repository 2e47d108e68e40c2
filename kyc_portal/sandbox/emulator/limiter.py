"""The vendor's rate limit: at most so many accepted calls of one account in any second.

It does not know what a call is. It works on arrival times, and those may come out of order (a call
with a long body is counted after a later one with a short body), so it keeps them sorted and checks
the second before and after each new one: no window of one second ever holds more than the rate.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from threading import Lock

WINDOW_SECONDS = 1.0
# Longer than any body may take to arrive, so older times no longer affect a new call.
KEPT_SECONDS = 120.0


class RateLimiter:
    def __init__(self) -> None:
        self._lock = Lock()
        self._accepted: defaultdict[str, list[float]] = defaultdict(list)

    def admit(self, account: str, arrived: float, rate: int) -> bool:
        """Count the call if the rate allows it; a refused call does not count."""
        with self._lock:
            times = self._accepted[account]
            del times[: bisect_left(times, arrived - KEPT_SECONDS)]
            if _would_crowd(times, arrived, rate):
                return False
            insort(times, arrived)
            return True


def _would_crowd(times: list[float], arrived: float, rate: int) -> bool:
    first = bisect_left(times, arrived - WINDOW_SECONDS)
    near = [time for time in times[first:] if abs(time - arrived) < WINDOW_SECONDS]
    insort(near, arrived)
    spans = zip(near, near[rate:], strict=False)
    return any(late - early < WINDOW_SECONDS for early, late in spans)
