"""The request body is valid JSON of the declared size, within limits, and never whole in memory."""

import base64
import hashlib
import json
import mmap
import os
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.liveness.media_files import Counting
from verification.liveness import EmptyMedia, Rejected, RequestBody, RequestTooLarge, UnsupportedChallenge
from verification.liveness.source import SLICE, Media


def body(photo: Media = b"photo", video: Media = b"video", mode: str = "ACTION", actions: str = "4,2"):
    return RequestBody(photo, video, mode=mode, actions=actions)


def as_json(photo: bytes, video: bytes, mode: str, actions: str) -> bytes:
    fields = {
        "LivenessType": mode,
        "ValidateData": actions,
        "ImageBase64": base64.b64encode(photo).decode(),
        "VideoBase64": base64.b64encode(video).decode(),
    }
    return json.dumps(fields, separators=(",", ":")).encode()


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_it_is_what_json_dumps_would_write(photo, video):
    assert b"".join(body(photo, video)) == as_json(photo, video, "ACTION", "4,2")


@pytest.mark.parametrize("size", [SLICE - 1, SLICE, SLICE + 1, SLICE + 2, 3 * SLICE])
def test_slices_join_without_padding_between_them(size):
    video = os.urandom(size)
    assert b"".join(body(video=video)) == as_json(b"photo", video, "ACTION", "4,2")


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_it_knows_its_size_and_hash_beforehand(photo, video):
    made = body(photo, video)
    whole = b"".join(made)
    assert made.size == len(whole)
    assert made.sha256_hex() == hashlib.sha256(whole).hexdigest()


def test_it_can_be_read_again():
    made = body()
    assert list(made) == list(made)


def test_it_reads_once_for_the_hash_however_often_it_is_asked():
    video = Counting(b"video")
    made = body(video=video)
    assert made.sha256_hex() == made.sha256_hex()
    assert video.count == len(b"video")


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_it_takes_any_buffer(wrap):
    assert b"".join(body(wrap(b"photo"), wrap(b"video"))) == b"".join(body())


def test_a_memory_map_can_be_closed_after_use(tmp_path):
    path = tmp_path / "video"
    path.write_bytes(b"video")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as video:
        made = body(video=video)
        assert b"".join(made) == b"".join(body())
    assert video.closed


def test_a_pass_given_up_halfway_does_not_hold_the_memory_map():
    with mmap.mmap(-1, 2 * SLICE) as video:
        pieces = iter(body(video=video))
        assert [len(next(pieces)) for _ in range(4)][-1] == SLICE // 3 * 4
        del pieces
    assert video.closed


def test_it_is_never_whole_in_memory():
    made = body(os.urandom(1_000_000), os.urandom(5_900_000))
    tracemalloc.start()
    assert sum(len(piece) for piece in made) == made.size
    made.sha256_hex()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("photo", "video"), [(2_250_000, 1), (1, 6_000_000), (1_499_940, 6_000_000), (2_250_000, 5_249_940)]
)
def test_it_goes_up_to_the_limits(photo, video):
    assert body(bytes(photo), bytes(video)).size <= 10_000_000


@pytest.mark.parametrize(
    ("photo", "video", "name", "limit", "size"),
    [
        (2_250_001, 1, "ImageBase64", 3_000_000, 3_000_004),
        (1, 6_000_001, "VideoBase64", 8_000_000, 8_000_004),
        (2_250_000, 6_000_000, "body", 10_000_000, 11_000_080),
    ],
)
def test_it_names_the_limit_and_the_size(photo, video, name, limit, size):
    with pytest.raises(RequestTooLarge) as refused:
        body(bytes(photo), bytes(video))
    assert (refused.value.name, refused.value.limit, refused.value.size) == (name, limit, size)
    assert str(refused.value) == f"request_too_large: {name} has {size} bytes, the limit is {limit}"


def test_the_whole_may_have_ten_million_bytes_and_not_one_more():
    assert body(bytes(1_499_940), bytes(6_000_000)).size == 10_000_000
    with pytest.raises(RequestTooLarge, match="body has 10000004 bytes"):
        body(bytes(1_499_941), bytes(6_000_000))


@pytest.mark.parametrize(("photo", "video", "name"), [(b"", b"v", "ImageBase64"), (b"p", b"", "VideoBase64")])
def test_it_refuses_empty_media(photo, video, name):
    with pytest.raises(EmptyMedia, match=name):
        body(photo, video)


@pytest.mark.parametrize("actions", ["1", "2", "3", "4", "4,2", "1,3"])
def test_it_takes_one_or_two_actions(actions):
    assert f'"ValidateData":"{actions}"'.encode() in b"".join(body(actions=actions))


def test_it_takes_silence_without_actions():
    assert b'"LivenessType":"SILENT","ValidateData":""' in b"".join(body(mode="SILENT", actions=""))


@pytest.mark.parametrize(
    ("mode", "actions"),
    [
        ("ACTION", ""),
        ("ACTION", "0"),
        ("ACTION", "5"),
        ("ACTION", "1,2,3"),
        ("ACTION", "1,1"),
        ("ACTION", "1, 2"),
        ("ACTION", "1,"),
        ("ACTION", "12"),
        ("ACTION", "1\n"),
        ("ACTION", "\uff11,\uff12"),
        ("ACTION", '1","LivenessType":"SILENT'),
        ("SILENT", "1"),
        ("SILENT", " "),
        ("LIP", "1234"),
        ("action", "1"),
        ("SILENT ", ""),
        ("", ""),
    ],
)
def test_it_refuses_other_challenges(mode, actions):
    with pytest.raises(UnsupportedChallenge):
        body(mode=mode, actions=actions)


def test_what_it_refuses_was_not_billed():
    with pytest.raises(Rejected) as refused:
        body(mode="LIP", actions="")
    assert refused.value.billed == "no"


def test_its_repr_holds_no_media():
    assert repr(body(b"face", b"film")) == "RequestBody(96 bytes)"


def test_a_refusal_says_what_was_asked_for():
    with pytest.raises(UnsupportedChallenge, match="mode 'LIP' with actions '1234'"):
        body(mode="LIP", actions="1234")
