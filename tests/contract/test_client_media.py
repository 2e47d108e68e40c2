"""The client sends media from files, and notices when a file no longer matches its recorded hash and size."""

import hashlib
import io
import os
from collections.abc import Callable

import pytest

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY
from tests.contract.vendor_socket import VendorSocket, answering, http
from tests.unit.liveness.media_files import Touched, Trickle, cut, extend, fail, flip
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
)
from verification.liveness.source import SLICE

CREDENTIALS = Credentials(SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY)
VIDEO = os.urandom(3 * SLICE)  # three reads of a file
# The first pass hashes, the second sends; the number counts the reads of both.
FIRST_SENT, LAST_SENT = 4, 6


def client_of(url: str, **settings) -> LivenessClient:
    settings = {"connect_timeout": 5, "read_timeout": 5, "deadline": 10} | settings
    return LivenessClient(url, "ap-singapore", CREDENTIALS, **settings)


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


@pytest.mark.parametrize("kind", [io.BytesIO, Trickle])
def test_the_vendor_gets_the_very_bytes_of_the_files(emulator, photo, clip, kind):
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


def test_the_sending_pass_starts_with_the_read_that_the_tests_above_count_on(vendor):
    positions = []
    video = Touched(VIDEO, at=FIRST_SENT, touch=lambda file: positions.append(file.seek(0, io.SEEK_CUR)))
    send(vendor, silent(b"photo", video))
    assert positions == [0]
