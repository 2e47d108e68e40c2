"""How a player shows the pictures that a video file stores: turned, mirrored, and with pixels that are not square.

The rules are those of FFmpeg's own player. This module knows pictures, and nothing of whole recordings.
"""

import struct
from collections.abc import Mapping
from typing import Final, cast

import av
from av.sidedata.sidedata import SideData, Type
from av.video.stream import VideoStream
from PIL import Image, ImageOps

from verification.media.facts import VideoFacts

NEARLY: Final = 0.01  # pixels that are narrower or wider by no more count as square: a muxer's rounding
# Degrees counter-clockwise, and whether it is flipped left to right afterwards, that make a picture upright. The matrix
# in the file says of the picture: are its rows columns, is it flipped left to right, is it flipped upside down?
_TURNS: Final = {
    (False, False, False): (0, False),
    (False, True, True): (180, False),
    (False, True, False): (0, True),
    (False, False, True): (180, True),
    (True, False, True): (90, False),
    (True, True, False): (270, False),
    (True, True, True): (90, True),
    (True, False, False): (270, True),
}

Turn = tuple[int, bool]


def turn_of(frame: av.VideoFrame) -> Turn:
    """Degrees counter-clockwise (0, 90, 180, 270) that make the picture upright, and whether it is then mirrored.

    The matrix comes from the container or, in H.264 and HEVC, from the pictures themselves. There only the first one
    may carry it, and it holds for all: so ask the first picture of a recording. An angle in between counts as the
    nearest one.
    """
    try:
        # PyAV's types call it a dictionary by names; it is one by types.
        found = cast(Mapping[Type, SideData], frame.side_data).get(Type.DISPLAYMATRIX)
    except ValueError:  # PyAV does not know the type of other side data, which `rotation` does not read
        return round(frame.rotation / 90) * 90 % 360, False
    if found is None:
        return 0, False
    # A point's x becomes a*x + c*y, and its y becomes b*x + d*y.
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(found))
    if abs(b) + abs(c) > abs(a) + abs(d):
        return _TURNS[True, c < 0, b < 0]
    return _TURNS[False, a < 0, d < 0]


def pixel_aspect(stream: VideoStream) -> float:
    """The width of a stored pixel divided by its height: 1.0 for square ones, and if nothing is said."""
    aspect = float(stream.sample_aspect_ratio or 1)
    return 1.0 if abs(aspect - 1) <= NEARLY else round(aspect, 4)


def stretched(width: int, height: int, aspect: float) -> tuple[float, float]:
    """The size of the same picture with square pixels: one side is longer, none is shorter."""
    return width * max(1.0, aspect), height * max(1.0, 1 / aspect)


def shown_size(facts: VideoFacts) -> tuple[float, float]:
    """Width and height of the upright picture with square pixels."""
    width, height = stretched(facts.width, facts.height, facts.pixel_aspect)
    return (width, height) if facts.rotation % 180 == 0 else (height, width)


def shown(frame: av.VideoFrame, turn: Turn, aspect: float) -> Image.Image:
    """The picture as a player shows it; `turn` is the recording's, `aspect` its pixels'."""
    picture: Image.Image = frame.to_image(threads=1)  # type: ignore[no-untyped-call]
    width, height = stretched(*picture.size, aspect)
    if aspect != 1.0:
        picture = picture.resize((round(width), round(height)))
    rotation, mirrored = turn
    picture = picture.rotate(rotation, expand=True)
    return ImageOps.mirror(picture) if mirrored else picture
