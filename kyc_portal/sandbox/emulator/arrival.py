"""Tells when bytes reached this machine: by the kernel's stamp on them, not by when a thread got to read them.

Tests judge a pace of 20 calls a second by the ledger's arrival times, and on a busy machine a thread reads tens of
milliseconds late. This module does not know HTTP.
"""

import io
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import Any

# SO_TIMESTAMPNS of Linux, for which Python has no name; the kernel hands back a struct timespec.
STAMPS = 35
TIMESPEC = struct.Struct("ll")


def ask_for_stamps(listener: socket.socket) -> None:
    """Connections of this socket inherit it. Without stamps the time of reading is taken."""
    if sys.platform == "linux":
        with suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, STAMPS, 1)


class StampedReader(io.RawIOBase):
    """A connection's incoming bytes; knows when the last ones that were read had arrived."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._arrived = time.time()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count, notes, _, _ = self._connection.recvmsg_into([buffer], socket.CMSG_SPACE(TIMESPEC.size))
        self._arrived = next((_seconds(data) for _, kind, data in notes if kind == STAMPS), time.time())
        return count

    def age(self) -> float:
        """Seconds since then."""
        return max(0.0, time.time() - self._arrived)


def _seconds(timespec: bytes) -> float:
    seconds, nanoseconds = TIMESPEC.unpack(timespec)
    return float(seconds) + float(nanoseconds) / 1e9
