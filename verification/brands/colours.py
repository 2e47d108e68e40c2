"""The colours of the applicants' pages that follow from an organisation's one colour, by the contrasts of WCAG 2.2.

The one colour is used as it is on light pages, as a ground under white words and as words and lines on the page. No
colour can do that on dark pages as well, so these take a lighter shade of it.
"""

import re
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

LEAST: Final = 4.5  # the contrast of words with their ground that level AA asks for
# The grounds of base.css, in its order: paper and card.
LIGHT: Final = ("#f3f1ea", "#fffefb")
DARK: Final = ("#0d1412", "#151e1b")
_WHITE, _BLACK = "#ffffff", "#000000"
_SOFT = 0.1  # how much of the colour is in the ground of a notice
_STRONG = 0.3  # how far a button goes to black or white under the pointer
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)


class UnfitColour(ValueError):
    """The colour can't be read, or can't be read against. `code` says which; `ratio` is the contrast that it has, and
    `instead` the nearest darker shade that would pass."""

    def __init__(self, code: str, ratio: float = 0.0, instead: str = "") -> None:
        super().__init__(code)
        self.code, self.ratio, self.instead = code, ratio, instead


@dataclass(frozen=True)
class Shades:
    """The custom properties of base.css that follow from the colour, for one scheme."""

    accent: str
    accent_strong: str
    accent_soft: str
    on_accent: str


def words(problem: UnfitColour) -> str:
    """What is wrong, for whoever chose the colour."""
    if problem.code == "no_colour":
        return _("Write # and six hexadecimal digits, such as #0b3d91.")
    return _(
        "Words in this colour, or white words on it, would have a contrast of %(ratio).1f to 1. At least %(least).1f "
        "to 1 is needed, which %(instead)s has."
    ) % {"ratio": problem.ratio, "least": LEAST, "instead": problem.instead}


def check(colour: str) -> None:
    """Raises UnfitColour."""
    if not _COLOUR.fullmatch(colour):
        raise UnfitColour("no_colour")
    found = _weakest(light(colour), LIGHT)
    if found < LEAST:
        raise UnfitColour("too_little_contrast", found, _darker(colour))


def light(colour: str) -> Shades:
    card = LIGHT[1]
    return Shades(colour, mixed(colour, _BLACK, _STRONG), mixed(card, colour, _SOFT), _WHITE)


def dark(colour: str) -> Shades:
    """White passes, so that there is always a shade."""
    shades = (_dark(mixed(colour, _WHITE, step / 100)) for step in range(101))
    return next(each for each in shades if _weakest(each, DARK) >= LEAST)


def _dark(accent: str) -> Shades:
    paper, card = DARK
    return Shades(accent, mixed(accent, _WHITE, _STRONG), mixed(card, accent, _SOFT), paper)


def _darker(colour: str) -> str:
    shades = (mixed(colour, _BLACK, step / 100) for step in range(101))
    return next(each for each in shades if _weakest(light(each), LIGHT) >= LEAST)


def _weakest(shades: Shades, page: tuple[str, ...]) -> float:
    """The least contrast of the colour with anything that words in it, or on it, may meet."""
    return min(contrast(shades.accent, other) for other in (*page, shades.accent_soft, shades.on_accent))


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black and white)."""
    lower, higher = sorted((_luminance(one), _luminance(other)))
    return (higher + 0.05) / (lower + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in _parts(colour)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with this share of `other` in it."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
