"""Media may be files: read in slices, from the start, as often as needed, and checked against the recorded hash."""

import hashlib
import io
import os
import tracemalloc

import pytest

from tests.unit.liveness.media_files import Counting, Touched, Trickle, cut, extend, fail, flip
from verification.liveness import (
    Billed,
    EmptyMedia,
    MediaChanged,
    Rejected,
    RequestBody,
    RequestTooLarge,
    source,
)
from verification.liveness.errors import MediaUnreadable
from verification.liveness.source import SLICE

PHOTO, VIDEO = b"\xff\xd8 photo", os.urandom(2 * SLICE + 7)


def body(photo=PHOTO, video=VIDEO, **hashes):
    return RequestBody(photo, video, mode="SILENT", actions="", **hashes)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [1, SLICE - 1, SLICE, SLICE + 1, 3 * SLICE])
@pytest.mark.parametrize("kind", [io.BytesIO, Trickle])
def test_a_file_makes_the_same_body_as_its_bytes(kind, size):
    video = os.urandom(size)
    made = body(video=kind(video))
    assert b"".join(made) == b"".join(body(video=video))
    assert made.sha256_hex() == body(video=video).sha256_hex()


def test_an_open_file_on_disk_is_read_and_left_open(tmp_path):
    path = tmp_path / "video"
    path.write_bytes(VIDEO)
    with path.open("rb") as file:
        made = body(video=file)
        assert b"".join(made) == b"".join(body())
        assert not file.closed


def test_where_the_file_stands_makes_no_difference():
    file = io.BytesIO(VIDEO)
    made = body(video=file)
    whole = b"".join(body())
    for position in (0, 5, len(VIDEO)):
        file.seek(position)
        assert b"".join(made) == whole


def test_of_a_file_without_room_in_memory_one_slice_is_held_and_not_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "KEPT_MOST", 0)
    path = tmp_path / "video"
    path.write_bytes(os.urandom(5_900_000))
    with path.open("rb") as file:
        tracemalloc.start()
        made = body(video=file, video_sha256=sha256(path.read_bytes()))
        tracemalloc.reset_peak()
        assert sum(len(piece) for piece in made) == made.size
        made.sha256_hex()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize(
    ("size", "error"), [(0, EmptyMedia), (6_000_001, RequestTooLarge)], ids=["empty", "too large"]
)
def test_limits_hold_for_files_before_a_byte_is_read(size, error):
    file = Counting(bytes(size))
    with pytest.raises(error, match="VideoBase64"):
        body(video=file)
    assert file.count == 0


def test_what_cannot_seek_is_refused_at_once():
    reading, writing = os.pipe()
    with open(writing, "wb"), open(reading, "rb") as pipe, pytest.raises(OSError, match="seek"):
        body(video=pipe)


@pytest.mark.parametrize("wrap", [bytes, bytearray, io.BytesIO])
def test_media_that_are_what_they_have_to_be_are_taken(wrap):
    made = body(wrap(PHOTO), wrap(VIDEO), photo_sha256=sha256(PHOTO), video_sha256=sha256(VIDEO))
    assert made.sha256_hex() == body().sha256_hex()


@pytest.mark.parametrize("wrap", [bytes, io.BytesIO])
@pytest.mark.parametrize("claimed", [sha256(b"other"), sha256(VIDEO).upper(), "", "0"])
@pytest.mark.parametrize("name", ["photo_sha256", "video_sha256"])
@pytest.mark.parametrize("check", [RequestBody.sha256_hex, RequestBody.verify])
def test_other_media_than_on_record_are_refused(check, name, claimed, wrap):
    made = body(wrap(PHOTO), wrap(VIDEO), **{name: claimed})
    for _ in range(2):
        with pytest.raises(MediaChanged, match="Image" if name.startswith("photo") else "Video"):
            check(made)


def test_the_refusal_is_a_rejection_that_cost_nothing():
    with pytest.raises(Rejected) as refused:
        body(video_sha256="0").sha256_hex()
    assert (refused.value.code, refused.value.billed) == ("integrity_error", Billed.NO)
    assert str(refused.value) == "integrity_error: VideoBase64"


def test_one_reading_serves_both_hashes_however_often_they_are_asked_for():
    photo, video = Counting(PHOTO), Counting(VIDEO)
    made = body(photo, video, photo_sha256=sha256(PHOTO), video_sha256=sha256(VIDEO))
    made.sha256_hex()
    made.verify()
    made.sha256_hex()
    assert (photo.count, video.count) == (len(PHOTO), len(VIDEO))


def test_media_are_verified_once_and_not_at_all_if_nobody_said_what_they_are():
    photo, video = Counting(PHOTO), Counting(VIDEO)
    made = body(photo, video, video_sha256=sha256(VIDEO))
    made.verify()
    made.verify()
    assert (photo.count, video.count) == (0, len(VIDEO))


@pytest.mark.parametrize("touch", [cut, extend])
@pytest.mark.parametrize("use", [list, RequestBody.sha256_hex], ids=["send", "hash"])
def test_another_size_than_at_first_is_noticed_before_anything_is_read(use, touch):
    file = Counting(VIDEO)
    made = body(video=file)
    touch(file)
    with pytest.raises(MediaChanged):
        use(made)
    assert file.count == 0


def test_a_buffer_of_another_size_is_noticed_too():
    video = bytearray(VIDEO)
    made = body(video=video)
    video += b"more"
    with pytest.raises(MediaChanged):
        next(iter(made))


def test_a_file_that_ends_early_while_it_is_read_is_noticed():
    pieces = iter(body(video=Touched(VIDEO, at=3, touch=cut)))
    assert [len(next(pieces)) for _ in range(5)][-2:] == [SLICE // 3 * 4] * 2
    with pytest.raises(MediaChanged):
        next(pieces)


def test_a_file_that_grows_while_it_is_read_is_sent_as_it_was():
    assert b"".join(body(video=Touched(VIDEO, at=2, touch=extend))) == b"".join(body())


def test_a_byte_that_changes_while_it_is_hashed_is_noticed():
    made = body(video=Touched(VIDEO, at=3, touch=flip), video_sha256=sha256(VIDEO))
    with pytest.raises(MediaChanged):
        made.sha256_hex()


def test_a_file_that_cannot_be_read_says_so_itself():
    with pytest.raises(MediaUnreadable, match="VideoBase64") as raised:
        body(video=Touched(VIDEO, at=1, touch=fail)).sha256_hex()
    assert isinstance(raised.value, OSError)
    assert isinstance(raised.value.__cause__, OSError)
