"""Every response on the wire has one defined outcome, and only the genuine form counts as an answer.

`CASES` lists what the vendor's end does, the client's error, and its code. In short:

| response | outcome | reason |
|---|---|---|
| nothing, half an answer, no HTTP, a drip past the deadline | UnknownOutcome | the check may have run |
| an answer before the whole request had left | UnknownOutcome | the vendor can't have judged it |
| a gateway that waited in vain for the vendor: 502, 504, 522, 524 … | UnknownOutcome | the check may have run |
| any other 5xx | Unavailable | the vendor reports a failure |
| 413 | VideoRefused | a smaller recording may do |
| 429 | Throttled | the vendor asks for fewer calls |
| a complete answer of another form: redirect, HTML, gzip, charset, too large | BadAnswer | the client stops reading |

After each of them the cost of the call is unknown. tests/unit/liveness tests the JSON of answers.
"""

import gzip
import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract.vendor_socket import SUCCESS, Behaviour, Line, VendorSocket, answering, hang, http
from verification.liveness import (
    Answer,
    BadAnswer,
    Billed,
    Credentials,
    LivenessClient,
    LivenessError,
    Throttled,
    Unavailable,
    UnknownOutcome,
    VideoRefused,
)

LARGE = bytes(6_000_000)  # more than the buffers of both sockets hold
ERROR = json.dumps({"Response": {"Error": {"Code": "RequestLimitExceeded"}, "RequestId": "r-1"}}).encode()


def chunked(body: bytes, end: bytes = b"\r\n0\r\n\r\n", **headers: str) -> bytes:
    return http(b"%x\r\n" % len(body) + body + end, length=-1, Transfer_Encoding="chunked", **headers)


def sending(raw: bytes, then: Behaviour) -> Behaviour:
    def behave(line: Line) -> None:
        line.send(raw)
        then(line)

    return behave


@dataclass(frozen=True)
class Case:
    error: type[LivenessError]
    code: str
    behave: Behaviour
    reads: str = "all"
    video: bytes = b"video"


def unknown(code: str, behave: Behaviour | bytes, **more) -> Case:
    return Case(UnknownOutcome, code, behave if callable(behave) else answering(behave), **more)


def refused(code: str, raw: bytes, **more) -> Case:
    return Case(BadAnswer, code, answering(raw), **more)


