"""Turns an uploaded photo into one plain JPEG: upright, sRGB, small enough for the vendor, without metadata.

Runs in the limited child process. Knows Pillow; knows nothing of Django, applicants or where photos are kept.
"""

import io
import struct
import warnings
from typing import Final

from PIL import Image, ImageCms

from verification.media.errors import UnusableMedia
from verification.media.facts import MAX_PHOTO_UPLOAD, NormalisedPhoto
from verification.media.image_files import ImageOutline, camera_extras, read_outline

MAX_PHOTO_BYTES: Final = 2_205_000  # under the vendor's 3,000,000 characters of Base64, with room to spare
MAX_PIXELS: Final = 25_000_000
MAX_SIDE: Final = 1600  # pixels of the result
MIN_SIDE: Final = 200  # pixels of the source
MAX_STORED_SIDE: Final = 30_000  # pixels; no camera or scanner makes more
MAX_ASPECT: Final = 5  # a longer strip would shrink below any use
MAX_ICC_PROFILE: Final = 1_000_000  # bytes
QUALITIES: Final = (92, 85, 75, 60)
ORIENTATION_TAG: Final = 0x0112
# What Pillow was seen to raise for EXIF that is no reason to refuse a picture.
_BROKEN_EXIF: Final = (
    ValueError,
    TypeError,
    LookupError,
    SyntaxError,
    OSError,
    ArithmeticError,
    struct.error,
)
UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def normalise_photo(data: bytes, heic: bool = False) -> NormalisedPhoto:
    """The photo as a JPEG of at most 1600 pixels a side and 2,205,000 bytes.

    Raises UnusableMedia when it is no JPEG or PNG, is broken, hides other data, or is too small or too large.
    """
    if len(data) > MAX_PHOTO_UPLOAD:
        raise UnusableMedia("image_too_large", {"bytes_allowed": MAX_PHOTO_UPLOAD})
    outline = read_outline(data)
    check_dimensions(outline.width, outline.height)
    notes: list[str] = []
    if outline.end < len(data):
        if outline.format == "PNG" or not camera_extras(data, outline.end):
            raise UnusableMedia("trailing_data")
        notes.append("camera_extras_removed")
    picture = _decoded(data[: outline.end], outline, notes)
    return NormalisedPhoto(_encode(picture), *picture.size, outline.format, tuple(notes), {}, {})


def stamp(jpeg: bytes, text: str) -> bytes:
    return jpeg


def check_dimensions(width: int, height: int) -> None:
    """Raise UnusableMedia unless a picture of so many pixels is worth decoding, and safe."""
    short, long = sorted((width, height))
    if short < 1 or long > MAX_STORED_SIDE:
        raise UnusableMedia("image_bad_dimensions")
    if width * height > MAX_PIXELS:
        raise UnusableMedia("image_too_many_pixels", {"pixels_allowed": MAX_PIXELS})
    if short < MIN_SIDE:
        raise UnusableMedia("image_too_small", {"pixels_needed": MIN_SIDE})
    if long > MAX_ASPECT * short:
        raise UnusableMedia("image_bad_dimensions", {"aspect_allowed": MAX_ASPECT})


def _decoded(data: bytes, outline: ImageOutline, notes: list[str]) -> Image.Image:
    """The picture as it is to be encoded; raises UnusableMedia for anything that Pillow makes nothing of."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, which is thrown away
            return _decode(data, outline, notes)
    except (UnusableMedia, MemoryError):
        raise
    # Pillow's plugins raise a dozen kinds, struct.error and SyntaxError among them.
    except Exception as error:
        raise UnusableMedia("image_corrupt") from error


def _decode(data: bytes, outline: ImageOutline, notes: list[str]) -> Image.Image:
    picture: Image.Image = Image.open(io.BytesIO(data), formats=(outline.format,))
    if picture.size != (outline.width, outline.height):
        raise UnusableMedia("image_corrupt")
    if getattr(picture, "n_frames", 1) > 1:
        notes.append("first_frame_kept")
    target = _fitted(picture.size)
    # libjpeg can decode at a half or a quarter; it only does when both sides of the target fit the aspect.
    picture.draft(None, target)
    picture.load()
    orientation, profile = _orientation(picture), picture.info.get("icc_profile")
    picture = _eight_bit(picture, notes)
    if target != (outline.width, outline.height):
        notes.append("scaled_down")
        picture = picture.resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0)
    picture = _as_srgb(picture, profile, notes)
    if orientation in UPRIGHT:
        notes.append("turned_upright")
        picture = picture.transpose(UPRIGHT[orientation])
    return picture


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    """The size in pixels, shrunk to the largest side allowed."""
    ratio = min(1.0, MAX_SIDE / max(size))
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(ORIENTATION_TAG, 1))
    except _BROKEN_EXIF:
        return 1


def _eight_bit(picture: Image.Image, notes: list[str]) -> Image.Image:
    """As L, RGB or CMYK of eight bits, with anything see-through laid on white."""
    if picture.has_transparency_data:
        notes.append("alpha_flattened")
        see_through = picture.convert("RGBA")
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(see_through, mask=see_through.getchannel("A"))
        return flat
    if picture.mode.startswith("I"):
        notes.append("depth_reduced")
        # Pillow would clip 16-bit greys at 255 instead of scaling them.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return picture if picture.mode in ("L", "RGB", "CMYK") else picture.convert("RGB")


def _as_srgb(picture: Image.Image, profile: bytes | None, notes: list[str]) -> Image.Image:
    """In sRGB colours; a profile that cannot be used is ignored, as browsers do."""
    if profile and len(profile) <= MAX_ICC_PROFILE:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notes.append("profile_ignored")
        else:
            notes.append("colours_converted")
            return converted if converted is not None else picture
    return picture.convert("RGB")


def _encode(picture: Image.Image) -> bytes:
    # Pillow copies comments over from here; nothing of the source may pass.
    picture.info = {}
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= MAX_PHOTO_BYTES:
            return out.getvalue()
    raise UnusableMedia("image_too_large", {"bytes_allowed": MAX_PHOTO_BYTES})
