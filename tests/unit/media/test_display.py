"""Turned, mirrored and stretched recordings: what is sent, seen and cut from them is what a player shows."""

import io
from collections.abc import Callable
from dataclasses import replace

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from tests.unit.media import recorded
from tests.unit.media.hostile import SMALL
from tests.unit.media.recorded import TURNS
from verification.media.errors import UnusableMedia
from verification.media.probe import probe_video
from verification.media.sheet import contact_sheet
from verification.media.transcode import colours_of
from verification.media.video import check_video, cut_frame, normalise_video, shrink_video

Turn = tuple[int, bool]
PLAIN = (0, False)
AT = 1.2


def likeness(jpeg: bytes, size: tuple[int, int] = SMALL) -> float:
    """Mean difference to the picture that the camera saw, 0 to 255; 255 if the picture has another shape."""
    picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    if abs(picture.width / picture.height - size[0] / size[1]) > 0.02:
        return 255.0
    wanted = recorded.drawn(AT).resize(size)
    return max(ImageStat.Stat(ImageChops.difference(picture.resize(size), wanted)).mean)


def first_of(sheet: bytes, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(sheet)).crop((0, 0, *size)).save(out, "PNG")
    return out.getvalue()


def of_movie(turn: Turn) -> bytes:
    return recorded.with_matrix_of_movie(recorded.clip(turn=turn))


def of_pictures(turn: Turn) -> bytes:
    """The matrix is in the pictures themselves, in the first of them alone."""
    identity = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    return recorded.with_orientation_message(recorded.with_matrix(recorded.clip(turn=turn), *identity), turn)


PLACES: dict[str, Callable[[Turn], bytes]] = {
    "an MP4's track": lambda turn: recorded.clip(turn=turn),
    "an MP4's movie": of_movie,
    "H.264": of_pictures,
    "Matroska": lambda turn: recorded.clip(container="matroska", turn=turn),
    "WebM": lambda turn: recorded.clip(container="webm", codec="libvpx", turn=turn),
}


@pytest.mark.parametrize("turn", TURNS, ids=str)
@pytest.mark.parametrize("place", PLACES)
def test_all_eight_orientations_are_found_where_they_are_kept(place: str, turn: Turn) -> None:
    data = PLACES[place](turn)
    facts = probe_video(data)
    assert (facts.rotation, facts.mirrored) == turn
    assert likeness(cut_frame(data, AT)) < 6


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_all_eight_orientations_come_out_as_a_player_shows_them(turn: Turn) -> None:
    data = recorded.clip(turn=turn)
    video = normalise_video(data)
    assert (video.facts.rotation, video.facts.mirrored) == PLAIN
    assert video.method == ("remux" if turn == PLAIN else "transcode")
    assert likeness(cut_frame(video.mp4, AT)) < 6
    assert likeness(first_of(contact_sheet(data, 12 * AT), SMALL)) < 6


@pytest.mark.parametrize("turn", [(0, True), (90, True)], ids=str)
def test_a_smaller_copy_is_mirrored_too(turn: Turn) -> None:
    video = shrink_video(recorded.clip(turn=turn), 1)
    assert "hflip" in video.arguments["vf"].split(",")
    assert likeness(cut_frame(video.mp4, AT)) < 12


ONE = 1 << 16
MATRICES: dict[str, tuple[tuple[int, ...], Turn]] = {
    "of zeros": ((0,) * 9, PLAIN),
    "a little tilted": ((64_000, 9_000, 0, -9_000, 64_000, 0, 0, 0, 1 << 30), PLAIN),
    "moved": ((-ONE, 0, 0, 0, -ONE, 0, 160 * ONE, 120 * ONE, 1 << 30), (180, False)),
}


@pytest.mark.parametrize("kind", MATRICES)
def test_an_odd_matrix_counts_as_the_nearest_orientation(kind: str) -> None:
    numbers, turn = MATRICES[kind]
    facts = check_video(recorded.with_matrix(recorded.clip(), *numbers)).facts
    assert (facts.rotation, facts.mirrored) == turn


