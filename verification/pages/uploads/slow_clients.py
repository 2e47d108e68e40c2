"""How long a sender may keep one of our threads waiting for a body, and how many threads at once.

A read returns when it has what it asked for: whoever sends a byte now and then, or none, would keep its thread for
ever. What is received, and what is said to the sender, this module does not know.
"""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class TooManyAtOnce(Exception):
    """As many bodies of this sender are arriving as may."""


_lock = threading.Lock()
_arriving: Counter[int] = Counter()


@contextmanager
def limit_concurrency(most: int, sender: int) -> Iterator[None]:
    """Take one of the `most` places of `sender` for the length of the block.

    This process alone is counted: its own threads are what is guarded, and each process has as many.
    """
    with _lock:
        if _arriving[sender] >= most:
            raise TooManyAtOnce("Too many bodies at once.")
        _arriving[sender] += 1
    try:
        yield
    finally:
        with _lock:
            _arriving[sender] -= 1
            if not _arriving[sender]:
                del _arriving[sender]


@contextmanager
def cut_off(connection: socket.socket | None, seconds: float) -> Iterator[threading.Event]:
    """Let no read on `connection` wait longer than that; the event says that it was cut. The answer can still go out.

    Without a connection (the server does not show it) a read waits as long as that server lets it.
    """
    cut = threading.Event()
    if connection is None:
        yield cut
        return
    timer = threading.Timer(max(seconds, 0), _cut, (connection, cut))
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
        # Else it might still strike a connection that has gone on to its next request.
        timer.join()


def _cut(connection: socket.socket, cut: threading.Event) -> None:
    cut.set()
    stop_reading(connection)


def stop_reading(connection: socket.socket | None) -> None:
    """Whoever waits for this connection, the server itself included, is told that it has ended."""
    if connection is None:
        return
    with suppress(OSError):  # closed by the sender
        # Not the method of a TLS connection: that one would go on without encryption.
        socket.socket.shutdown(connection, socket.SHUT_RD)
