"""Pictures at a size for paper: of a photo that we normalised, and of moments of a recording.

Runs in the limited child process; knows nothing of Django, cases or what stands beside them on the page.
"""

import io
import math
from collections.abc import Iterator
from typing import Final

import av
from PIL import Image

from verification.media.containers import open_video
from verification.media.display import pixel_aspect, shown, turn_of
from verification.media.errors import UnusableMedia
from verification.media.photo import REDUCING_GAP, RESAMPLING, guarded
from verification.media.probe import frames, picture_stream

SIDE: Final = 1000  # pixels: 300 to the inch at 8.5 cm, which is half a page
FRAME_SIDE: Final = 640  # pixels: the same for the third of a page
QUALITY: Final = 85


def print_copy(jpeg: bytes) -> bytes:
    """A JPEG of ours, smaller."""
    return _encoded(guarded(_opened, jpeg), SIDE)


def print_frames(data: bytes, moments: list[float]) -> list[bytes]:
    """The upright pictures shown at these seconds, which rise; after the end, the last one."""
    found = list(_shown_at(data, moments))
    if not found:
        raise UnusableMedia("video_no_picture")
    return [_encoded(picture, FRAME_SIDE) for picture in found]


def _opened(jpeg: bytes) -> Image.Image:
    picture: Image.Image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    picture.load()
    return picture.convert("RGB")


def _shown_at(data: bytes, moments: list[float]) -> Iterator[Image.Image]:
    waiting = [moment if math.isfinite(moment) else 0.0 for moment in moments]
    first: av.VideoFrame | None = None
    frame: av.VideoFrame | None = None
    with open_video(data) as file:
        stream = picture_stream(file)
        for frame in frames(file, stream):
            first = first or frame
            at = 0.0 if frame.time is None else frame.time - (first.time or 0)
            while waiting and at >= waiting[0]:
                waiting.pop(0)
                yield shown(frame, turn_of(first), pixel_aspect(stream))
            if not waiting:
                return
        if first is not None and frame is not None:
            yield from [shown(frame, turn_of(first), pixel_aspect(stream))] * len(waiting)


def _encoded(picture: Image.Image, side: int) -> bytes:
    picture.thumbnail((side, side), RESAMPLING, reducing_gap=REDUCING_GAP)
    picture.info = {}
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
