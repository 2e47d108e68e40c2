"""Threads of a process that do the same thing one after another, because together they would be in each other's way.

It is a courtesy and no lock: correctness is the compare-and-set in the database. So a thread that waits for the
database does not stop the others for longer than PATIENCE.
"""

import os
import threading
from types import TracebackType
from typing import Final

PATIENCE: Final = 2.0  # seconds


class OneByOne:
    """Used as a context. A thread may enter it again."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._mine = threading.local()

    def __enter__(self) -> None:
        entered = getattr(self._mine, "entered", [])
        entered.append(self._lock.acquire(timeout=PATIENCE))
        self._mine.entered = entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._mine.entered.pop():
            self._lock.release()
