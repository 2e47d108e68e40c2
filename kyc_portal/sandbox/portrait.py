"""Draws one made-up person, so that the demo and the tests need nobody's real face.

The picture is meant to be pleasant and plainly artificial. A seed decides who it is, a pose what they do.
This module knows nothing of files, encoders, Django or the portal.
"""

import math
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

from kyc_portal.sandbox.hair import draw_back_hair, draw_freckles, draw_front_hair, draw_shoulders
from kyc_portal.sandbox.person import SPRITE, Colour, Pen, Person, Point, Pose, arc, face_outline, mix


def draw_person(canvas: Image.Image, person: Person, pose: Pose, *, unit: float, at: Point) -> None:
    """Draw head and shoulders on an RGB canvas; `unit`, half a head's height, and `at`, its centre, are pixels."""
    draw_shoulders(canvas, person, unit, at)
    head = _head(person, round(unit)).copy()
    _draw_features(Pen(head, unit, pose), person, pose)
    head = head.rotate(-3.0 * pose.turn, Image.Resampling.BILINEAR)
    corner = (
        round(at[0] - SPRITE / 2 * unit + 0.05 * unit * pose.turn),
        round(at[1] - SPRITE / 2 * unit + 0.07 * unit * pose.nod),
    )
    canvas.paste(head, corner, head)


def _draw_features(pen: Pen, person: Person, pose: Pose) -> None:
    if person.beard:
        _draw_beard(pen, person)
    _draw_mouth(pen, person, pose.mouth)
    _draw_nose(pen, person)
    for side in (-1, 1):
        _draw_eye(pen, person, side, pose.blink)
        brow = arc(side * person.eye_gap, -0.26, person.eye_size * 1.35, 0.08, 200, 340)
        pen.stroke(brow, person.brow, mix(person.hair, (30, 22, 18), 0.3))
    if person.glasses:
        _draw_glasses(pen, person)


def _draw_eye(pen: Pen, person: Person, side: int, blink: float) -> None:
    x, y, size = side * person.eye_gap, -0.08, person.eye_size
    lid = mix(person.skin, (60, 30, 25), 0.55)
    opening = size * 0.62 * (1 - blink)
    if opening < 0.02:
        pen.stroke(arc(x, y, size, 0.05, 10, 170), 0.03, lid)
        return
    pen.oval(x, y, size, opening, (250, 249, 246))
    iris = min(size * 0.52, opening)
    pen.oval(x, y, size * 0.52, iris, person.iris)
    pen.oval(x, y, size * 0.26, min(size * 0.26, opening), (18, 15, 16))
    pen.oval(x - 0.03, y - opening * 0.35, 0.022, min(0.022, opening), (255, 255, 255))
    pen.stroke(arc(x, y, size, opening, 180, 360), 0.032, lid)


def _draw_nose(pen: Pen, person: Person) -> None:
    shade = mix(person.skin, (90, 40, 30), 0.28)
    pen.stroke([(-0.035, 0.02), (-0.06, 0.17), (-person.nose * 0.9, 0.25)], 0.018, shade)
    pen.stroke(arc(0, 0.25, person.nose, 0.06, 0, 180), 0.028, shade)
    pen.oval(0.015, 0.19, 0.035, 0.05, mix(person.skin, (255, 255, 255), 0.28))


def _draw_mouth(pen: Pen, person: Person, opening: float) -> None:
    lips = mix(person.skin, (170, 50, 60), 0.5)
    y, width = 0.52, person.mouth * (1 - 0.15 * opening)
    if opening < 0.1:
        pen.shape(arc(0, y, width, 0.085, 0, 180) + arc(0, y, width, 0.03, 180, 360), lips)
        pen.stroke(arc(0, y - 0.015, width, 0.05, 8, 172), 0.018, mix(lips, (60, 20, 25), 0.5))
        return
    height = 0.05 + 0.13 * opening
    pen.oval(0, y + height * 0.4, width, height + 0.035, lips)
    pen.oval(0, y + height * 0.4, width * 0.84, height, (84, 28, 34))
    pen.oval(0, y - height * 0.28, width * 0.6, height * 0.22, (245, 242, 236))
    pen.oval(0, y + height * 0.95, width * 0.45, height * 0.38, (196, 92, 96))


