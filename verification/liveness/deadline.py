"""One limit on the whole of a call, which the HTTP library does not have.

httpx limits each wait by itself: a peer that sends one byte every few seconds never trips a read timeout,
not even within the headers. The lease on an attempt is only sound if a call is really over in time, so at
the deadline the socket is shut down and whoever waits on it wakes up. Knows sockets, nothing of the vendor.
"""

import contextlib
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


class Deadline:
    """Use as a context manager around one call and pass `follow` as the request's "trace" extension."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def follow(self, event: str, info: Mapping[str, Any]) -> None:
        """Learns the socket as soon as there is one (httpx "Extensions" page, trace)."""
        if event in _CONNECTED:
            self._socket = info["return_value"].get_extra_info("socket")
            if self.passed:
                self._cut()

    def _cut(self) -> None:
        self.passed = True  # before the socket is read, so that `follow` cannot miss it
        if self._socket is not None:
            with contextlib.suppress(OSError):  # closed already, or taken over by TLS this very moment
                # Not SSLSocket.shutdown: that would also drop the TLS layer under a reading thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
