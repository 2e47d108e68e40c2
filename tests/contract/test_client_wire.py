"""The client against a bare socket: what is known after each of the ways in which a call can break."""

import gzip
import socket

import pytest

from tests.contract.vendor_socket import SUCCESS, Line, VendorSocket, answering, http
from verification.liveness import (
    BadAnswer,
    Billed,
    Credentials,
    LivenessClient,
    NotSent,
    Throttled,
    Unavailable,
    UnknownOutcome,
)
from verification.liveness.deadline import Deadline

CREDENTIALS = Credentials("AKIDwire", "wire-secret-key", "wire-token")


def client_of(url: str, **settings) -> LivenessClient:
    settings = {"connect_timeout": 5, "read_timeout": 5, "deadline": 10} | settings
    return LivenessClient(url, "ap-singapore", CREDENTIALS, **settings)


def ask(url: str, video: bytes = b"video", **settings):
    with client_of(url, **settings) as client:
        return client.compare(b"photo", video, mode="ACTION", actions="4,2")


def ask_vendor(behave, *, reads: str = "all", **more):
    with VendorSocket(behave, reads=reads) as vendor:
        return ask(vendor.url, **more)


def hang(line: Line) -> None:
    line.over.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_call_says_what_the_api_asks_for():
    with VendorSocket(answering(http())) as vendor:
        ask(vendor.url)
        headers = vendor.requests[0].headers
    assert {name: headers[name] for name in headers if name not in ("authorization", "x-tc-timestamp")} == {
        "host": vendor.url.removeprefix("http://"),
        "content-type": "application/json",
        "content-length": str(vendor.requests[0].body_size),
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "close",
        "user-agent": "kyc-portal",
        "x-tc-action": "CompareFaceLiveness",
        "x-tc-version": "2018-03-01",
        "x-tc-region": "ap-singapore",
        "x-tc-language": "en-US",
        "x-tc-token": "wire-token",
    }


def test_a_refused_connection_was_not_sent():
    with pytest.raises(NotSent) as raised:
        ask(f"http://127.0.0.1:{free_port()}")
    assert (raised.value.code, raised.value.billed) == ("ConnectError.ConnectionRefusedError", Billed.NO)


def test_an_unknown_name_was_not_sent(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match=r"ConnectError\.gaierror"):
        ask("https://vendor.example")


def test_a_failed_handshake_was_not_sent():
    plain = VendorSocket(answering(b"no tls here\r\n"), reads="nothing")
    with plain as vendor, pytest.raises(NotSent, match=r"ConnectError\.SSLError"):
        ask(vendor.url.replace("http", "https"))


def test_no_free_connection_was_not_sent(monkeypatch):
    monkeypatch.setattr("verification.liveness.client.CONNECTIONS", 1)
    refused = []

    def call_again_meanwhile(line: Line) -> None:
        try:
            client.probe()
        except NotSent as error:
            refused.append(error.code)
        line.send(http())

    with VendorSocket(call_again_meanwhile) as vendor, client_of(vendor.url, connect_timeout=0.2) as client:
        client.probe()
    assert refused == ["PoolTimeout"]


@pytest.mark.parametrize("cuts", [True, False], ids=["socket cut", "socket not yet cut"])
def test_nothing_is_sent_once_the_deadline_is_over(monkeypatch, cuts):
    class Over(Deadline):
        def __enter__(self):
            self._cut()
            return self

        def follow(self, event, info):
            if cuts:
                super().follow(event, info)

    monkeypatch.setattr("verification.liveness.client.Deadline", Over)
    with VendorSocket(answering(http())) as vendor, pytest.raises(NotSent, match="deadline"):
        ask(vendor.url)
    assert sum(request.body_size for request in vendor.requests) == 0


