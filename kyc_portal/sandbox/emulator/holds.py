"""Holds replies until they are released.

So a test can kill a caller at the critical moment: its request is complete and judged, and no answer has been sent.
This module does not know what is held.
"""

from concurrent.futures import Future
from threading import Lock


class Holds:
    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: set[Future[bool]] = set()
        self._closed = False

    def join(self) -> Future[bool]:
        """Hold a reply; the result is True once it is released, and False if the server stops."""
        released = Future[bool]()
        with self._lock:
            if self._closed:
                released.set_result(False)
            else:
                self._waiting.add(released)
        return released

    def release(self) -> int:
        """Release all that are held now; returns how many there were."""
        return self._end_all(True)

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._end_all(False)

    def _end_all(self, released: bool) -> int:
        with self._lock:
            ended, self._waiting = self._waiting, set()
        for held in ended:
            held.set_result(released)
        return len(ended)
