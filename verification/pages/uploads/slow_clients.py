"""Limits how long a sender may occupy a thread with a body, and how many threads at once.

A read returns when it has the bytes that it asked for: a sender of one byte now and then, or of none, would occupy its
thread for ever.
"""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class TooManyAtOnce(Exception):
    """The sender has as many bodies arriving as the limit allows."""


_lock = threading.Lock()
_arriving: Counter[int] = Counter()


@contextmanager
def limit_concurrency(limit: int, sender: int) -> Iterator[None]:
    """Take one of the `limit` places of `sender` for the length of the block.

    Counts within this process, whose threads it protects.
    """
    with _lock:
        if _arriving[sender] >= limit:
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
    """End all reads on `connection` after `seconds` and set the event; the answer can still be sent.

    Without a connection (the server does not expose it) the server's own timeout applies.
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
        # Otherwise it could cut a connection that already serves the next request.
        timer.join()


def _cut(connection: socket.socket, cut: threading.Event) -> None:
    cut.set()
    stop_reading(connection)


def stop_reading(connection: socket.socket | None) -> None:
    """Make every read on this connection, also the server's own, return as at the end of the stream."""
    if connection is None:
        return
    with suppress(OSError):  # closed by the sender
        # The method of socket.socket: that of a TLS connection would unwrap it and go on without encryption.
        socket.socket.shutdown(connection, socket.SHUT_RD)