def _draw_beard(pen: Pen, person: Person) -> None:
    colour = mix(person.hair, person.skin, 0.25)
    edge = [(x * 0.998, y) for x, y in face_outline(person) if y >= 0.18]
    top = arc(0, 0.18, person.width * 0.8, 0.15, 180, 0)
    pen.shape(sorted(edge, key=lambda point: math.atan2(point[1], point[0])) + top, colour)
    pen.oval(0, 0.53, person.mouth * 1.12, 0.12, mix(person.skin, colour, 0.15))


def _draw_glasses(pen: Pen, person: Person) -> None:
    frame, radius = (38, 40, 48), person.eye_size * 1.55
    for side in (-1, 1):
        pen.stroke(arc(side * person.eye_gap, -0.07, radius, radius * 0.86, 0, 360), 0.028, frame)
        pen.stroke(
            [(side * (person.eye_gap + radius), -0.09), (side * person.width * 0.97, -0.13)], 0.026, frame
        )
    gap = person.eye_gap - radius
    pen.stroke([(-gap, -0.09), (0, -0.12), (gap, -0.09)], 0.026, frame)


@cache
def _head(person: Person, unit: int) -> Image.Image:
    """Everything of the head that no pose changes: RGBA, `SPRITE` units square."""
    side = round(SPRITE * unit)
    head = Image.new("RGBA", (side, side), (*person.skin, 0))
    pen = Pen(head, unit, Pose())
    draw_back_hair(pen, person)
    for x in (-1, 1):
        pen.oval(x * person.width * 0.99, 0.04, 0.11, 0.19, mix(person.skin, (120, 50, 40), 0.12))
        pen.oval(x * person.width * 1.0, 0.04, 0.06, 0.12, mix(person.skin, (120, 50, 40), 0.3))
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).polygon(pen.points(face_outline(person)), fill=255)
    head.paste(_shaded_skin(person, unit, side), (0, 0), mask)
    draw_freckles(pen, person)
    draw_front_hair(pen, person)
    return head


def _shaded_skin(person: Person, unit: int, side: int) -> Image.Image:
    skin = Image.new("RGB", (side, side), person.skin)
    dark, light = mix(person.skin, (70, 30, 25), 0.42), mix(person.skin, (255, 250, 240), 0.5)
    rosy = mix(person.skin, (225, 95, 90), 0.45)
    _glow(skin, unit, (0.75, 0.25, 0.32, 0.9), dark, 0.28)
    _glow(skin, unit, (0.0, 1.02, 0.6, 0.2), dark, 0.16)
    _glow(skin, unit, (-0.24, -0.45, 0.36, 0.24), light, 0.22)
    for x in (-0.42, 0.42):
        _glow(skin, unit, (x, 0.26, 0.15, 0.11), rosy, 0.1)
        _glow(skin, unit, (x * 0.76, -0.1, 0.2, 0.13), dark, 0.09, strength=0.45)
    return skin


def _glow(
    skin: Image.Image,
    unit: int,
    oval: tuple[float, float, float, float],
    colour: Colour,
    soft: float,
    *,
    strength: float = 1.0,
) -> None:
    """Blend a soft oval (x, y, half width, half height in units) into the skin."""
    # Blurred at a quarter of the size: nobody can tell, and it is sixteen times cheaper.
    small = Image.new("L", (skin.width // 4, skin.height // 4), 0)
    x, y, rx, ry = (value * unit / 4 for value in oval)
    middle = SPRITE / 2 * unit / 4
    box = (middle + x - rx, middle + y - ry, middle + x + rx, middle + y + ry)
    ImageDraw.Draw(small).ellipse(box, fill=round(255 * strength))
    mask = small.filter(ImageFilter.GaussianBlur(soft * unit / 4)).resize(
        skin.size, Image.Resampling.BILINEAR
    )
    skin.paste(colour, (0, 0), mask)
