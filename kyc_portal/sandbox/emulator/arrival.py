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
    """Connections of this socket inherit it. Without stamps the time of reading is taken.

    The kernel joins unread bytes and keeps the stamp of the last, but not with bytes that it has not acknowledged yet.
    So it is told to acknowledge late: then a first byte keeps its own stamp for 40 ms, unread.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, STAMPS, 1)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)


class StampedReader(io.RawIOBase):
    """A connection's incoming bytes; knows when those that were read had arrived, in seconds since 1970.

    `began` is for the first byte of a request, `arrived` for the last bytes read.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._begins = True
        self.began = self.arrived = time.time()

    def readable(self) -> bool:
        return True

    def begin(self) -> None:
        """The next byte is the first of a request."""
        self._begins = True

    def readinto(self, buffer: Any, /) -> int:
        # The first byte is read alone: what is read together has the stamp of the last byte.
        piece = memoryview(buffer)[:1] if self._begins else buffer
        count, notes, _, _ = self._connection.recvmsg_into([piece], socket.CMSG_SPACE(TIMESPEC.size))
        self.arrived = next((_seconds(data) for _, kind, data in notes if kind == STAMPS), time.time())
        if self._begins:
            self.began, self._begins = self.arrived, False
        return count


def _seconds(timespec: bytes) -> float:
    seconds, nanoseconds = TIMESPEC.unpack(timespec)
    return float(seconds) + float(nanoseconds) / 1e9