def test_what_is_newer_than_pyav_beside_a_picture_is_no_matter() -> None:
    """Here the message of another codec's enhancement (LCEVC), which old decoders pass over."""
    data = recorded.with_message(recorded.clip(turn=(90, False)), 4, b"\xb4\0\x50\0\1" + bytes(range(4, 40)))
    assert probe_video(data).rotation == 90
    assert likeness(cut_frame(data, AT)) < 6


WIDE, NARROW = (4, 3), (3, 4)
SHOWN = {WIDE: (213, 120), NARROW: (160, 160)}
DISPLAY_SIZE = {
    WIDE: b"\x54\xb0\x82\x00\xd5\x54\xba\x81\x78",  # DisplayWidth 213, DisplayHeight 120
    NARROW: b"\x54\xb0\x81\x78\x54\xba\x81\x78",
}


def stretched_mp4(pixels: tuple[int, int]) -> bytes:
    return recorded.clip(pixels=pixels)


def stretched_h264(pixels: tuple[int, int]) -> bytes:
    """Only the pictures themselves say so."""
    return recorded.clip(pixels=pixels).replace(b"pasp", b"free")


def stretched_webm(pixels: tuple[int, int]) -> bytes:
    plain = recorded.clip(container="webm", codec="libvpx")
    return recorded.with_element_inside(plain, (0x18538067, 0x1654AE6B, 0xAE, 0xE0), DISPLAY_SIZE[pixels])


@pytest.mark.parametrize("pixels", SHOWN, ids=str)
@pytest.mark.parametrize("make", [stretched_mp4, stretched_h264, stretched_webm])
def test_pixels_that_are_not_square_are_made_so(
    make: Callable[[tuple[int, int]], bytes], pixels: tuple[int, int]
) -> None:
    data = make(pixels)
    video = normalise_video(data)
    assert video.source.pixel_aspect == pytest.approx(pixels[0] / pixels[1], abs=0.01)
    assert (video.facts.pixel_aspect, video.method) == (1.0, "transcode")
    size = SHOWN[pixels]
    assert likeness(cut_frame(video.mp4, AT), size) < 6
    assert likeness(cut_frame(data, AT), size) < 6
    assert likeness(first_of(contact_sheet(data, 12 * AT), size), size) < 6


def test_stretched_and_turned_and_mirrored_at_once() -> None:
    data = recorded.clip(turn=(90, True), pixels=NARROW)
    size = (160 * 4 // 3, 120)
    assert likeness(cut_frame(normalise_video(data).mp4, AT), size) < 6
    assert likeness(cut_frame(data, AT), size) < 6


def test_pixels_that_are_square_but_for_rounding_are_copied() -> None:
    assert normalise_video(recorded.clip(pixels=(200, 201))).method == "remux"


def test_a_shape_that_no_camera_shows_is_refused() -> None:
    with pytest.raises(UnusableMedia, match="video_resolution"):
        check_video(recorded.clip(pixels=(1, 50)))


UNSAID, BT601, BT709, EUROPE, BT2020 = 2, 6, 1, 5, 9
COLOURS: dict[str, tuple[tuple[int, int, int], int, tuple[int, int, int]]] = {
    "nothing said, small": ((UNSAID,) * 3, 480, (BT601,) * 3),
    "nothing said, high": ((UNSAID,) * 3, 1280, (BT709,) * 3),
    "VP8, high": ((UNSAID, UNSAID, EUROPE), 1280, (BT601,) * 3),
    "a phone's": ((BT709,) * 3, 480, (BT709,) * 3),
    "a phone's with more colours": ((BT2020, 18, BT2020), 1280, (BT2020, 18, BT2020)),
}


@pytest.mark.parametrize("kind", COLOURS)
def test_the_result_says_how_its_colours_are_meant(kind: str) -> None:
    said, height, expected = COLOURS[kind]
    frame = av.VideoFrame(160, 120, "yuv420p")
    frame.color_primaries, frame.color_trc, frame.colorspace = said
    facts = replace(probe_video(recorded.clip()), height=height)
    assert colours_of(frame, facts) == expected


def test_colours_are_written_where_a_player_looks_for_them() -> None:
    video = normalise_video(recorded.clip(turn=(90, False)))
    with av.open(io.BytesIO(video.mp4), "r") as file:
        frame = next(file.decode(video=0))
    assert (frame.color_primaries, frame.color_trc, frame.colorspace) == (BT601,) * 3
