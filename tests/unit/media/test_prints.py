"""Pictures for paper: the moments of a recording that were asked for, and a photo, each small enough."""

import io
import math

import pytest
from PIL import Image, ImageChops, ImageStat

from kyc_portal.sandbox.drawing import draw_frame, draw_photo
from tests.unit.media.hostile import SMALL, small_clip
from verification.media.errors import UnusableMedia
from verification.media.prints import SIDE, print_copy, print_frames


def difference(jpeg: bytes, at: float) -> float:
    """Mean difference of brightness from the picture drawn for that time, 0 to 255."""
    shown, drawn = Image.open(io.BytesIO(jpeg)).convert("L"), draw_frame(1, SMALL, at).convert("L")
    return float(ImageStat.Stat(ImageChops.difference(shown.resize(SMALL), drawn)).mean[0])


def test_each_moment_has_its_picture_in_order() -> None:
    moments = [0.0, 0.8, 0.8, 1.9]
    frames = print_frames(small_clip(), moments)
    assert [difference(frame, at) < 8 for frame, at in zip(frames, moments, strict=True)] == [True] * 4


def test_after_the_end_it_is_the_last_picture_and_at_no_number_the_first() -> None:
    first, beyond, long_after = print_frames(small_clip(), [math.nan, 50.0, 99.0])
    assert difference(first, 0.0) < 8
    assert beyond == long_after == print_frames(small_clip(), [2.35])[0]


def test_what_is_no_recording_has_no_picture() -> None:
    with pytest.raises(UnusableMedia):
        print_frames(b"no recording at all", [0.0])


def test_a_photo_is_made_smaller_and_keeps_its_shape() -> None:
    copy = Image.open(io.BytesIO(print_copy(draw_photo(1, (1600, 1200)))))
    assert copy.size == (SIDE, SIDE * 3 // 4)
