"""Turns an uploaded photo into one plain JPEG: upright, sRGB, small enough for the vendor, without metadata.

Runs in the limited child process. Knows Pillow; knows nothing of Django, applicants or where photos are kept.
"""

import io
import struct
import warnings
from collections.abc import Callable
from typing import Any, Final

import PIL
from PIL import (
    Image,
    ImageCms,
    ImageColor,
    ImagePalette,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    TiffTags,
    features,
)

from verification.media import heic
from verification.media.errors import MediaUnavailable, UnusableMedia
from verification.media.facts import MAX_PHOTO_UPLOAD, NormalisedPhoto
from verification.media.image_files import (
    ImageOutline,
    heic_end,
    is_heic,
    next_restart,
    png_lacks_rows,
    read_outline,
)
from verification.media.photo_looks import looks_of
from verification.media.stamps import stamp
from verification.media.tails import hides_a_file

__all__ = ["normalise_photo", "stamp"]

# Pillow imports these on first use, which fails in the confined child, because it may open no file.
PRELOADED: Final = (
    ImageColor,
    ImagePalette,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    TiffTags,
)
Image.preinit()

MAX_PHOTO_BYTES: Final = 2_205_000  # 2,940,000 characters of Base64: the vendor takes 3,000,000
# Pixels of a picture that its decoder holds whole: 8192x6144 of a camera of 50 megapixels. They take up to 690 MB
# of address space.
MAX_PIXELS: Final = 51_000_000
# Pixels of a JPEG that is shrunk while it is read: 16,384x12,288 of a camera of 200 megapixels. It takes 70 MB at most.
MAX_JPEG_PIXELS: Final = 210_000_000
MAX_SIDE: Final = 1600  # pixels of the result
MIN_SIDE: Final = 200  # pixels of the source
MAX_STORED_SIDE: Final = 30_000  # pixels; no camera or scanner makes more
MAX_ASPECT: Final = 5  # a longer strip would be too thin once it is scaled down
MAX_ICC_PROFILE: Final = 1_000_000  # bytes
QUALITIES: Final = (92, 85, 75, 60)
RESAMPLING: Final = Image.Resampling.LANCZOS
REDUCING_GAP: Final = 2.0  # Pillow's: above this factor it averages first, which is cheaper
END_MARKER: Final = b"\xff\xd9"
FILLER: Final = b"\xa5" * 64  # in place of picture data; decodes as anything but a continuation
MADE_UP: Final = range(126, 130)  # every channel of what libjpeg makes up
HEIC: Final = "HEIC"
ORIENTATION_TAG: Final = 0x0112
# What Pillow raises for broken EXIF, which is no reason to refuse a picture.
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


def normalise_photo(data: bytes, accept_heic: bool = False) -> NormalisedPhoto:
    """The photo as a JPEG of at most 1600 pixels a side and 2,205,000 bytes.

    Raises UnusableMedia if the file is no JPEG or PNG (or HEIC, if `accept_heic`), is broken, hides another file behind
    the picture, or is too small or too large.
    """
    if len(data) > MAX_PHOTO_UPLOAD:
        raise UnusableMedia("image_too_large", {"bytes_allowed": MAX_PHOTO_UPLOAD})
    notes: list[str] = []
    if accept_heic and is_heic(data):
        source, picture = HEIC, guarded(_from_heic, data, notes)
    else:
        outline = _checked_outline(data, notes)
        source, picture = outline.format, guarded(_from_pillow, data[: outline.end], outline, notes)
    jpeg, quality = _encode(picture)
    return NormalisedPhoto(
        jpeg,
        looks_of(picture),
        *picture.size,
        source,
        tuple(notes),
        tool_versions(source),
        _arguments(quality, notes),
    )


def tool_versions(source: str) -> dict[str, str]:
    """Names and versions of the libraries that read the photo and wrote the JPEG, for the evidence."""
    return _VERSIONS | (heic.VERSIONS if source == HEIC else {})


