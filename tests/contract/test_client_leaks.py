"""What a call leaves behind: no body in memory, no secret in an error, a log or a traceback."""

import gc
import logging
import os
import pickle
import socket
import traceback
import tracemalloc
import weakref
from contextlib import suppress

import pytest

from tests.contract.vendor_socket import VendorSocket, answering, http
from verification.liveness import (
    BadAnswer,
    Credentials,
    EmptyMedia,
    LivenessClient,
    NotSent,
    RequestBody,
    RequestTooLarge,
    Unavailable,
    UnknownOutcome,
    UnsupportedChallenge,
)

SECRETS = ("AKIDcanary", "canary-secret-key", "canary-token", "TC3-HMAC", "Q0FOQVJZ", "CANARY")
PHOTO, VIDEO = b"CANARY", b"CANARY" * 1000  # Q0FOQVJZ in Base64


def client_of(url: str) -> LivenessClient:
    return LivenessClient(url, "ap-singapore", Credentials(*SECRETS[:3]))


def ask(url: str):
    with client_of(url) as client:
        return client.compare(PHOTO, VIDEO, mode="SILENT", actions="")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def no_collections():
    gc.disable()
    yield
    gc.enable()


def test_a_body_near_the_limit_is_never_whole_in_memory():
    photo, video = os.urandom(1_000_000), os.urandom(5_900_000)
    with VendorSocket(answering(http())) as vendor, client_of(vendor.url) as client:
        tracemalloc.start()
        client.compare(photo, video, mode="SILENT", actions="")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert vendor.requests[0].body_size > 9_200_000
    assert peak < 2_000_000


@pytest.mark.parametrize("raw", [http(), http(b"", "503 Busy"), http(length=9999), b""])
def test_the_media_are_let_go_with_the_call_and_not_with_the_next_collection(raw, no_collections):
    body = RequestBody(b"photo", b"video", mode="SILENT", actions="")
    gone = weakref.ref(body)
    with VendorSocket(answering(raw)) as vendor, client_of(vendor.url) as client:
        with suppress(Unavailable, UnknownOutcome):
            client.send(body)
        del body
        assert gone() is None


BROKEN = [
    http(b"CANARY", "500 Internal"),
    http(b"CANARY"),
    http(length=9999),
    b"",
    http(b"CANARY", length=-1),
]


@pytest.mark.parametrize("raw", BROKEN)
def test_no_error_shows_or_holds_a_secret_or_a_body(raw, caplog):
    caplog.set_level(logging.DEBUG)
    with (
        pytest.raises((Unavailable, BadAnswer, UnknownOutcome)) as raised,
        VendorSocket(answering(raw)) as vendor,
    ):
        ask(vendor.url)
    error = raised.value
    held = [error, error.__cause__, error.__context__]
    shown = "".join(
        [*traceback.format_exception(error), *(f"{link!r} {link} {vars(link)}" for link in held if link)]
    )
    assert not any(secret in shown + caplog.text for secret in SECRETS)
    assert not any(hasattr(link, "request") for link in held)


def test_a_failed_connection_holds_no_request():
    with pytest.raises(NotSent) as raised:
        ask(f"http://127.0.0.1:{free_port()}")
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


def test_no_secret_stands_in_the_variables_of_a_traceback():
    with pytest.raises(UnknownOutcome) as raised, VendorSocket(answering(b"")) as vendor:
        client_of(vendor.url).probe()
    shown = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert not any(secret in shown for secret in SECRETS[1:])


def test_a_client_shows_only_its_host():
    with client_of("https://vendor.example") as client:
        assert repr(client) == "LivenessClient('vendor.example')"


@pytest.mark.parametrize(
    "error",
    [
        NotSent("ConnectError"),
        BadAnswer("not_json", "r-1"),
        RequestTooLarge(1, 2, "body"),
        EmptyMedia("VideoBase64"),
        UnsupportedChallenge("LIP", "1"),
    ],
)
def test_errors_survive_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
