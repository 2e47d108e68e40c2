"""A contact sheet: pictures of a recording as it was uploaded, side by side in one JPEG.

It shows reviewers the uploaded file before it was scaled or re-encoded; the file itself never leaves the store.
Runs in the limited child process; knows nothing of Django, cases or viewers.
"""

import io
import math
from collections.abc import Iterator
from typing import Final

from PIL import Image

from verification.media.containers import open_video
from verification.media.display import pixel_aspect, shown, turn_of
from verification.media.errors import UnusableMedia
from verification.media.probe import frames, picture_stream

MOMENTS: Final = 6
IN_A_ROW: Final = 3
GAP: Final = 8  # pixels between two pictures
GROUND: Final = (24, 24, 27)
MAX_SIDE: Final = 1280  # pixels of one picture: six of them stay below stamps.MAX_PIXELS
QUALITY: Final = 88


def contact_sheet(data: bytes, seconds: float) -> bytes:
    """Pictures from evenly spread moments of a recording that is `seconds` long, in order, row by row, as JPEG.

    Each is as a player shows the file, and of its own size up to MAX_SIDE. Raises UnusableMedia if there is none.
    """
    pictures = list(_pictures(data, _moments(seconds)))
    if not pictures:
        raise UnusableMedia("video_no_picture")
    out = io.BytesIO()
    _sheet(pictures).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _moments(seconds: float) -> list[float]:
    """The middle of each of so many equal parts."""
    length = seconds if math.isfinite(seconds) else 0.0
    return [length * (part + 0.5) / MOMENTS for part in range(MOMENTS)]


def _pictures(data: bytes, moments: list[float]) -> Iterator[Image.Image]:
    """The picture shown at each moment; fewer if the recording ends before."""
    waiting, first = list(moments), None
    with open_video(data) as file:
        stream = picture_stream(file)
        for frame in frames(file, stream):
            if frame.time is None:
                continue
            first = first or frame
            at = frame.time - (first.time or 0)
            if waiting and at >= waiting[0]:
                yield _small(shown(frame, turn_of(first), pixel_aspect(stream)))
                # One picture may cover several moments: a sheet shows none twice.
                waiting = [moment for moment in waiting if moment > at]
            if not waiting:
                return


def _small(picture: Image.Image) -> Image.Image:
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    return picture


def _sheet(pictures: list[Image.Image]) -> Image.Image:
    """The pictures in rows; all have the size of the first, as in any stream."""
    width, height = pictures[0].size
    across = min(IN_A_ROW, len(pictures))
    rows = math.ceil(len(pictures) / across)
    sheet = Image.new("RGB", (across * (width + GAP) - GAP, rows * (height + GAP) - GAP), GROUND)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, across)
        sheet.paste(picture, (column * (width + GAP), row * (height + GAP)))
    return sheet
