"""A limit for code that might never end, such as a search for a pattern, which no other thread can interrupt."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fails the test when the block takes longer. Only in the main thread."""
    before = signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _give_up(*_arguments: Any) -> None:
    pytest.fail("It took too long.")  # no `except Exception` on the way stops this
