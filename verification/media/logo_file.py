"""What a logo's file may be, read from its outline without decoding it."""

from typing import Final

from verification.media.errors import UnusableMedia
from verification.media.image_files import ImageOutline, read_outline

MAX_LOGO: Final = 512 * 1024  # bytes
MIN_LOGO_SIDE: Final = 32  # pixels; a smaller one would be a blur beside the name
MAX_LOGO_SIDE: Final = 4096  # pixels
MAX_LOGO_ASPECT: Final = 8  # a longer one would be too thin to see


def logo_outline(data: bytes) -> ImageOutline:
    """The outline of a PNG or JPEG that may be a logo. Raises UnusableMedia for every other file."""
    if len(data) > MAX_LOGO:
        raise UnusableMedia("image_too_large", {"bytes_allowed": MAX_LOGO})
    outline = read_outline(data)
    short, long = sorted((outline.width, outline.height))
    if short < MIN_LOGO_SIDE:
        raise UnusableMedia("image_too_small", {"pixels_needed": MIN_LOGO_SIDE})
    if long > MAX_LOGO_SIDE:
        raise UnusableMedia("image_too_many_pixels", {"pixels_allowed": MAX_LOGO_SIDE})
    if long > MAX_LOGO_ASPECT * short:
        raise UnusableMedia("image_bad_dimensions", {"aspect_allowed": MAX_LOGO_ASPECT})
    if outline.end != len(data):
        raise UnusableMedia("trailing_data")
    return outline
