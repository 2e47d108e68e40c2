"""How far an export is, for whoever waits for it; and the word that it is to stop."""

import threading
from collections.abc import Callable


class Stopped(Exception):
    """The export was cancelled, or another process makes it by now."""


class Progress:
    """Of rows, how many are done and how many there are. `tell` is called with both after each step."""

    def __init__(self) -> None:
        self.counted = self.done = 0
        self.tell: Callable[[int, int], None] = _nobody
        self._stop = threading.Event()

    def count(self, rows: int) -> None:
        self.counted += rows
        self._step()

    def add(self, rows: int) -> None:
        """Raises Stopped."""
        self.done += rows
        self._step()

    def stop(self) -> None:
        """By any thread: the next step of the export is its last."""
        self._stop.set()

    def _step(self) -> None:
        if self._stop.is_set():
            raise Stopped("The export is not wanted any more.")
        self.tell(self.done, self.counted)


def _nobody(_done: int, _counted: int) -> None:
    pass
