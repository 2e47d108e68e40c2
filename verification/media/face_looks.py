"""What the face of an ID photo looks like: hashes by which the same picture is found again after its edges were cut.

The window that is hashed is laid around the face that the detector finds, so it does not depend on the picture's edges.
The detector errs by one or two hundredths of the face, so one photo keeps one hash, and another photo is compared by
those of many windows around its own. Runs in the limited child process. Knows Pillow.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from PIL import Image

from verification.media.facts import FaceLooks
from verification.media.photo_looks import keys, planes

# Half a window's side, of the face's size: mean of its width and height.
REACH: Final = 0.55
PATCH: Final = 256  # pixels of the square in which windows are laid
# How far windows lie from where the face was found, and how much larger they are, of the face's size. Closer steps
# change a hash by less than encoding anew does.
STEPS: Final = (-0.021, -0.014, -0.007, 0.0, 0.007, 0.014, 0.021)
SIZES: Final = (-0.03, -0.015, 0.0, 0.015, 0.03)
# Those by which photos are looked up; the others are only compared.
KEY_STEPS: Final = (-0.014, 0.0, 0.014)
KEY_SIZES: Final = (-0.015, 0.0, 0.015)
# The detector is asked again within a square around the face, and a little beside it: the mean of its answers is
# steadier.
AGAIN: Final = ((0.0, 0.0), (0.06, 0.03), (-0.06, -0.03), (0.03, -0.06), (-0.03, 0.06))
ROUNDS: Final = 2
SQUARE: Final = 160  # pixels of that square

Box = tuple[float, float, float, float]


class Place(NamedTuple):
    """Where a face is: its middle and its size, in pixels of the picture."""

    across: float
    down: float
    size: float


# Left, top, width and height of the largest face of a picture, if there is one.
Detector = Callable[[Image.Image], Box | None]


def looks_of_face(picture: Image.Image, found: Box, detect: Detector) -> FaceLooks:
    """The hashes of the face that was found at `found`."""
    place = _steady(picture, _place(found), detect)
    patch, scale = _patch(picture, place)
    turned = [planes(patch, box) for box in _windows(scale, STEPS, SIZES)]
    wanted = {key for box in _windows(scale, KEY_STEPS, KEY_SIZES) for key in keys(patch, box)}
    middle = _window(scale, 0.0, 0.0, 0.0)
    return FaceLooks(planes(patch, middle), keys(patch, middle), b"".join(turned), tuple(sorted(wanted)))


def _place(box: Box) -> Place:
    left, top, width, height = box
    return Place(left + width / 2, top + height / 2, (width + height) / 2)


def _steady(picture: Image.Image, place: Place, detect: Detector) -> Place:
    for _round in range(ROUNDS):
        places = [found for shift in AGAIN if (found := _seen_from(picture, place, shift, detect))]
        if not places:
            return place
        place = Place(*(sum(values) / len(places) for values in zip(*places, strict=True)))
    return place


def _seen_from(
    picture: Image.Image, place: Place, shift: tuple[float, float], detect: Detector
) -> Place | None:
    across, down = place.across + shift[0] * place.size, place.down + shift[1] * place.size
    left, top = across - place.size, down - place.size
    square = _cut(picture, (left, top, left + 2 * place.size, top + 2 * place.size), SQUARE)
    found = detect(square)
    if found is None:
        return None
    seen, pixel = _place(found), 2 * place.size / SQUARE
    return Place(left + seen.across * pixel, top + seen.down * pixel, seen.size * pixel)


def _patch(picture: Image.Image, place: Place) -> tuple[Image.Image, float]:
    """The square around the face, and the face's size in it."""
    reach = 1.1 * REACH * place.size
    box = (place.across - reach, place.down - reach, place.across + reach, place.down + reach)
    return _cut(picture, box, PATCH), PATCH / (2 * reach) * place.size


def _cut(picture: Image.Image, box: Box, side: int) -> Image.Image:
    """The square `box` of the picture at `side` pixels; what lies beyond its edges is black."""
    if box[2] - box[0] < 1.5 * side:
        return picture.transform((side, side), Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)
    left, top, right, bottom = (round(edge) for edge in box)
    return picture.crop((left, top, right, bottom)).resize((side, side), Image.Resampling.BOX)


def _windows(scale: float, steps: tuple[float, ...], sizes: tuple[float, ...]) -> Iterator[Box]:
    return (_window(scale, across, down, larger) for across in steps for down in steps for larger in sizes)


def _window(scale: float, across: float, down: float, larger: float) -> Box:
    middle, half = PATCH / 2, REACH * (1 + larger) * scale
    x, y = middle + across * scale, middle + down * scale
    return (x - half, y - half, x + half, y + half)
