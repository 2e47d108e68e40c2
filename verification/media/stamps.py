"""Draws into a picture who looks at it, and when, so that a copy which leaves the house says whose it was.

The words stand in a strip below the picture, where they hide nothing, and faintly all over it, where no cut removes
them. Runs in the limited child process; knows nothing of staff or cases.
"""

import io
import unicodedata
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from verification.media.errors import UnusableMedia

QUALITY: Final = 90
MAX_TEXT: Final = 300  # characters
MAX_PIXELS: Final = 25_000_000
SMALLEST, LARGEST = 11, 40  # pixels of a letter's height in the strip
STRIP, INK = (24, 24, 27), (244, 244, 245)
FAINT: Final = 34  # of 255: seen when looked for, and a face stays a face
ANGLE: Final = 24  # degrees: seldom the direction of anything in a picture


def stamp(jpeg: bytes, text: str) -> bytes:
    """The JPEG with `text` drawn into it; raises UnusableMedia if it is no JPEG that can be opened."""
    try:
        picture = _opened(jpeg)
    except (OSError, ValueError, SyntaxError) as error:
        raise UnusableMedia("image_corrupt") from error
    words = _plain(text)
    _draw_faintly(picture, words)
    out = io.BytesIO()
    _with_strip(picture, words).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