def _arguments(quality: int, notes: list[str]) -> dict[str, str]:
    """The options that the libraries were given."""
    scaled = {"resampling": RESAMPLING.name.lower(), "reducing_gap": str(REDUCING_GAP)}
    return {
        "longest_side": str(MAX_SIDE),
        "quality": str(quality),
        "colour_space": "sRGB",
        **(scaled if "scaled_down" in notes else {"resampling": "none"}),
    }


def _checked_outline(data: bytes, notes: list[str]) -> ImageOutline:
    outline = read_outline(data)
    most = MAX_JPEG_PIXELS if outline.in_pieces else MAX_PIXELS
    check_dimensions(outline.width, outline.height, most_pixels=most)
    _check_tail(data, outline.end, notes)
    return outline


def _check_tail(data: bytes, end: int, notes: list[str]) -> None:
    """Refuse another file behind the picture; whatever else is there will be cut off."""
    if end < len(data):
        if hides_a_file(data[end:]):
            raise UnusableMedia("trailing_data")
        notes.append("camera_extras_removed")


def check_dimensions(width: int, height: int, *, most_pixels: int = MAX_PIXELS) -> None:
    """Raise UnusableMedia unless a picture of so many pixels is worth decoding, and safe."""
    short, long = sorted((width, height))
    if short < 1 or long > MAX_STORED_SIDE:
        raise UnusableMedia("image_bad_dimensions")
    if width * height > most_pixels:
        raise UnusableMedia("image_too_many_pixels", {"pixels_allowed": most_pixels})
    if short < MIN_SIDE:
        raise UnusableMedia("image_too_small", {"pixels_needed": MIN_SIDE})
    if long > MAX_ASPECT * short:
        raise UnusableMedia("image_bad_dimensions", {"aspect_allowed": MAX_ASPECT})


