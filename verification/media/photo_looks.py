"""What an ID photo looks like: hashes by which the same picture is found again once it was encoded anew or resized.

Two IDs of one kind share their layout, so most of their pixels agree. What tells them apart lies in the middle, where
the face is: it is hashed by itself. Runs in the limited child process. Knows Pillow, and nothing of earlier photos.
"""

import random
from typing import Final

from PIL import Image, ImageChops

from verification.media.facts import PHOTO_KEYS, PhotoLooks

# Cells of mean brightness: 32 differences between neighbours in each of 32 rows.
CELLS: Final = (33, 32)
# A difference counts as surely there above the first, of 255, and as surely not there below the second: encoding anew
# changes a cell by 1 or 2.
SURE: Final = 4
MAYBE: Final = 1
# Of each edge of the picture, to its middle.
MARGIN: Final = 0.25
# The keys are made of 256 coarser differences, each of a random 32 of them: a few that flip leave some keys alone.
KEY_CELLS: Final = (17, 16)
KEY_ABOVE: Final = 2  # of 255
_SPREAD: Final = random.Random(7).sample(range(256), 256)  # noqa: S311 (any fixed order will do)


def looks_of(picture: Image.Image) -> PhotoLooks:
    """The hashes of an upright picture."""
    grey = picture.convert("L")
    wide, high = grey.size
    middle = (wide * MARGIN, high * MARGIN, wide * (1 - MARGIN), high * (1 - MARGIN))
    return PhotoLooks(
        whole=planes(grey, (0, 0, wide, high)), centre=planes(grey, middle), keys=keys(grey, middle)
    )


def planes(grey: Image.Image, box: tuple[float, float, float, float]) -> bytes:
    """The rises that are surely there, and those that may be."""
    rises = _rises(grey, CELLS, box)
    return _above(rises, SURE) + _above(rises, MAYBE)


def keys(grey: Image.Image, box: tuple[float, float, float, float]) -> tuple[str, ...]:
    packed = _above(_rises(grey, KEY_CELLS, box), KEY_ABOVE)
    bits = f"{int.from_bytes(packed):0{8 * len(packed)}b}"
    spread = "".join(bits[at] for at in _SPREAD)
    return tuple(f"{int(spread[number::PHOTO_KEYS], 2):08x}" for number in range(PHOTO_KEYS))


def _rises(grey: Image.Image, cells: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    """How much brighter each cell of a row is than the one before it, within `box`; 0 if it is darker."""
    small = grey.resize(cells, Image.Resampling.BOX, box=box)
    wide, high = cells
    return ImageChops.subtract(small.crop((1, 0, wide, high)), small.crop((0, 0, wide - 1, high)))


def _above(rises: Image.Image, least: int) -> bytes:
    """A bit for each rise: whether it is greater."""
    return rises.point([255 * (rise > least) for rise in range(256)], "1").tobytes()
