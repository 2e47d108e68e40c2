"""The ways in which an answer can go wrong on its way, or be wrong in itself.

To add one: write a function that takes the wire and the reply, and give it a row in FAULTS.
A fault does not know the checks: their result is already in `reply`.

HOLD changes nothing and has no row: the handler holds the reply until it is released or the server stops, even if
the client has gone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from kyc_portal.sandbox.emulator.answers import LOW_SIMILARITY, Answer, encode, response
from kyc_portal.sandbox.emulator.wire import Wire

DRIP_SECONDS = 0.1
HANG_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Reply:
    answer: Answer
    request_id: str

    @cached_property
    def body(self) -> bytes:
        return response(self.answer, self.request_id)

    @property
    def fields(self) -> dict[str, object]:
        return {**self.answer.fields, "RequestId": self.request_id}


@dataclass(frozen=True)
class Fault:
    """`status` is the HTTP status that the client gets, None if it gets none."""

    status: int | None
    run: Callable[[Wire, Reply], None]


def _bad_gateway(status: int) -> Fault:
    page = f"<html><body><h1>{status}</h1><p>emulator fault</p></body></html>".encode()
    return Fault(status, lambda wire, _: wire.send(page, status=status, content_type="text/html"))


def _html(wire: Wire, _: Reply) -> None:
    wire.send(b"<html><body>Please sign in to the network.</body></html>", content_type="text/html")


def _truncated(wire: Wire, reply: Reply) -> None:
    wire.close_after()
    wire.head(len(reply.body))
    wire.write(reply.body[: len(reply.body) // 2])


def _reset(wire: Wire, reply: Reply) -> None:
    wire.head(len(reply.body))
    wire.reset()


def _drip(wire: Wire, reply: Reply) -> None:
    wire.close_after()
    wire.head(len(reply.body))
    for at in range(len(reply.body)):
        wire.write(reply.body[at : at + 1])
        if not wire.pause(DRIP_SECONDS):
            return


def _hang(wire: Wire, _: Reply) -> None:
    wire.close_after()
    wire.pause(HANG_SECONDS)


def _null_frame(wire: Wire, reply: Reply) -> None:
    wire.send(_changed(reply, "BestFrameBase64", None))


def _bad_frame(wire: Wire, reply: Reply) -> None:
    # Valid Base64 of bytes that are no JPEG.
    wire.send(_changed(reply, "BestFrameBase64", "bm90IGEgSlBFRw=="))


def _sim_nan(wire: Wire, reply: Reply) -> None:
    # json.dumps writes the bare word NaN, which is not JSON and which many parsers swallow.
    wire.send(_changed(reply, "Sim", float("nan")))


def _duplicate_keys(wire: Wire, reply: Reply) -> None:
    # The contradiction comes first: a parser that keeps the last value sees the real answer.
    first = json.dumps({"Result": f"FailedOperation.{LOW_SIMILARITY}"})[1:-1].encode()
    wire.send(reply.body.replace(b'{"Response": {', b'{"Response": {' + first + b", ", 1))


def _no_request_id(wire: Wire, reply: Reply) -> None:
    wire.send(encode(reply.answer.fields))


def _changed(reply: Reply, name: str, value: object) -> bytes:
    """Only a verdict has such fields; an Error goes out as it is."""
    return encode({**reply.fields, name: value} if name in reply.fields else reply.fields)


FAULTS: Mapping[str, Fault] = {
    "http_500": _bad_gateway(500),
    "http_502": _bad_gateway(502),
    "http_503": _bad_gateway(503),
    "html": Fault(200, _html),
    "truncated": Fault(200, _truncated),
    "reset": Fault(200, _reset),
    "drip": Fault(200, _drip),
    "hang": Fault(None, _hang),
    "null_frame": Fault(200, _null_frame),
    "bad_frame": Fault(200, _bad_frame),
    "sim_nan": Fault(200, _sim_nan),
    "duplicate_keys": Fault(200, _duplicate_keys),
    "no_request_id": Fault(200, _no_request_id),
}

HOLD = "hold"
NAMES = (*FAULTS, HOLD)
