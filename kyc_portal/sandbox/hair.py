"""What surrounds a drawn face: hair behind and in front of it, freckles, neck and shoulders.

Knows only the pen and the person; the face itself is `portrait`.
"""

import math
import random

from PIL import Image, ImageDraw

from kyc_portal.sandbox.person import Pen, Person, Point, arc, mix


def draw_back_hair(pen: Pen, person: Person) -> None:
    """Hair that hangs or stands behind the face."""
    dark = mix(person.hair, (12, 10, 10), 0.3)
    if person.style == "long":
        w = person.width + 0.17
        tips = [*arc(w - 0.25, 1.05, 0.31, 0.25, 0, 90), *arc(0.25 - w, 1.05, 0.31, 0.25, 90, 180)]
        pen.shape([*arc(0, -0.3, w, 0.92, 180, 360), *tips], dark)
    if person.style == "bun":
        pen.oval(0, -1.24, 0.33, 0.3, dark)
        pen.oval(-0.03, -1.27, 0.24, 0.2, person.hair)
    if person.style == "curly":
        for x, y in arc(0, -0.25, person.width + 0.1, 0.85, 140, 400)[::3]:
            pen.oval(x, y, 0.23, 0.23, dark)


def draw_front_hair(pen: Pen, person: Person) -> None:
    """Hair that falls over the forehead, with a lighter sheen."""
    sheen = mix(person.hair, (255, 235, 210), 0.2)
    if person.style == "curly":
        for x, y in arc(0, -0.42, person.width * 0.93, 0.52, 183, 357)[::3]:
            pen.oval(x, y, 0.19, 0.19, person.hair)
        for x, y in arc(-0.05, -0.56, person.width * 0.8, 0.5, 205, 330)[::5]:
            pen.stroke(arc(x, y, 0.08, 0.07, 190, 300), 0.02, sheen)
        return
    pen.shape(arc(0, -0.28, person.width + 0.06, 0.84, 171, 369) + _hairline(person), person.hair)
    pen.stroke(arc(-0.06, -0.28, person.width * 0.82, 0.68, 215, 285), 0.035, sheen)
    pen.stroke(arc(-0.06, -0.28, person.width * 0.66, 0.58, 225, 272), 0.022, sheen)


def _hairline(person: Person) -> list[Point]:
    """Lower edge of the fringe, from right to left."""
    w = person.width
    if person.style == "long":
        return _window(0.12, 0.12, w * 0.97, 0.92)
    if person.style == "parted":
        return _window(-0.22, -0.12, w * 0.95, 0.5)
    if person.style == "bun":
        return _window(0, -0.12, w * 0.95, 0.6)
    fringe = _window(0, -0.1, w * 0.95, 0.42)
    return [(x, y + 0.03 * math.sin(i * 0.9)) for i, (x, y) in enumerate(fringe)]


def _window(x: float, y: float, reach: float, height: float) -> list[Point]:
    """The opening the face looks through: highest at `x`, and `reach` wide to both sides at `y`."""
    return arc(x, y, reach - x, height, 0, -90) + arc(x, y, reach + x, height, -90, -180)


def draw_freckles(pen: Pen, person: Person) -> None:
    """A few freckles on each cheek, always in the same places for the same person."""
    rng = random.Random(str(person))
    shade = mix(person.skin, (120, 60, 40), 0.35)
    for _ in range(person.freckles):
        for side in (-1, 1):
            pen.oval(side * rng.uniform(0.2, 0.5), rng.uniform(0.1, 0.28), 0.013, 0.013, shade)


def draw_shoulders(canvas: Image.Image, person: Person, unit: float, at: Point) -> None:
    """Neck, shirt and collar below a head whose centre is `at`, in pixels."""
    draw = ImageDraw.Draw(canvas)

    def placed(points: list[Point]) -> list[Point]:
        return [(at[0] + x * unit, at[1] + y * unit) for x, y in points]

    neck = mix(person.skin, (90, 40, 30), 0.22)
    draw.polygon(placed([(-1.72, 3.6), *arc(0, 2.15, 1.62, 0.82, 190, 350), (1.72, 3.6)]), fill=person.shirt)
    draw.polygon(placed([(-0.36, 0.6), (0.36, 0.6), (0.42, 1.4), *arc(0, 1.4, 0.42, 0.3, 0, 180)]), fill=neck)
    shade = mix(person.skin, (60, 25, 20), 0.42)
    draw.polygon(placed([*arc(0, 0.98, 0.38, 0.22, 0, 180), (-0.36, 0.6), (0.36, 0.6)]), fill=shade)
    collar = mix(person.shirt, (255, 255, 255), 0.28)
    for side in (-1, 1):
        points: list[Point] = [(side * 0.38, 1.28), (side * 0.56, 1.36), (side * 0.3, 1.82), (0.0, 1.68)]
        draw.polygon(placed(points), fill=collar)
    draw.line(
        placed([(0, 1.7), (0, 3.6)]), fill=mix(person.shirt, (0, 0, 0), 0.2), width=max(1, round(0.02 * unit))
    )
