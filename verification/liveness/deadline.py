"""One time limit for a whole call, which the HTTP library does not have.

httpx limits each wait by itself: a peer that sends one byte every few seconds never trips a read timeout,
not even within the headers. The lease of an attempt is safe only if a call ends in time, so at the deadline the
socket is shut down, which wakes the thread that waits on it. Knows sockets, nothing of the vendor.
"""

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

# The last one is TLS to the vendor through a proxy's tunnel.
_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete", "proxy.start_tls.complete")


class Deadline:
    """Use as a context manager around one call and pass `follow` as the request's "trace" extension."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._seconds = seconds
        self._over = False
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        _WATCH.add(self, time.monotonic() + self._seconds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The watch may hold this object for a while; the connection is released now.
        self._over, self._socket = True, None

    def follow(self, event: str, info: Mapping[str, Any]) -> None:
        """Learns the socket as soon as there is one (httpx "Extensions" page, trace)."""
        if event in _CONNECTED:
            self.watch(info["return_value"].get_extra_info("socket"))

    def watch(self, connected: socket.socket | None) -> None:
        """From now on this is the connection's socket."""
        self._socket = connected
        if self.passed:
            self.cut()

    def cut(self) -> None:
        if self._over:
            return
        self.passed = True  # before the socket is read: `watch` checks it after it has set the socket
        connection = self._socket
        if connection is not None:
            with contextlib.suppress(OSError):  # closed already, or just wrapped by TLS
                # Not SSLSocket.shutdown: that would also drop the TLS layer under a reading thread.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Watch:
    """The one thread of a process that waits for all its deadlines; a timer each would double the threads."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """After a fork: the child has none of its parent's other threads, and a lock of theirs may be held."""
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()  # a tie-breaker, so that two Deadlines are never compared
        self._thread: threading.Thread | None = None

    def add(self, deadline: Deadline, at: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (at, next(self._numbers), deadline))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            if self._due[0][2] is deadline:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            self._next().cut()

    def _next(self) -> Deadline:
        """Wait until one is due. Deadlines of calls that ended are due too, and shut nothing down."""
        with self._changed:
            while not self._due or (wait := self._due[0][0] - time.monotonic()) > 0:
                self._changed.wait(wait if self._due else None)
            return heapq.heappop(self._due)[2]


_WATCH = _Watch()
os.register_at_fork(after_in_child=_WATCH.forget)
