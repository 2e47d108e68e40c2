"""Files that are odd but sound are taken as they are, and those that are locked are named as such."""

import random
from collections.abc import Callable

import pytest

from tests.catalogue import recordings
from tests.unit.media import hostile, recorded
from tests.unit.media.hostile import box, element
from verification.media.errors import UnusableMedia
from verification.media.video import check_video, normalise_video

SEGMENT, TRACKS, TRACK, TAGS = 0x18538067, 0x1654AE6B, 0xAE, 0x1254C367
LATIN = "Máy ảnh của Trần".encode("utf-16-le") + "Kamera für Größe".encode("latin-1") + b"\xff\xfe\x80"


def mp4() -> bytes:
    return recorded.clip()


def webm() -> bytes:
    return recorded.clip(container="webm", codec="libvpx")


def live() -> bytes:
    """WebM as browsers record it: the sizes of segment and clusters are unknown."""
    return hostile.with_unknown_sizes(webm())


def same_pictures(data: bytes, plain: bytes) -> None:
    """Checks that the pictures of the plain file are found in this one, and prepared where that is cheap."""
    checked = check_video(data)
    assert checked.frame_hashes == check_video(plain).frame_hashes
    if checked.facts.codec == "h264":
        assert normalise_video(data).mp4 == normalise_video(plain).mp4


def titled(mp4: bytes) -> bytes:
    """The MP4 with a title as QuickTime writes it, in another encoding than it says."""
    title = box(b"\xa9nam", len(LATIN).to_bytes(2) + (0x15C7).to_bytes(2) + LATIN)
    return recorded.with_box_inside(mp4, (b"moov",), b"udta", title)


def tagged(webm: bytes) -> bytes:
    name, text = element(0x45A3, LATIN), element(0x4487, LATIN)
    tags = element(TAGS, element(0x7373, element(0x63C0, b"") + element(0x67C8, name + text)))
    return recorded.with_element_inside(webm, (SEGMENT,), tags)


ODD_WORDS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    "the title of an MP4": (lambda: titled(mp4()), mp4),
    "the handler of an MP4": (
        lambda: mp4().replace(b"VideoHandler", b"\xff\xfeK\xe4mera\xf6\x80\x81\xb0"),
        mp4,
    ),
    "the language of an MP4": (lambda: mp4().replace(b"\x55\xc4\0\0", b"\xff\xff\0\0"), mp4),
    "the tags of a WebM": (lambda: tagged(webm()), webm),
    "the track of a WebM": (
        lambda: recorded.with_element_inside(
            webm(), (SEGMENT, TRACKS, TRACK), element(0x536E, LATIN) + element(0x22B59C, b"\xff\xfe\x80")
        ),
        webm,
    ),
    "the programs of a WebM": (lambda: webm().replace(b"Lavf", b"L\xe4\xff\xfe"), webm),
}


@pytest.mark.parametrize("place", ODD_WORDS)
def test_words_in_any_encoding_are_no_reason_to_refuse(place: str) -> None:
    odd, plain = (make() for make in ODD_WORDS[place])
    assert odd != plain
    same_pictures(odd, plain)


PLACES = {
    "the file": (),
    "the movie": (b"moov",),
    "a track": (b"moov", b"trak"),
    "its media": (b"moov", b"trak", b"mdia"),
}


@pytest.mark.parametrize("kind", [b"udta", b"meta"])
@pytest.mark.parametrize("place", PLACES)
def test_a_cameras_notes_may_be_of_any_size(place: str, kind: bytes) -> None:
    """A small picture beside the recording is larger than all tables; names by the thousand would cost seconds."""
    picture = random.Random(1).randbytes(400_000)
    notes = hostile.named_values(10_000) + box(b"thmb", picture)
    same_pictures(recorded.with_box_inside(mp4(), PLACES[place], kind, notes), mp4())


def test_tables_that_only_look_like_notes_still_count() -> None:
    tables = recorded.with_box_inside(mp4(), (b"moov",), b"tabl", b"\xff\xff\xff\xffmeta" + bytes(600_000))
    with pytest.raises(UnusableMedia) as refused:
        check_video(tables)
    assert refused.value.detail == {"bytes_of_tables_allowed": 512 * 1024}


HEADS = {
    "a kind": b"\xa3",
    "half a kind": b"\x1f\x43",
    "half a size": b"\xa3\x40",
    "most of it": b"\x1f\x43\xb6\x75\x01\xff",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_the_head_of_an_element_that_was_never_written_is_no_loss(head: bytes) -> None:
    same_pictures(live() + head, live())


@pytest.mark.parametrize("end", [b"\xa3\x90\x81", b"\xa3\x81", b"\x1f\x43\xb6\x75\x90"])
def test_an_element_whose_content_is_cut_is_a_loss(end: bytes) -> None:
    with pytest.raises(UnusableMedia) as refused:
        check_video(live() + end)
    assert refused.value.code == "video_corrupt"
    assert "missing_bytes" in refused.value.detail


@pytest.mark.parametrize("end", [bytes(9), b"\xa3" + bytes(9)])
def test_bytes_that_begin_no_element_are_no_recording(end: bytes) -> None:
    with pytest.raises(UnusableMedia, match="video_corrupt"):
        check_video(live() + end)


@pytest.mark.parametrize("count", range(1, 8))
def test_some_bytes_behind_an_mp4_that_are_no_box_are_no_loss(count: int) -> None:
    same_pictures(mp4() + b"\0\0\1\0mda"[:count], mp4())


def locked_mp4() -> bytes:
    return hostile.encrypted_clip()


LOCKED: dict[str, Callable[[], bytes]] = {
    "MP4": locked_mp4,
    "MP4 of an older kind": lambda: locked_mp4().replace(b"encv", b"drmi"),
    "MP4 without its keys": lambda: locked_mp4().replace(b"tenc", b"free").replace(b"senc", b"free"),
    "MP4 that names another kind": lambda: locked_mp4().replace(b"encv", b"avc1"),
    "WebM": recordings.encrypted_webm,
}


@pytest.mark.parametrize("kind", LOCKED)
def test_a_locked_recording_is_named_as_such(kind: str) -> None:
    for work in (check_video, normalise_video):
        with pytest.raises(UnusableMedia, match="video_encrypted"):
            work(LOCKED[kind]())
