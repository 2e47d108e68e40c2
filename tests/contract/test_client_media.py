"""The client sends media from files, and notices when a file no longer matches its recorded hash and size."""

import hashlib
import io
import os
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY
from tests.contract.vendor_socket import VendorSocket, answering, free_port, http
from tests.unit.liveness.media_files import Counting, Touched, Trickle, cut, extend, fail, flip
from tests.unit.liveness.tracebacks import variables_of
from verification.liveness import (
    Billed,
    Credentials,
    LivenessClient,
    MediaChanged,
    Misconfigured,
    NotSent,
    RequestBody,
    UnknownOutcome,
    Withdrawn,
    source,
)
from verification.liveness.source import SLICE

CREDENTIALS = Credentials(SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY)
VIDEO = os.urandom(3 * SLICE)  # three reads of a file
# The first pass hashes, the second sends; the number counts the reads of both.
FIRST_SENT, LAST_SENT = 4, 6


def client_of(url: str, **settings) -> LivenessClient:
    settings = {"connect_timeout": 5, "read_timeout": 5, "deadline": 10} | settings
    return LivenessClient(url, "ap-singapore", CREDENTIALS, **settings)


@pytest.fixture(autouse=True)
def _nothing_in_memory(monkeypatch):
    """Other tests do not release what they have hashed."""
    monkeypatch.setattr(source, "_memory", source._Memory())


@pytest.fixture
def streamed(monkeypatch):
    """No room in memory: a file is read to hash it, and read again to send it."""
    monkeypatch.setattr(source, "KEPT_MOST", 0)


@pytest.fixture
def vendor():
    with VendorSocket(answering(http())) as vendor:
        yield vendor


def send(vendor: VendorSocket, body: RequestBody):
    with client_of(vendor.url) as client:
        return client.send(body)


def arrived(vendor: VendorSocket) -> int:
    """Bytes of request bodies that the vendor received."""
    return sum(request.body_size for request in vendor.requests)


def silent(photo, video, **hashes) -> RequestBody:
    return RequestBody(photo, video, mode="SILENT", actions="", **hashes)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("room", [0, source.KEPT_MOST], ids=["streamed", "kept"])
@pytest.mark.parametrize("kind", [io.BytesIO, Trickle])
def test_the_vendor_gets_the_very_bytes_of_the_files(emulator, photo, clip, kind, room, monkeypatch):
    monkeypatch.setattr(source, "KEPT_MOST", room)
    body = silent(kind(photo), kind(clip), photo_sha256=sha256(photo), video_sha256=sha256(clip))
    with client_of(emulator.url) as client:
        assert client.send(body).result == "Success"
    row = emulator.calls()[-1]
    assert (row["image_sha256"], row["video_sha256"]) == (sha256(photo), sha256(clip))
    assert (row["body_sha256"], row["body_size"]) == (body.sha256_hex(), body.size)


@pytest.mark.parametrize("unsigned", [False, True])
@pytest.mark.parametrize("name", ["photo_sha256", "video_sha256"])
def test_other_media_than_on_record_make_no_call(emulator, photo, clip, name, unsigned):
    body = silent(photo, io.BytesIO(clip), **{name: sha256(b"other")})
    with client_of(emulator.url, unsigned_payload=unsigned) as client, pytest.raises(MediaChanged):
        client.send(body)
    assert emulator.calls() == []


@pytest.mark.usefixtures("streamed")
def test_a_byte_that_changed_after_it_was_signed_is_refused_by_the_vendor(emulator, photo, clip):
    changing = Touched(clip, at=2, touch=flip)
    with client_of(emulator.url) as client, pytest.raises(Misconfigured) as raised:
        client.send(silent(photo, changing, video_sha256=sha256(clip)))
    assert raised.value.code == "AuthFailure.SignatureFailure"
    assert emulator.calls()[-1]["video_sha256"] is None


def between_the_passes(change):
    """A body whose file changes between the hash and the sending."""
    file = io.BytesIO(VIDEO)
    body = silent(b"photo", file)
    body.sha256_hex()
    change(file)
    return body


@pytest.mark.parametrize("change", [cut, extend])
def test_a_file_of_another_size_than_was_signed_is_not_sent(vendor, change):
    with pytest.raises(MediaChanged) as raised:
        send(vendor, between_the_passes(change))
    assert (raised.value.billed, arrived(vendor)) == (Billed.NO, 0)


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize(
    ("change", "code"),
    [(cut, "integrity_error"), (fail, "media_unreadable")],
    ids=["cut short", "unreadable"],
)
def test_a_file_that_fails_while_it_is_sent_leaves_the_outcome_unknown(vendor, change, code):
    with pytest.raises(UnknownOutcome) as raised:
        send(vendor, silent(b"photo", Touched(VIDEO, at=LAST_SENT, touch=change)))
    assert (raised.value.code, raised.value.billed) == (code, Billed.UNKNOWN)
    assert "CANARY" not in variables_of(raised.value)


def test_a_file_that_was_closed_too_early_was_not_sent(vendor):
    file = io.BytesIO(VIDEO)
    body = silent(file, b"video")
    body.sha256_hex()
    file.close()
    with pytest.raises(NotSent, match="ValueError"):
        send(vendor, body)
    assert arrived(vendor) == 0


class Lying(RequestBody):
    """Sends another number of bytes than its length claims."""

    rest: Callable[[bytes], bytes]

    def __iter__(self):
        whole = b"".join(super().__iter__())
        yield from [whole[:10], self.rest(whole[10:])]


class TooShort(Lying):
    rest = staticmethod(lambda rest: rest[:-1])


class TooLong(Lying):
    rest = staticmethod(lambda rest: rest + b" ")