@pytest.mark.parametrize(
    ("behave", "code"),
    [
        (lambda line: None, "RemoteProtocolError"),
        (Line.reset, "ReadError.ConnectionResetError"),
        (
            lambda line: (line.send(http(length=len(SUCCESS) + 1)[:40]), line.reset()),
            "ReadError|RemoteProtocol",
        ),
        (answering(http(length=len(SUCCESS) + 1)), "RemoteProtocolError"),
        (answering(http(SUCCESS[:30], length=len(SUCCESS))), "RemoteProtocolError"),
        (answering(http(b"5\r\nabc", length=-1, Transfer_Encoding="chunked")), "RemoteProtocolError"),
        (answering(http(SUCCESS[:30], length=-1)), "unframed.not_json"),
        (answering(http(b"", length=-1)), "unframed.not_json"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-"), "RemoteProtocolError"),
        (answering(b"not http at all\r\n\r\n"), "RemoteProtocolError"),
    ],
)
def test_a_broken_answer_leaves_the_outcome_unknown(behave, code):
    with pytest.raises(UnknownOutcome, match=code) as raised:
        ask_vendor(behave)
    assert raised.value.billed is Billed.UNKNOWN


@pytest.mark.parametrize("end", range(0, len(http()), 7))
def test_an_answer_cut_off_anywhere_leaves_the_outcome_unknown(end):
    with pytest.raises(UnknownOutcome):
        ask_vendor(answering(http()[:end]))


def test_a_vendor_that_never_answers_leaves_the_outcome_unknown():
    with pytest.raises(UnknownOutcome, match="ReadTimeout"):
        ask_vendor(hang, read_timeout=0.2)


def test_a_vendor_that_stops_reading_leaves_the_outcome_unknown():
    with pytest.raises(UnknownOutcome, match="WriteTimeout"):
        ask_vendor(hang, reads="head", video=bytes(6_000_000), read_timeout=0.2)


@pytest.mark.parametrize(
    "behave",
    [hang, lambda line: line.drip(http()), lambda line: (line.send(http()[:80]), line.drip(http()[80:]))],
    ids=["silence", "drip from the first byte", "drip within the body"],
)
def test_the_deadline_holds_even_where_every_single_wait_is_short(behave):
    with pytest.raises(UnknownOutcome, match="deadline"):
        ask_vendor(behave, deadline=0.3)


def test_the_deadline_holds_while_sending():
    with pytest.raises(UnknownOutcome, match="deadline"):
        ask_vendor(hang, reads="head", video=bytes(6_000_000), deadline=0.3)


def test_a_whole_answer_ended_by_the_connection_is_read():
    assert ask_vendor(answering(http(length=-1))).result == "Success"


def test_a_refusal_sent_before_the_body_was_read_is_heard():
    with pytest.raises(Unavailable, match="http_503"):
        ask_vendor(lambda line: (line.send(http(b"", "503 Busy")), hang(line)), reads="head")


@pytest.mark.parametrize(
    ("raw", "expected", "code"),
    [
        (http(b"<html>", "500 Internal"), Unavailable, "http_500"),
        (http(b"", "504 Timeout"), Unavailable, "http_504"),
        (http(SUCCESS, "503 Busy"), Unavailable, "http_503"),
        (http(SUCCESS, "429 Slow"), Throttled, "http_429"),
        (http(SUCCESS, "403 No"), BadAnswer, "http_403"),
        (http(b"", "204 None"), BadAnswer, "http_204"),
        (http(b"<html>hello", Content_Type="text/html"), BadAnswer, "content_type"),
        (http(SUCCESS, Content_Type="application/json; charset=gbk"), BadAnswer, "content_type"),
        (http(gzip.compress(SUCCESS), Content_Encoding="gzip"), BadAnswer, "content_encoding"),
        (http(gzip.compress(SUCCESS)), BadAnswer, "not_utf8"),
        (http(b""), BadAnswer, "not_json"),
        (http(b" " * 8_000_001), BadAnswer, "answer_too_large"),
        (http(SUCCESS + SUCCESS), BadAnswer, "not_json"),
    ],
)
def test_a_complete_answer_that_is_none_is_refused(raw, expected, code):
    with pytest.raises(expected) as raised:
        ask_vendor(answering(raw))
    assert (raised.value.code, raised.value.billed) == (code, Billed.UNKNOWN)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(status):
    with VendorSocket(answering(http())) as elsewhere, pytest.raises(BadAnswer, match=f"http_{status[:3]}"):
        ask_vendor(answering(http(b"", status, Location=f"{elsewhere.url}/")))
    assert elsewhere.requests == []


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert ask_vendor(answering(http())).result == "Success"


def ask_twice(url: str) -> list[str]:
    with client_of(url) as client:
        return [client.compare(b"p", b"v", mode="SILENT", actions="").request_id for _ in range(2)]


def test_an_answer_left_over_is_never_taken_for_the_next_call():
    answers = iter(
        [http() + http(SUCCESS.replace(b"r-1", b"left-over")), http(SUCCESS.replace(b"r-1", b"r-2"))]
    )
    with VendorSocket(lambda line: (line.send(next(answers)), hang(line))) as vendor:
        assert ask_twice(vendor.url) == ["r-1", "r-2"]


def test_cookies_are_not_kept():
    with VendorSocket(answering(http(Set_Cookie="session=1; Path=/"))) as vendor:
        ask_twice(vendor.url)
    assert "cookie" not in vendor.requests[1].headers
