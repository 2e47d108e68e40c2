"""Waiting for something to have happened, seen from outside: never for a time, and never for ever."""

import time
from collections.abc import Callable

PATIENCE = 90  # seconds; only a fault makes anybody wait that long
POLL = 0.02


class NeverHappened(Exception):
    """What was waited for did not happen."""


def wait_until(what: str, happened: Callable[[], object], seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            raise NeverHappened(f"Not within {seconds} s: {what}.")
        time.sleep(POLL)
