"""What a call leaves behind: no body in memory, no secret in an error, a log or a traceback."""

import gc
import hashlib
import json
import logging
import os
import pickle
import time
import traceback
import tracemalloc
import weakref
from contextlib import suppress

import pytest

from tests.contract.vendor_socket import VendorSocket, answering, free_port, http
from tests.unit.liveness.media_files import Touched, cut, fail, flip
from tests.unit.liveness.tracebacks import variables_of
from verification.liveness import (
    BadAnswer,
    Credentials,
    EmptyMedia,
    LivenessClient,
    LivenessError,
    MediaChanged,
    Misconfigured,
    NotSent,
    RequestBody,
    RequestTooLarge,
    TC3Auth,
    Unavailable,
    UnknownOutcome,
    UnsupportedChallenge,
    source,
)
from verification.liveness.exchange import Reply
from verification.liveness.signing import Signer
from verification.liveness.source import KEPT_MOST, SLICE

SECRETS = ("AKIDcanary", "canary-secret-key", "canary-token", "TC3-HMAC", "Q0FOQVJZ", "CANARY")
PHOTO, VIDEO = b"CANARY", b"CANARY" * 1000  # Q0FOQVJZ in Base64


def client_of(url: str) -> LivenessClient:
    return LivenessClient(url, "ap-singapore", Credentials(*SECRETS[:3]))


def ask(url: str):
    with client_of(url) as client:
        return client.compare(PHOTO, VIDEO, mode="SILENT", actions="")


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


@pytest.fixture
def all_logs(caplog):
    """All logs, including those of the HTTP libraries at level DEBUG."""
    for name in (None, "httpx", "httpcore", "httpcore.connection", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def answer_with(description: str) -> bytes:
    response = {"Result": "Success", "Sim": 99, "RequestId": "r-1", "Description": description}
    return json.dumps({"Response": response}).encode()


ODD = [
    http(b"CANARY", "500 Internal"),
    http(b"CANARY", "403 No"),
    http(b"CANARY"),
    http(length=9999),
    b"",
    b"CANARY",
    http(b"CANARY", length=-1),
    http(b"CANARY", Content_Encoding="gzip"),
    http(b"CANARY" * 2_000_000),
    http(answer_with("CANARY").replace(b"99", b"NaN")),
    http(answer_with("CANARY").replace(b"r-1", b"r 1")),
    http(answer_with("CANARY").replace(b"Success", b"MissingParameter")),
]


def shown_by(error: BaseException) -> str:
    """Everything that a log of this error could contain, including variables and pickles."""
    held = [link for link in (error, error.__cause__, error.__context__) if link]
    assert not any(hasattr(link, "request") for link in held)
    texts = [f"{link!r} {link} {vars(link)} {pickle.dumps(link)!r}" for link in held]
    return "".join([*traceback.format_exception(error), *texts, variables_of(error)])


@pytest.mark.parametrize("raw", ODD)
def test_no_error_shows_or_holds_a_secret_or_a_body(raw, all_logs):
    with pytest.raises(LivenessError) as raised, VendorSocket(answering(raw)) as vendor:
        ask(vendor.url)
    assert not any(secret in shown_by(raised.value) + all_logs.text for secret in SECRETS)


@pytest.mark.parametrize(
    ("photo", "video", "mode"),
    [(PHOTO, b"", "SILENT"), (PHOTO, VIDEO, "LIP"), (PHOTO * 500_000, VIDEO, "SILENT"), (PHOTO, VIDEO * 1000, "SILENT"),
     (PHOTO * 374_000, VIDEO * 900, "SILENT")],
)  # fmt: skip
def test_no_refusal_before_sending_shows_the_media(photo, video, mode):
    with client_of("https://vendor.example") as client, pytest.raises(LivenessError) as raised:
        client.compare(photo, video, mode=mode, actions="")
    assert not any(secret in shown_by(raised.value) for secret in SECRETS)


LONG = b"CANARY" * (2 * SLICE // 6)  # two reads of a file


@pytest.mark.parametrize("kept", [0, KEPT_MOST], ids=["streamed", "kept"])
@pytest.mark.parametrize(
    ("at", "change"),
    [(1, flip), (1, cut), (2, cut), (4, cut), (4, fail)],
    ids=["another", "shorter", "ends early", "ends early while sent", "unreadable while sent"],
)
def test_no_error_about_changed_media_shows_them(at, change, kept, monkeypatch):
    monkeypatch.setattr(source, "KEPT_MOST", kept)
    if kept and at > 2:
        pytest.skip("What is in memory changes no more.")
    video, known = Touched(LONG, at=at, touch=change), hashlib.sha256(LONG).hexdigest()
    body = RequestBody(PHOTO, video, mode="SILENT", actions="", video_sha256=known)
    with (
        VendorSocket(answering(http())) as vendor,
        client_of(vendor.url) as client,
        pytest.raises((MediaChanged, UnknownOutcome)) as raised,
    ):
        client.send(body)
    assert not any(secret in shown_by(raised.value) for secret in SECRETS)


@pytest.mark.parametrize(
    "given", [("AKIDcanary\n", "k"), ("k", "canary-secret-key "), ("k", "k", "canary-token\0")]
)
def test_no_refusal_of_credentials_shows_them(given):
    with pytest.raises(Misconfigured) as raised:
        Credentials(*given)
    assert not any(secret in shown_by(raised.value) for secret in SECRETS)


def test_a_call_that_went_well_logs_no_secret_at_any_level(all_logs):
    with VendorSocket(answering(http(answer_with("CANARY")))) as vendor:
        ask(vendor.url)
    assert {record.name.split(".")[0] for record in all_logs.records} >= {"httpcore", "httpx"}
    logged = all_logs.text + "".join(str(vars(record)) for record in all_logs.records)
    assert not any(secret in logged for secret in SECRETS)


def test_a_failed_connection_holds_no_request():
    with pytest.raises(NotSent) as raised:
        ask(f"http://127.0.0.1:{free_port()}")
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


def test_nothing_that_a_log_may_be_given_shows_a_secret():
    credentials, body = Credentials(*SECRETS[:3]), RequestBody(PHOTO, VIDEO, mode="SILENT", actions="")
    signer = Signer(credentials)
    auth = TC3Auth(signer, body.sha256_hex(), time.time)
    reply = Reply(b"CANARY", "application/json", framed=True, asked=True)
    with client_of("https://vendor.example") as client:
        shown = "".join(f"{thing!r} {thing}" for thing in (credentials, signer, auth, body, reply, client))
    assert not any(secret in shown for secret in SECRETS)


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
        MediaChanged("ImageBase64"),
        UnsupportedChallenge("LIP", "1"),
    ],
)
def test_errors_survive_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
