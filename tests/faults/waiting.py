"""Waits for a condition, never for a fixed time and never for ever."""

import time
from collections.abc import Callable

PATIENCE = 90  # seconds; only a failed test waits that long
POLL = 0.02


class NeverHappened(Exception):
    """The condition did not become true in time."""


def wait_until(what: str, happened: Callable[[], object], seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            raise NeverHappened(f"Not within {seconds} s: {what}.")
        time.sleep(POLL)
