"""Reads a request's body within a size and a time, and never more of it than it needs.

It does not know what the body is for. A body over the limit is read and dropped, because a client
that is still sending does not read its answer; one over DRAIN_LIMIT is not read to its end.
"""

import hashlib
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from io import BufferedIOBase

CHUNK = 256 * 1024
DRAIN_LIMIT = 64_000_000
# A body may pause this long, and take this long altogether.
READ_SECONDS = 30.0
BODY_SECONDS = 90.0
LINGER_SECONDS = 1.0


class BadLength(ValueError):
    """The request does not say how long its body is, or says it in two ways."""


@dataclass(frozen=True)
class Intake:
    """`data` is None for a body over the limit, and `sha256` too when it was not read to its end."""

    size: int
    sha256: str | None
    data: bytearray | None


def content_length(headers: Message) -> int:
    values = headers.get_all("Content-Length", [])
    if "Transfer-Encoding" in headers or len(values) != 1:
        raise BadLength("The request needs one Content-Length and no Transfer-Encoding.")
    if not (values[0].isascii() and values[0].isdigit() and len(values[0]) <= 12):
        raise BadLength("Content-Length must be a whole number.")
    return int(values[0])


def read_body(source: BufferedIOBase, size: int, limit: int) -> Intake:
    """Raise ConnectionError if the client breaks off, TimeoutError if it is too slow."""
    if size > DRAIN_LIMIT:
        return Intake(size, None, None)
    keeps = size <= limit
    # Read into its final place: at 20 calls a second copies of bodies would cost noticeable time.
    data = bytearray(size if keeps else min(size, CHUNK))
    digest = hashlib.sha256()
    deadline = time.monotonic() + BODY_SECONDS
    read = 0
    with memoryview(data) as view:
        while read < size:
            start = read if keeps else 0
            piece = view[start : start + min(CHUNK, size - read)]
            count = _read(source, piece, deadline)
            digest.update(piece[:count])
            read += count
    return Intake(size, digest.hexdigest(), data if keeps else None)


def linger(connection: socket.socket, rounds: int = 100) -> None:
    """Read and drop some of what still comes, so that the client reads the answer before the reset."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(LINGER_SECONDS)
        while rounds and connection.recv(CHUNK):
            rounds -= 1


def _read(source: BufferedIOBase, piece: memoryview, deadline: float) -> int:
    count = source.readinto1(piece)
    if not count:
        raise ConnectionError("the client broke off")
    if time.monotonic() > deadline:
        raise TimeoutError("the body came too slowly")
    return count
