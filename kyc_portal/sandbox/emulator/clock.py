"""The emulator's only source of time, so that a test can stop it or set it wrong.

It does not know what the time is used for.
"""

import time
from datetime import UTC, datetime

AT_ONCE = 0.0001  # seconds


class Clock:
    """The machine's clock, `skew` seconds ahead."""

    def __init__(self, skew: float = 0) -> None:
        self.skew = skew

    def seconds(self) -> float:
        return time.time() + self.skew

    def monotonic(self) -> float:
        return time.monotonic()

    def monotonic_of(self, stamp: float) -> float:
        """The reading of `monotonic` at the moment of a stamp by the machine, which is in seconds since 1970."""
        while True:
            before, wall, after = self.monotonic(), time.time(), self.monotonic()
            # The thread may be held up between the two clocks: then it reads them again.
            if after - before < AT_ONCE:
                return before - max(0.0, wall - stamp)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)


def iso(moment: datetime) -> str:
    """Always with microseconds, so that the times in the ledger sort as text."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
