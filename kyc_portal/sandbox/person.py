"""Who a drawn person is, what they are doing, and the pen that draws in proportions of their head.

Kept apart from the drawing itself so that hair and features can share it. Knows nothing of files or Django.
"""

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageColor, ImageDraw

SKINS = ["#f6d7c3", "#eec3a2", "#dfa983", "#c68a5f", "#a06a45", "#7b4d31"]
HAIRS = ["#2b211d", "#4a3123", "#7a4c28", "#b07a3c", "#8f8a86", "#a4452b"]
IRISES = ["#4f7b96", "#5d7a4a", "#6a4528", "#3b2a20"]
SHIRTS = ["#3f6c8f", "#7c5a8c", "#3f7d6b", "#b0613f", "#51607a", "#a14a5f"]
STYLES = ["short", "long", "curly", "bun", "parted"]
SPRITE = 4.0  # side of the head's own canvas, in units of half a head's height

Colour = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Person:
    """What makes one face different from another; sizes are in units of half a head's height."""

    skin: Colour
    hair: Colour
    iris: Colour
    shirt: Colour
    style: str
    width: float
    jaw: float
    eye_gap: float
    eye_size: float
    brow: float
    nose: float
    mouth: float
    glasses: bool
    beard: bool
    freckles: int

    @classmethod
    def from_seed(cls, seed: int) -> "Person":
        """The same seed always gives the same person."""
        rng = random.Random(f"person {seed}")
        style = STYLES[seed % len(STYLES)]
        return cls(
            skin=_rgb(rng.choice(SKINS)),
            hair=_rgb(rng.choice(HAIRS)),
            iris=_rgb(rng.choice(IRISES)),
            shirt=_rgb(rng.choice(SHIRTS)),
            style=style,
            width=rng.uniform(0.70, 0.80),
            jaw=rng.uniform(0.55, 0.95),
            eye_gap=rng.uniform(0.29, 0.34),
            eye_size=rng.uniform(0.135, 0.16),
            brow=rng.uniform(0.035, 0.065),
            nose=rng.uniform(0.09, 0.14),
            mouth=rng.uniform(0.22, 0.29),
            glasses=rng.random() < 0.35,
            beard=style in ("short", "parted") and rng.random() < 0.5,
            freckles=rng.choice([0, 0, 12]),
        )


@dataclass(frozen=True)
class Pose:
    """What the person does: nod and turn from -1 to 1, eyelids shut and mouth open from 0 to 1."""

    nod: float = 0.0
    turn: float = 0.0
    blink: float = 0.0
    mouth: float = 0.0


class Pen:
    """Draws on the head's canvas in head units, with features shifted the way a turning head shifts them."""

    def __init__(self, canvas: Image.Image, unit: float, pose: Pose) -> None:
        self.draw = ImageDraw.Draw(canvas)
        self.unit = unit
        self.shift = (SPRITE / 2 + 0.06 * pose.turn, SPRITE / 2 + 0.06 * pose.nod)

    def points(self, points: list[Point]) -> list[Point]:
        return [((x + self.shift[0]) * self.unit, (y + self.shift[1]) * self.unit) for x, y in points]

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        self.draw.ellipse(_flat(self.points([(x - rx, y - ry), (x + rx, y + ry)])), fill=fill)

    def shape(self, points: list[Point], fill: Colour) -> None:
        self.draw.polygon(self.points(points), fill=fill)

    def stroke(self, points: list[Point], width: float, fill: Colour) -> None:
        thick = max(1, round(width * self.unit))
        placed = self.points(points)
        self.draw.line(placed, fill=fill, width=thick, joint="curve")
        for x, y in (placed[0], placed[-1]):
            self.draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=fill)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Colour `share` of the way from `a` to `b`."""
    red, green, blue = (round(p + (q - p) * share) for p, q in zip(a, b, strict=True))
    return red, green, blue


def arc(x: float, y: float, rx: float, ry: float, start: float, stop: float) -> list[Point]:
    """Points along an ellipse; degrees run clockwise from three o'clock, as Pillow's do."""
    steps = [math.radians(start + (stop - start) * i / 40) for i in range(41)]
    return [(x + rx * math.cos(t), y + ry * math.sin(t)) for t in steps]


def face_outline(person: Person) -> list[Point]:
    """The edge of the face: an ellipse whose lower half is squarer the stronger the jaw."""
    points = []
    for i in range(120):
        t = 2 * math.pi * i / 120
        power = 1.0 if math.sin(t) < 0 else 1.0 - 0.28 * person.jaw
        x = math.copysign(abs(math.cos(t)) ** power, math.cos(t)) * person.width
        points.append((x, math.sin(t)))
    return points


def _rgb(code: str) -> Colour:
    red, green, blue = ImageColor.getrgb(code)[:3]
    return red, green, blue


def _flat(points: list[Point]) -> list[float]:
    return [value for point in points for value in point]
