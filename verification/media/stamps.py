"""Draws the viewer's name and the time into a picture, so that a leaked copy shows who opened it.

The text stands in a strip below the picture, where it covers nothing, and faintly all over it, where cropping does not
remove it. Runs in the limited child process; knows nothing of staff or cases.
"""

import io
import math
import unicodedata
from collections.abc import Iterator
from itertools import product
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

from verification.media.errors import UnusableMedia

QUALITY: Final = 90
MAX_TEXT: Final = 300  # characters
MAX_PIXELS: Final = 25_000_000
MIN_LETTER, MAX_LETTER = 11, 40  # pixels of a letter's height in the strip
STRIP, INK = (24, 24, 27), (244, 244, 245)
FAINT: Final = 48  # of 255: visible on a close look, and the face stays clear
ROW: Final = 5  # letter heights between two faint lines: less than the height of a face
ANGLE: Final = 24  # degrees: an angle that lines in a picture seldom have


def stamp(jpeg: bytes, text: str) -> bytes:
    """The JPEG with `text` drawn into it; raises UnusableMedia if it is no JPEG that can be opened."""
    try:
        picture = opened(jpeg)
    except (OSError, ValueError, SyntaxError) as error:
        raise UnusableMedia("image_corrupt") from error
    words = _plain(text)
    _draw_faintly(picture, words)
    out = io.BytesIO()
    _with_strip(picture, words).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    """The picture of a JPEG of ours. Raises UnusableMedia if it is too large, and what Pillow raises."""
    picture: Image.Image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    if picture.width * picture.height > MAX_PIXELS:
        raise UnusableMedia("image_too_many_pixels", {"pixels_allowed": MAX_PIXELS})
    picture.load()
    return picture.convert("RGB")


def _plain(text: str) -> str:
    """The text in the letters that the font has: accents dropped, other letters as their code points, on one line."""
    decomposed = unicodedata.normalize("NFKD", text[:MAX_TEXT])
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    spelt = bare.encode("ascii", "backslashreplace").decode()
    return " ".join("".join(letter if letter.isprintable() else " " for letter in spelt).split()) or "?"


def _draw_faintly(picture: Image.Image, words: str) -> None:
    """The text repeated across the picture, white beside black, so that one shows on any background."""
    size = _letter_size(picture)
    light = Image.new("L", picture.size)
    for label, place in _slanting(words, size, picture.size):
        light.paste(FAINT, place, label)
    shift = max(1, round(size / 14))
    picture.paste((0, 0, 0), (0, 0), ImageChops.offset(light, shift, shift))
    picture.paste((255, 255, 255), (0, 0), light)


def _slanting(words: str, size: int, area: tuple[int, int]) -> Iterator[tuple[Image.Image, tuple[int, int]]]:
    """The text as a slanting mask, and its positions in rows that fill the area, every other row shifted."""
    font = _FONT.font_variant(size=size)
    length = round(font.getlength(words)) + 3 * size
    flat = Image.new("L", (length, round(size * 1.4)))
    ImageDraw.Draw(flat).text((size, 0), words, 255, font)
    label = flat.rotate(ANGLE, Image.Resampling.BILINEAR, expand=True)
    along, up = math.cos(math.radians(ANGLE)), math.sin(math.radians(ANGLE))
    reach = math.hypot(*area) / 2
    rows, columns = math.ceil(reach / (ROW * size)), math.ceil(reach / length) + 1
    for row, column in product(range(-rows, rows + 1), range(-columns, columns + 1)):
        right, down = (column + row % 2 / 2) * length, row * ROW * size
        x = area[0] / 2 + right * along + down * up - label.width / 2
        y = area[1] / 2 - right * up + down * along - label.height / 2
        if -label.width < x < area[0] and -label.height < y < area[1]:
            yield label, (round(x), round(y))


def _with_strip(picture: Image.Image, words: str) -> Image.Image:
    """The picture with the text below it, in as many lines as it needs."""
    size = _letter_size(picture)
    font = _FONT.font_variant(size=size)
    margin, height = size // 2, round(size * 1.35)
    lines = _wrapped(words, font, picture.width - 2 * margin)
    whole = Image.new("RGB", (picture.width, picture.height + height * len(lines) + margin), STRIP)
    whole.paste(picture)
    draw = ImageDraw.Draw(whole)
    for number, line in enumerate(lines):
        draw.text((margin, picture.height + margin // 2 + number * height), line, INK, font)
    return whole


def _wrapped(words: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Lines of at most so many pixels; a word that is longer than a line is broken."""
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and font.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]


def _letter_size(picture: Image.Image) -> int:
    return min(max(picture.width // 44, MIN_LETTER), MAX_LETTER)


def _font() -> ImageFont.FreeTypeFont:
    """Pillow's built-in font, without the layout library, which would be opened from the disk."""
    font = ImageFont.load_default(MIN_LETTER)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise ImportError("Pillow was built without FreeType.")
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


_FONT: Final = _font()
