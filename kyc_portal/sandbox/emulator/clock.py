"""The emulator's only source of time, so that a test can stop it or set it wrong.

It does not know what the time is used for.
"""

import time
from datetime import UTC, datetime


class Clock:
    """The machine's clock, `skew` seconds ahead."""

    def __init__(self, skew: float = 0) -> None:
        self.skew = skew

    def seconds(self) -> float:
        return time.time() + self.skew

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)


def iso(moment: datetime) -> str:
    """Always with microseconds, so that the times in the ledger sort as text."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
