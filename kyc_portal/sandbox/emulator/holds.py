"""Keeps replies back until somebody says so.

It exists so that a caller can be killed at the one moment that matters: its request is complete and judged, and
nothing has come back. It must not know what is held.
"""

from concurrent.futures import Future
from threading import Lock


class Holds:
    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: set[Future[bool]] = set()
        self._closed = False

    def join(self) -> Future[bool]:
        """Be held from now on; the result is True when released and False when the server stops."""
        told = Future[bool]()
        with self._lock:
            if self._closed:
                told.set_result(False)
            else:
                self._waiting.add(told)
        return told

    def release(self) -> int:
        """Let all go that are held now, and say how many there were."""
        return self._tell(True)

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._tell(False)

    def _tell(self, released: bool) -> int:
        with self._lock:
            told, self._waiting = self._waiting, set()
        for held in told:
            held.set_result(released)
        return len(told)
