"""Caches the facts of the last photos and clips by their hash.

So a load test that sends one clip a thousand times measures the portal and not this decoder. It does
not know what it caches: facts and one small frame, never whole media.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

KEPT = 64

Fact = TypeVar("Fact")


class Memory(Generic[Fact]):
    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = Lock()
        self._facts: OrderedDict[str, Fact] = OrderedDict()

    def recall(self, sha256: str, find_out: Callable[[], Fact]) -> Fact:
        """The cached value, or that of a call of the function; errors are not cached."""
        with self._lock:
            if sha256 in self._facts:
                self._facts.move_to_end(sha256)
                return self._facts[sha256]
        # Outside the lock: two threads may open the same clip once each, but none waits.
        fact = find_out()
        with self._lock:
            self._facts[sha256] = fact
            if len(self._facts) > self._kept:
                self._facts.popitem(last=False)
        return fact
