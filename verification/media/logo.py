"""Turns an uploaded logo into a small PNG without metadata. Runs in the limited child process."""

import io
from typing import Final

from PIL import Image

from verification.media.facts import NormalisedLogo
from verification.media.logo_file import logo_outline
from verification.media.photo import RESAMPLING, guarded

# Pixels of the result: three times what the widest page shows.
FITS: Final = (720, 144)


def normalise_logo(data: bytes) -> NormalisedLogo:
    """The logo as a PNG that fits into FITS, with what was see-through. Raises UnusableMedia."""
    outline = logo_outline(data)
    picture = guarded(_decoded, data, outline.format)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return NormalisedLogo(out.getvalue(), *picture.size)


def _decoded(data: bytes, format_name: str) -> Image.Image:
    picture: Image.Image = Image.open(io.BytesIO(data), formats=(format_name,))
    picture.load()
    plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    plain.info = {}
    plain.thumbnail(FITS, RESAMPLING)
    return plain
