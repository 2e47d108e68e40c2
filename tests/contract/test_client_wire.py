"""The client against a bare socket: what the portal knows after each kind of broken call."""

import socket

import pytest

from tests.contract.vendor_socket import SUCCESS, Line, VendorSocket, answering, free_port, hang, http
from verification.liveness import (
    BadAnswer,
    Billed,
    Credentials,
    LivenessClient,
    NotSent,
    RequestBody,
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


def test_it_asks_for_descriptions_in_the_language_it_was_given():
    with VendorSocket(answering(http())) as vendor:
        ask(vendor.url, language="zh-CN")
    assert vendor.requests[0].headers["x-tc-language"] == "zh-CN"


def test_each_try_is_signed_afresh_at_its_own_time():
    clock = iter([1_551_113_065.9, 1_551_199_465.0])
    body = RequestBody(b"photo", b"video", mode="SILENT", actions="")
    with VendorSocket(answering(http())) as vendor, client_of(vendor.url) as client:
        for _ in range(2):
            client.send(body, now=lambda: next(clock))
    sent = [request.headers for request in vendor.requests]
    assert [headers["x-tc-timestamp"] for headers in sent] == ["1551113065", "1551199465"]
    assert "/2019-02-25/faceid/" in sent[0]["authorization"]
    assert "/2019-02-26/faceid/" in sent[1]["authorization"]


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


def test_a_vendor_that_cannot_be_connected_to_in_time_was_not_sent():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        # Fill the listen queue of a server that never accepts: the next client gets no answer to its SYN.
        address = full.getsockname()
        with socket.create_connection(address), pytest.raises(NotSent, match="ConnectTimeout"):
            ask(f"http://127.0.0.1:{address[1]}", connect_timeout=0.2)


def test_a_handshake_that_stalls_was_not_sent():
    with (
        VendorSocket(hang, reads="nothing") as vendor,
        pytest.raises(NotSent, match="ConnectTimeout"),
    ):
        ask(vendor.url.replace("http", "https"), connect_timeout=0.2)


def test_a_handshake_that_outlasts_the_deadline_was_not_sent():
    stall = VendorSocket(lambda line: line.drip(b"\x16\x03\x03\x3f\xff" + bytes(9999)), reads="nothing")
    with stall as vendor, pytest.raises(NotSent):
        ask(vendor.url.replace("http", "https"), connect_timeout=0.5, deadline=0.2)


def test_no_free_connection_was_not_sent(monkeypatch):
    monkeypatch.setattr("verification.liveness.client.CONNECTIONS", 1)
    refused: list[str] = []

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
            self.cut()
            return self

        def follow(self, event, info):
            if cuts:
                super().follow(event, info)

    monkeypatch.setattr("verification.liveness.client.Deadline", Over)
    with VendorSocket(answering(http())) as vendor, pytest.raises(NotSent, match="deadline"):
        ask(vendor.url)
    assert sum(request.body_size for request in vendor.requests) == 0


def test_a_vendor_that_never_answers_leaves_the_outcome_unknown():
    with pytest.raises(UnknownOutcome, match="ReadTimeout"):
        ask_vendor(hang, read_timeout=0.2)


def test_a_vendor_that_stops_reading_leaves_the_outcome_unknown():
    with pytest.raises(UnknownOutcome, match="WriteTimeout"):
        ask_vendor(hang, reads="head", video=bytes(6_000_000), read_timeout=0.2)


def test_the_deadline_holds_while_sending():
    with pytest.raises(UnknownOutcome, match="deadline"):
        ask_vendor(hang, reads="head", video=bytes(6_000_000), deadline=0.3)


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

    def answer_and_hang(line: Line) -> None:
        line.send(next(answers))
        hang(line)

    with VendorSocket(answer_and_hang) as vendor:
        assert ask_twice(vendor.url) == ["r-1", "r-2"]


def test_cookies_are_not_kept():
    with VendorSocket(answering(http(Set_Cookie="session=1; Path=/"))) as vendor:
        ask_twice(vendor.url)
    assert "cookie" not in vendor.requests[1].headers