@pytest.mark.parametrize("kind", [TooShort, TooLong])
def test_a_body_of_another_length_than_announced_leaves_the_outcome_unknown(vendor, kind):
    with pytest.raises(UnknownOutcome, match="LocalProtocolError"):
        send(vendor, kind(b"photo", b"video", mode="SILENT", actions=""))


@pytest.mark.usefixtures("streamed")
def test_the_sending_pass_starts_with_the_read_that_the_tests_above_count_on(vendor):
    positions = []
    video = Touched(VIDEO, at=FIRST_SENT, touch=lambda file: positions.append(file.seek(0, io.SEEK_CUR)))
    send(vendor, silent(b"photo", video))
    assert positions == [0]


def in_memory() -> int:
    """Bytes that all calls of this process keep."""
    return source._memory._taken


@pytest.mark.parametrize("change", [flip, fail], ids=["another byte", "unreadable"])
def test_what_was_signed_is_what_is_sent_although_the_file_changes(vendor, change):
    video = Touched(VIDEO, at=FIRST_SENT, touch=change)
    body = silent(b"photo", video)
    with client_of(vendor.url) as client:
        assert client.send(body).result == "Success"
    assert vendor.requests[0].body_sha256 == silent(b"photo", VIDEO).sha256_hex()
    assert in_memory() == 0


def test_a_file_is_read_once_if_there_is_room(vendor):
    video = Counting(VIDEO)
    send(vendor, silent(b"photo", video))
    assert video.count == len(VIDEO)


def test_a_file_without_room_is_read_again(vendor, monkeypatch):
    monkeypatch.setattr(source, "KEPT_MOST", len(VIDEO) - 1)
    video = Counting(VIDEO)
    send(vendor, silent(b"photo", video))
    assert video.count == 2 * len(VIDEO)
    assert in_memory() == 0


def test_all_calls_together_keep_no_more_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(source, "KEPT_MOST", 2 * len(VIDEO) + 1)
    bodies = [silent(b"photo", io.BytesIO(VIDEO)) for _ in range(5)]
    for body in bodies:
        body.sha256_hex()
    assert in_memory() == 2 * len(VIDEO)
    for body in bodies:
        body.release()
    assert in_memory() == 0


def test_a_buffer_is_never_kept_twice():
    silent(b"photo", VIDEO).sha256_hex()
    assert in_memory() == 0


def test_each_slice_is_let_go_of_as_it_is_sent():
    body = silent(b"photo", io.BytesIO(VIDEO))
    body.sha256_hex()
    tracemalloc.start()
    try:
        for _ in body:
            pass
        still_there, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert body._video._kept == []
    assert still_there < SLICE


def test_a_call_that_was_withdrawn_leaves_nothing_in_memory_once_it_is_released(vendor):
    body = silent(io.BytesIO(b"photo"), io.BytesIO(VIDEO))
    with client_of(vendor.url) as client, pytest.raises(Withdrawn):
        client.send(body, may_send=lambda: False)
    body.release()
    assert in_memory() == 0


def test_a_call_that_could_not_connect_may_be_sent_again_from_memory(vendor):
    video = Touched(VIDEO, at=FIRST_SENT, touch=fail)
    body = silent(b"photo", video)
    with client_of(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(NotSent):
        client.send(body)
    assert in_memory() == len(VIDEO)
    send(vendor, body)
    assert in_memory() == 0


def test_a_call_that_broke_off_while_it_was_sent_leaves_nothing_in_memory():
    body = silent(b"photo", io.BytesIO(os.urandom(5_900_000)))
    with (
        VendorSocket(lambda line: line.reset(), reads="head") as vendor,
        client_of(vendor.url) as client,
        pytest.raises(UnknownOutcome),
    ):
        client.send(body)
    body.release()
    assert in_memory() == 0


@pytest.mark.parametrize("touch", [cut, flip, fail])
def test_a_hash_that_failed_leaves_nothing_in_memory_however_often(touch):
    video = Touched(VIDEO, at=2, touch=touch)
    body = silent(b"photo", video, video_sha256=sha256(VIDEO))
    for _ in range(2):
        with suppress(MediaChanged, OSError):
            body.sha256_hex()
    body.release()
    assert in_memory() == 0


def test_after_a_release_the_file_is_read_again(vendor):
    video = Counting(VIDEO)
    body = silent(b"photo", video)
    body.sha256_hex()
    body.release()
    send(vendor, body)
    assert video.count == 2 * len(VIDEO)


def test_the_hash_of_the_whole_body_proves_both_media_in_one_pass(vendor):
    photo, video = Counting(b"photo"), Counting(VIDEO)
    known = silent(b"photo", VIDEO).sha256_hex()
    send(vendor, silent(photo, video, sha256=known))
    assert (photo.count, video.count) == (len(b"photo"), len(VIDEO))
    assert vendor.requests[0].body_sha256 == known


@pytest.mark.parametrize("other", ["photo", "video", "mode"])
def test_another_body_than_on_record_is_not_sent(vendor, other):
    known = silent(b"photo", VIDEO).sha256_hex()
    photo = b"Photo" if other == "photo" else b"photo"
    video = VIDEO[::-1] if other == "video" else VIDEO
    asked = {"mode": "ACTION", "actions": "1"} if other == "mode" else {"mode": "SILENT", "actions": ""}
    body = RequestBody(io.BytesIO(photo), io.BytesIO(video), sha256=known, **asked)
    with pytest.raises(MediaChanged) as raised:
        send(vendor, body)
    assert (str(raised.value), raised.value.billed) == ("integrity_error: body", Billed.NO)
    assert arrived(vendor) == 0
    body.release()
    assert in_memory() == 0
