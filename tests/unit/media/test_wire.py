"""Malformed answers from a media child."""

import socket
from contextlib import closing

import pytest

from verification.media import wire

BLOB = bytes(range(10))


def received(text: bytes, blobs: bytes = b"", *, kind: bytes = wire.ANSWER) -> object:
    """The value that the parent reads from these bytes."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.sendall(wire._HEAD.pack(kind, len(text), len(blobs)) + text + blobs)
        theirs.shutdown(socket.SHUT_WR)
        message = wire.receive(ours)
    assert message is not None
    return message[1]


def test_bytes_are_found_where_they_were_left() -> None:
    value = [{"a": b"\1\2"}, b"", {"b": [b"\3", 1.5]}]
    message = wire.encode(wire.ANSWER, value)
    head, body = message[: wire._HEAD.size], message[wire._HEAD.size :]
    _, length, _ = wire._HEAD.unpack(head)
    assert received(body[:length], body[length:]) == value


SPANS = {
    "the same bytes a thousand times": b"[" + b",".join([b'{"$bytes":[0,10]}'] * 1000) + b"]",
    "bytes behind the end": b'{"$bytes":[0,11]}',
    "bytes from the end": b'{"$bytes":[-4,-1]}',
    "bytes backwards": b'{"$bytes":[4,1]}',
    "a gap": b'{"$bytes":[1,10]}',
    "truth for a number": b'{"$bytes":[false,true]}',
    "a fraction": b'{"$bytes":[0,1.0]}',
    "a word": b'{"$bytes":"ab"}',
    "three numbers": b'{"$bytes":[0,1,2]}',
}
NUMBERS = {
    "no number": b'{"v":NaN}',
    "endless": b'{"v":-Infinity}',
    "too large": b'{"v":1e999}',
    "of too many digits": b'{"v":' + b"9" * 10_000 + b"}",
}
TEXTS = {"no JSON": b"{", "no text": b"\xff\xfe\xff", "deep": b"[" * 100_000 + b"]" * 100_000}
MALFORMED = SPANS | NUMBERS | TEXTS


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_is_malformed_is_no_message(kind: str) -> None:
    with pytest.raises(wire.BadMessage):
        received(MALFORMED[kind], BLOB)


@pytest.mark.parametrize(("text", "blobs"), [(wire.MAX_TEXT + 1, 0), (10, wire.MAX_MESSAGE)])
def test_what_is_too_long_is_refused_before_it_is_read(text: int, blobs: int) -> None:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.sendall(wire._HEAD.pack(wire.ANSWER, text, blobs))
        with pytest.raises(wire.BadMessage):
            wire.receive(ours)
