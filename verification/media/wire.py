"""The messages between a process and its media child: JSON, with bytes beside it.

Not pickle: the child decodes hostile files, so its answer can't be trusted.
"""

import json
import math
import socket
import struct
import time
from dataclasses import asdict, is_dataclass
from typing import Any, Final

ANSWER: Final = b"A"  # from the child: the result of the work
EXIT: Final = b"X"  # from the helper: the child's exit
REQUEST: Final = b"R"
# To the helper, with a socket: seconds on the clock and of processor time that the child may take.
ORDER: Final = struct.Struct("!dI")
TIMED_OUT: Final = "timeout"  # the exit of a child that used up its time; otherwise an exit code
STARVED: Final = "starved"  # the same, if processor time was given to others: the file is not at fault
NOT_STARTED: Final = 70  # exit code of a child that could not be confined
MAX_MESSAGE: Final = 40 * 1024 * 1024  # bytes
MAX_TEXT: Final = 1_000_000  # bytes of JSON in a message; the hashes of 2,400 pictures are a quarter of that
_BYTES: Final = "$bytes"
_HEAD: Final = struct.Struct("!cII")  # kind, length of the JSON, length of the bytes behind it


class BadMessage(Exception):
    """The bytes are no message."""


def encode(kind: bytes, value: Any) -> bytes:
    """A message with a plain value: JSON types, bytes and dataclasses of them."""
    blobs = bytearray()
    text = json.dumps(_plain(value, blobs), allow_nan=False).encode()
    return b"".join([_HEAD.pack(kind, len(text), len(blobs)), text, blobs])


def send(sock: socket.socket, message: bytes, *, deadline: float | None = None) -> None:
    """Send all of it; raises TimeoutError after `deadline` (time.monotonic seconds)."""
    sock.settimeout(_left(deadline))
    sock.sendall(message)


def receive(sock: socket.socket, *, deadline: float | None = None) -> tuple[bytes, Any] | None:
    """The next message's kind and value, or None when the other side has gone.

    Raises BadMessage for anything malformed or too long, TimeoutError after `deadline`.
    """
    head = _read(sock, _HEAD.size, deadline)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise BadMessage
    kind, text_length, blob_length = _HEAD.unpack(head)
    if text_length > MAX_TEXT or text_length + blob_length > MAX_MESSAGE:
        raise BadMessage
    body = _read(sock, text_length + blob_length, deadline)
    if len(body) < text_length + blob_length:
        raise BadMessage
    return kind, _decode(bytes(body[:text_length]), body[text_length:])


def _decode(text: bytes, blobs: memoryview) -> Any:
    taken = 0

    def with_bytes(value: dict[str, Any]) -> Any:
        """Put each of the byte strings in the place where `_plain` took it out, each once and in order."""
        nonlocal taken
        if value.keys() != {_BYTES}:
            return value
        start, stop = value[_BYTES]
        if type(start) is not int or type(stop) is not int or not taken == start <= stop <= len(blobs):
            raise ValueError("bytes that are not there")
        taken = stop
        return bytes(blobs[start:stop])

    try:
        return json.loads(text, object_hook=with_bytes, parse_float=_finite, parse_constant=_finite)
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise BadMessage from error


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("no number")
    return number


def _plain(value: Any, blobs: bytearray) -> Any:
    """The value as JSON types; bytes move to `blobs`, and a placeholder stays."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value), blobs)
    if isinstance(value, bytes):
        blobs += value
        return {_BYTES: [len(blobs) - len(value), len(blobs)]}
    if isinstance(value, dict):
        return {key: _plain(item, blobs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, blobs) for item in value]
    return value


def _read(sock: socket.socket, length: int, deadline: float | None) -> memoryview:
    """That many bytes, or fewer if the other side has gone."""
    room, arrived = memoryview(bytearray(length)), 0
    while arrived < length:
        sock.settimeout(_left(deadline))
        try:
            count = sock.recv_into(room[arrived:])
        except ConnectionError:
            count = 0
        if not count:
            break
        arrived += count
    return room[:arrived]


def _left(deadline: float | None) -> float | None:
    """Seconds until the deadline."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
