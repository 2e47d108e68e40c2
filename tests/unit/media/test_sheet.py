"""The contact sheet of a recording as uploaded, in this process, without the child."""

import io
import math

import pytest
from PIL import Image, ImageChops, ImageStat

from kyc_portal.sandbox.drawing import draw_frame
from tests.unit.media.hostile import SMALL, small_clip
from verification import media
from verification.media.errors import UnusableMedia
from verification.media.sheet import GAP, MOMENTS, contact_sheet

SECONDS = 2.4
WIDTH, HEIGHT = SMALL


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def tile(sheet: Image.Image, number: int) -> Image.Image:
    row, column = divmod(number, 3)
    left, top = column * (WIDTH + GAP), row * (HEIGHT + GAP)
    return sheet.crop((left, top, left + WIDTH, top + HEIGHT))


@pytest.mark.parametrize("kind", [{}, {"container": "webm", "codec": "libvpx"}])
def test_the_pictures_are_those_of_six_moments_in_order(kind: dict[str, str]) -> None:
    sheet = opened(contact_sheet(small_clip(**kind), SECONDS))
    assert sheet.size == (3 * WIDTH + 2 * GAP, 2 * HEIGHT + GAP)
    for number in range(MOMENTS):
        at = SECONDS * (number + 0.5) / MOMENTS
        drawn = draw_frame(1, SMALL, at).convert("L")
        difference = ImageChops.difference(tile(sheet, number).convert("L"), drawn)
        assert ImageStat.Stat(difference).mean[0] < 8


def test_a_recording_that_ends_before_gives_fewer() -> None:
    sheet = opened(contact_sheet(small_clip(), 2 * SECONDS))
    assert sheet.size == (3 * WIDTH + 2 * GAP, HEIGHT)


@pytest.mark.parametrize("seconds", [0.0, math.nan, math.inf])
def test_an_unknown_length_gives_the_first_picture(seconds: float) -> None:
    assert opened(contact_sheet(small_clip(), seconds)).size == SMALL


def test_what_is_no_recording_gives_none() -> None:
    with pytest.raises(UnusableMedia):
        contact_sheet(b"no recording at all", SECONDS)


def test_it_is_made_in_confinement() -> None:
    assert opened(media.contact_sheet(small_clip(), SECONDS)).width == 3 * WIDTH + 2 * GAP