def guarded(decode: Callable[..., Image.Image], *arguments: Any) -> Image.Image:
    """The result of `decode`; raises UnusableMedia for every error of Pillow's plugins."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, which is dropped
            return decode(*arguments)
    except (UnusableMedia, MediaUnavailable, MemoryError, ImportError):
        raise
    # Pillow's plugins raise a dozen kinds, struct.error and SyntaxError among them.
    except Exception as error:
        raise UnusableMedia("image_corrupt") from error


def _from_pillow(data: bytes, outline: ImageOutline, notes: list[str]) -> Image.Image:
    if not outline.closed:
        data = _closed(data, notes)
    picture: Image.Image = Image.open(io.BytesIO(data), formats=(outline.format,))
    if picture.size != (outline.width, outline.height):
        raise UnusableMedia("image_corrupt")
    if getattr(picture, "n_frames", 1) > 1:
        notes.append("first_frame_kept")
    target = _fitted(picture.size)
    # libjpeg can decode at a half or a quarter of the size, but only if both sides of the target keep the aspect.
    picture.draft(None, target)
    picture.load()
    if outline.closed and _lacks_rows(picture, data, outline):
        raise UnusableMedia("image_incomplete")
    orientation = _orientation(picture)
    picture = _plain(picture, target, outline.width, notes)
    if orientation in UPRIGHT:
        notes.append("turned_upright")
        picture = picture.transpose(UPRIGHT[orientation])
    return picture


def _closed(data: bytes, notes: list[str]) -> bytes:
    """The JPEG with the end marker that it lacks; raises UnusableMedia if it lacks rows of the picture too.

    Zeros in place of the rest would count as rows. But then its last bytes are nothing that the picture is made of.
    """
    data = data.rstrip(b"\xff")
    spoilt = data[: -len(FILLER)] + FILLER
    if _jpeg_lacks_rows(data) or _coarse(spoilt + END_MARKER) == _coarse(data + END_MARKER):
        raise UnusableMedia("image_incomplete")
    notes.append("end_marker_added")
    return data + END_MARKER


def _lacks_rows(picture: Image.Image, data: bytes, outline: ImageOutline) -> bool:
    """Whether the file has its end, but not every row before it. Only asked in full if its last corner looks so."""
    corner = [picture.getpixel((picture.width - 1, picture.height - back)) for back in (1, 2)]
    values = [value if isinstance(value, tuple) else (value,) for value in corner]
    if outline.format == "PNG":
        # What is missing stays zero. If the PNG is interlaced, every second row comes at the very end.
        return not all(map(any, values)) and png_lacks_rows(data)
    made_up = all(light in MADE_UP for light in values[0])
    return outline.in_pieces and made_up and _jpeg_lacks_rows(data[: -len(END_MARKER)])


def _jpeg_lacks_rows(data: bytes) -> bool:
    """Whether rows are missing at the end of the JPEG's data, which comes without its end marker.

    libjpeg makes up what is missing, without a word. It makes up something else if other data follows, also behind the
    restart marker that may be due. So every row is there if filler changes nothing.
    """
    longer = data + FILLER + next_restart(data) + FILLER
    return _coarse(longer + END_MARKER) != _coarse(data + END_MARKER)


def _coarse(jpeg: bytes) -> bytes:
    """The picture of the JPEG at an eighth of its size, which is cheap and shows every block of it."""
    picture = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    picture.draft(None, (1, 1))
    return picture.tobytes()


def _from_heic(data: bytes, notes: list[str]) -> Image.Image:
    end = heic_end(data)
    _check_tail(data, end, notes)
    file = heic.HeicFile(data[:end])
    check_dimensions(*file.size)
    if file.count > 1:
        notes.append("first_frame_kept")
    target = _fitted(file.size)
    shrink = max(1, int(file.size[0] / target[0] / REDUCING_GAP))
    return _plain(file.decoded(shrink), target, file.size[0], notes)


def _plain(picture: Image.Image, target: tuple[int, int], width: int, notes: list[str]) -> Image.Image:
    """The picture in eight bits and sRGB, scaled down to `target` if it is larger; see-through parts are on white."""
    profile = picture.info.get("icc_profile")
    picture = _eight_bit(picture, notes)
    if target[0] != width:
        notes.append("scaled_down")
        picture = picture.resize(target, RESAMPLING, reducing_gap=REDUCING_GAP)
    return _as_srgb(_on_white(picture, notes), profile, notes)


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
    """The picture as L, RGB, CMYK or RGBA of eight bits."""
    if picture.mode.startswith("I"):
        notes.append("depth_reduced")
        # Pillow would clip 16-bit greys at 255 instead of scaling them.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data and picture.mode != "RGBA":
        return picture.convert("RGBA")
    return picture if picture.mode in ("L", "RGB", "RGBA", "CMYK") else picture.convert("RGB")


def _on_white(picture: Image.Image, notes: list[str]) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    notes.append("alpha_flattened")
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(picture, mask=picture.getchannel("A"))
    return flat


def _as_srgb(picture: Image.Image, profile: bytes | None, notes: list[str]) -> Image.Image:
    """In sRGB colours; a profile that cannot be used is ignored, as browsers do."""
    if profile and len(profile) <= MAX_ICC_PROFILE:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notes.append("profile_ignored")
        else:
            notes.append("colours_converted")
            return converted if converted is not None else picture
    return picture.convert("RGB")


def _encode(picture: Image.Image) -> tuple[bytes, int]:
    """The JPEG, and the quality that made it fit."""
    # Pillow would copy comments of the source from here.
    picture.info = {}
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= MAX_PHOTO_BYTES:
            return out.getvalue(), quality
    raise UnusableMedia("image_too_large", {"bytes_allowed": MAX_PHOTO_BYTES})


# Pillow's own limit would refuse a JPEG of 200 megapixels, whose outline was checked before.
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_VERSIONS = {
    "pillow": PIL.__version__,
    "libjpeg_turbo": features.version("libjpeg_turbo") or "",
    "littlecms": features.version("littlecms2") or "",
}