BROKEN = "RemoteProtocolError"
MANY_HEADERS: dict[str, Any] = {f"X{i}": "y" * 100 for i in range(2000)}
CASES = {
    # It broke off, or never came.
    "closed without a word": unknown(BROKEN, lambda line: None),
    "reset without a word": unknown("ReadError.ConnectionResetError", Line.reset),
    "headers cut off": unknown(BROKEN, b"HTTP/1.1 200 OK\r\nContent-"),
    "body one byte short": unknown(BROKEN, http(length=len(SUCCESS) + 1)),
    "body half": unknown(BROKEN, http(SUCCESS[:30], length=len(SUCCESS))),
    "chunk cut off": unknown(BROKEN, http(b"5\r\nabc", length=-1, Transfer_Encoding="chunked")),
    "last chunk missing": unknown(BROKEN, chunked(SUCCESS, end=b"\r\n")),
    "no length, cut off": unknown("unframed.not_json", http(SUCCESS[:30], length=-1)),
    "no length, nothing": unknown("unframed.not_json", http(b"", length=-1)),
    "no length, two answers": unknown("unframed.not_json", http(SUCCESS + SUCCESS, length=-1)),
    # It took longer than a call may take.
    "silence": unknown("deadline", hang),
    "drip from the first byte": unknown("deadline", lambda line: line.drip(http())),
    "drip within the headers": unknown("deadline", sending(http()[:30], lambda line: line.drip(http()[30:]))),
    "drip within the body": unknown("deadline", sending(http()[:80], lambda line: line.drip(http()[80:]))),
    "endless headers": unknown("deadline", sending(b"HTTP/1.1 200 OK\r\n", lambda line: line.drip(b"X: y\r\n" * 9999))),
    "endless interim answers": unknown("deadline", lambda line: line.flood(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "chunks of one byte": unknown(
        "deadline", sending(chunked(b"", end=b"")[:-3], lambda line: line.drip(b"1\r\n \r\n" * 9999))
    ),
    # A gateway passed the request on, and got no answer that it could use.
    "the gateway waited for the request": unknown("http_408", http(b"", "408 Request Timeout")),
    "the gateway took us for gone": unknown("http_499", http(b"", "499 Client Closed Request")),
    "bad gateway": unknown("http_502", http(b"<html>", "502 Bad Gateway")),
    "gateway timeout": unknown("http_504", http(b"", "504 Gateway Timeout")),
    "gateway timeout, around a success": unknown("http_504", http(SUCCESS, "504 Gateway Timeout")),
    "gateway timeout, cut off": unknown("http_504", http(b"<ht", "504 Gateway Timeout", length=9999)),
    "an empty answer behind the gateway": unknown("http_520", http(b"", "520 Unknown Error")),
    "connection timed out behind the gateway": unknown("http_522", http(b"", "522 Connection Timed Out")),
    "a timeout behind the gateway": unknown("http_524", http(b"", "524 A Timeout Occurred")),
    "read timeout behind a proxy": unknown("http_598", http(b"", "598 Network Read Timeout")),
    # It is no HTTP, or ambiguous HTTP.
    "no http": unknown(BROKEN, b"not http at all\r\n\r\n"),
    "json without http": unknown(BROKEN, SUCCESS),
    "a blank line first": unknown(BROKEN, b"\r\n" + http()),
    "a status of four digits": unknown(BROKEN, http(status="0200 OK")),
    "a flood of headers": unknown(BROKEN, http(**MANY_HEADERS)),
    "one endless header": unknown(BROKEN, http(X="y" * 200_000)),
    "two lengths": unknown(BROKEN, http().replace(b"Content-Length", b"Content-Length: 5\r\nContent-Length")),
    "a negative length": unknown(BROKEN, http(length=-5)),
    "a compressed transfer": unknown(BROKEN, http(length=-1, Transfer_Encoding="gzip, chunked")),
    "a chunk that is none": unknown(BROKEN, http(b"zz\r\n" + SUCCESS, length=-1, Transfer_Encoding="chunked")),
    # It is an interim response with a body: the body is no answer.
    "continue with a body": unknown(BROKEN, http(status="100 Continue")),
    "early hints with a body": unknown(BROKEN, http(status="103 Early Hints")),
    "early hints with a body, then an answer": unknown(BROKEN, http(status="103 Early Hints") + http()),
    "other protocol": unknown(BROKEN, http(status="101 Switching Protocols")),
    # It came before the client had sent the whole request.
    "success before the video": unknown("answered_early", http(), reads="head", video=LARGE),
    "throttled before the video": Case(Throttled, "RequestLimitExceeded", answering(http(ERROR)), "head", LARGE),
    "busy before the video": Case(Unavailable, "http_503", answering(http(b"", "503 Busy")), "head", LARGE),
    "too large before the video": Case(VideoRefused, "http_413", answering(http(b"", "413 Large")), "head", LARGE),
    # It comes from the gateway.
    "internal error": Case(Unavailable, "http_500", answering(http(b"<html>", "500 Internal"))),
    "busy, around a success": Case(Unavailable, "http_503", answering(http(SUCCESS, "503 Busy"))),
    "not reached": Case(Unavailable, "http_521", answering(http(b"", "521 Web Server Is Down"))),
    "no tls behind the gateway": Case(Unavailable, "http_525", answering(http(b"", "525 SSL Handshake Failed"))),
    "gateway timeout before the video": Case(
        Unavailable, "http_504", answering(http(b"", "504 Timeout")), "head", LARGE
    ),
    "slow down, around a success": Case(Throttled, "http_429", answering(http(SUCCESS, "429 Slow"))),
    "created": refused("http_201", http(SUCCESS, "201 Created")),
    "no content": refused("http_204", http(b"", "204 None")),
    "partial content": refused("http_206", http(SUCCESS, "206 Partial")),
    "moved": refused("http_301", http(SUCCESS, "301 Moved", Location="/")),
    "not modified": refused("http_304", http(b"", "304 Same")),
    "forbidden": refused("http_403", http(SUCCESS, "403 No")),
    # It is complete but of another form.
    "a web page": refused("content_type", http(b"<html>hello", Content_Type="text/html")),
    "json called a web page": refused("content_type", http(Content_Type="text/html")),
    "no type": refused("content_type", http().replace(b"Content-Type", b"X-Type")),
    "two types": refused("content_type", http().replace(b"\r\n", b"\r\nContent-Type: text/html\r\n", 1)),
    "another charset": refused("content_type", http(Content_Type="application/json; charset=gbk")),
    "gzip": refused("content_encoding", http(gzip.compress(SUCCESS), Content_Encoding="gzip")),
    "gzip that is none": refused("content_encoding", http(Content_Encoding="gzip")),
    "two encodings": refused("content_encoding", http(Content_Encoding="identity, gzip")),
    "gzip unannounced": refused("not_utf8", http(gzip.compress(SUCCESS))),
    "utf-16": refused("not_utf8", http(SUCCESS.decode().encode("utf-16"))),
    "a byte order mark": refused("not_json", http(b"\xef\xbb\xbf" + SUCCESS)),
    "nothing": refused("not_json", http(b"")),
    "two answers in one": refused("not_json", http(SUCCESS + SUCCESS)),
    "json lines": refused("not_json", http(SUCCESS + b"\n" + SUCCESS)),
    "over eight megabytes": refused("answer_too_large", http(b" " * 8_000_001)),
    "over eight megabytes in chunks": refused("answer_too_large", chunked(b" " * 8_000_001)),
    "without an end": Case(
        BadAnswer, "answer_too_large", sending(http(b"", length=-1), lambda line: line.flood(b" " * 65536))
    ),
}  # fmt: skip


def ask(behave: Behaviour, reads: str = "all", video: bytes = b"video", deadline: float = 10) -> Answer:
    credentials = Credentials("AKIDwire", "wire-secret-key")
    with (
        VendorSocket(behave, reads=reads) as vendor,
        LivenessClient(vendor.url, "ap-singapore", credentials, read_timeout=5, deadline=deadline) as client,
    ):
        return client.compare(b"photo", video, mode="ACTION", actions="4,2")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_way_of_going_wrong_has_its_one_outcome(case):
    deadline = 0.3 if case.code == "deadline" else 10
    with pytest.raises(LivenessError) as raised:
        ask(case.behave, case.reads, case.video, deadline)
    assert (type(raised.value), raised.value.code) == (case.error, case.code)
    assert raised.value.billed is Billed.UNKNOWN


@pytest.mark.parametrize("raw", [http(), chunked(SUCCESS)], ids=["length", "chunks"])
def test_an_answer_cut_off_at_any_byte_leaves_the_outcome_unknown(raw):
    for end in range(len(raw)):
        with pytest.raises(UnknownOutcome):
            ask(answering(raw[:end]))


def test_an_answer_that_only_the_connection_ends_is_unknown_at_any_byte_but_the_last():
    raw = http(length=-1)
    for end in range(len(raw) - len(SUCCESS), len(raw)):
        with pytest.raises(UnknownOutcome):
            ask(answering(raw[:end]))
    assert ask(answering(raw)).result == "Success"


@pytest.mark.parametrize(
    "raw",
    [
        chunked(SUCCESS),
        http(status="200 "),
        http().replace(b"1.1", b"1.0", 1),
        http(Content_Type="application/json; charset=utf-8"),
        http(Content_Encoding="IDENTITY"),
        http(b"\n " + SUCCESS + b"\r\n"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + http(),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + http(),
    ],
    ids=[
        "chunks",
        "no reason",
        "1.0",
        "charset",
        "identity",
        "spaced",
        "after continue",
        "after early hints",
    ],
)
def test_a_genuine_answer_in_other_dress_is_an_answer(raw):
    assert (ask(answering(raw)).result, ask(answering(raw)).request_id) == ("Success", "r-1")


def test_a_second_answer_behind_the_first_is_not_looked_at():
    second = http(SUCCESS.replace(b"r-1", b"r-2"))
    assert ask(answering(http() + second)).request_id == "r-1"
