"""Pictures at a size for paper: of a photo that we normalised, and of moments of a recording.

Runs in the limited child process; knows nothing of Django, cases or what stands beside them on the page.
"""

import io
from typing import Final

from PIL import Image

from verification.media.photo import REDUCING_GAP, RESAMPLING, guarded
from verification.media.stamps import opened
from verification.media.video import pictures_at

SIDE: Final = 1000  # pixels: 300 to the inch at 8.5 cm, which is half a page
FRAME_SIDE: Final = 640  # pixels: the same for the third of a page
QUALITY: Final = 85


def print_copy(jpeg: bytes) -> bytes:
    """A JPEG of ours, smaller."""
    return _encoded(guarded(opened, jpeg), SIDE)


def print_frames(data: bytes, moments: list[float]) -> list[bytes]:
    """The upright pictures shown at these seconds, which rise; after the end, the last one."""
    return [_encoded(picture, FRAME_SIDE) for picture in pictures_at(data, moments)]


def _encoded(picture: Image.Image, side: int) -> bytes:
    picture.thumbnail((side, side), RESAMPLING, reducing_gap=REDUCING_GAP)
    picture.info = {}
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
