"""The photos of the catalogue, made by code: files that no camera makes, and unusual ones that cameras do make."""

import io
import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pillow_heif
from PIL import Image, ImageCms

from kyc_portal.sandbox.drawing import STORED_AS, draw_photo
from tests.unit.media import hostile

SIZE = (240, 320)
PAYLOAD = b"<script>alert(1)</script>"
PHP = b"<?php system($_GET[0]); __HALT_COMPILER(); ?>"
# The corners of `quadrants`: top left, top right, bottom left, bottom right.
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
UPRIGHT = ("red", "green", "blue", "white")
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
# Columns of Display P3's primaries in an ICC profile's own colour space, as Apple writes them.
DISPLAY_P3 = {
    b"rXYZ": (0.51512, 0.2412, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.1571, 0.06657, 0.78407),
}
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6  # colour types as PNG numbers them


@lru_cache
def jpeg(**options: Any) -> bytes:
    """A plain valid photo."""
    return draw_photo(size=SIZE, **options)


@lru_cache
def png() -> bytes:
    return draw_photo(size=SIZE, format="PNG")


def encoded(picture: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def quadrants(size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture of four different colours, which shows any rotation, mirroring, inversion or swap of channels."""
    wide, high = size[0] // 2, size[1] // 2
    picture = Image.new("RGB", size, WHITE)
    for colour, place in ((RED, (0, 0)), (GREEN, (wide, 0)), (BLUE, (0, high))):
        picture.paste(colour, (*place, place[0] + wide, place[1] + high))
    return picture


def corners(data: bytes) -> tuple[str, ...]:
    """The colours of a picture's quadrants by name; "other" if one is far from all four."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    places = [(x, y) for y in (1, 3) for x in (1, 3)]
    found = [picture.getpixel((picture.width * x // 4, picture.height * y // 4)) for x, y in places]
    return tuple(_name(pixel) for pixel in found)


def _name(pixel: Any) -> str:
    for name, colour in zip(UPRIGHT, (RED, GREEN, BLUE, WHITE), strict=True):
        if all(abs(one - other) <= 12 for one, other in zip(pixel, colour, strict=True)):
            return name
    return "other"


def stored_turned(orientation: int, format: str = "JPEG", **tags: Any) -> bytes:
    """The quadrants as a camera in that orientation stores them, with the EXIF tag."""
    picture = quadrants()
    if orientation in STORED_AS:
        picture = picture.transpose(STORED_AS[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture, format, exif=exif, **tags)


# JPEG


def with_segment(data: bytes, marker: int, content: bytes) -> bytes:
    """The JPEG with one extra segment at its start."""
    return data[:2] + bytes([0xFF, marker]) + struct.pack("!H", len(content) + 2) + content + data[2:]


def segments(data: bytes) -> set[int]:
    """The markers of a JPEG up to its pixels."""
    found, at = set(), 2
    while data[at + 1] != 0xDA:
        found.add(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return found


def padded(data: bytes, size: int) -> bytes:
    """The JPEG, padded with comments to exactly that many bytes."""
    while (missing := size - len(data)) > 0:
        content = min(missing, 60_000) - 4
        if 0 < missing - content - 4 < 5:
            content -= 5
        data = with_segment(data, 0xFE, bytes(content))
    return data


def full_of_metadata() -> bytes:
    """A JPEG with a place in EXIF, XMP and IPTC, a comment, and a name for its owner."""
    exif = Image.Exif()
    exif[0x010F], exif[0x013B] = "secretcam", "secret owner"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (1.0, 17.0, 23.5), "E", (103.0, 51.0, 7.25)
    data = encoded(quadrants(), "JPEG", exif=exif, comment=b"secret comment")
    data = with_segment(
        data, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta exif:GPSLatitude='1,17.39N secret'/>"
    )
    return with_segment(data, 0xED, b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x5a\0\x06secret")


def with_flipped_body(seed: int) -> bytes:
    """A valid photo with twenty bytes changed after its signature."""
    return jpeg()[:3] + hostile.flipped(jpeg()[3:], seed)


def progressive_of_many_scans(scans: int = 10_000) -> bytes:
    return hostile.jpeg_of_many_scans(encoded(quadrants(), "JPEG", progressive=True), scans)


def just_over_three_mebibytes_of_base64() -> bytes:
    """A photo of 2,359,297 bytes: one too many for the vendor, if the portal sent it unchanged."""
    noise = Image.effect_noise((1300, 1300), 90).convert("RGB")
    return padded(encoded(noise, "JPEG", quality=95), 2_359_297)


def inverted_cmyk() -> bytes:
    """A CMYK JPEG as Adobe writes it: four inverted channels and an Adobe marker."""
    data = encoded(quadrants().convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data[:200]
    return data


# HEIC


@lru_cache
def heic() -> bytes:
    """The quadrants as an iPhone keeps them."""
    out = io.BytesIO()
    pillow_heif.from_pillow(quadrants()).save(out, quality=90)
    return out.getvalue()


# PNG


def png_of(
    colour_type: int, depth: int, *, interlaced: bool = False, alpha: int | None = None, **chunks: bytes
) -> bytes:
    """The quadrants as a PNG of that colour type and depth, written byte by byte: Pillow can't write most of them."""
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    rows = b"".join(_scan_lines(colour_type, depth, alpha, *one) for one in passes)
    header = struct.pack("!IIBBBBB", *SIZE, depth, colour_type, 0, 0, interlaced)
    parts = [hostile.PNG_MAGIC, hostile.png_chunk(b"IHDR", header)]
    parts += [hostile.png_chunk(kind.encode(), content) for kind, content in chunks.items()]
    parts += [hostile.png_chunk(b"IDAT", zlib.compress(rows)), hostile.png_chunk(b"IEND", b"")]
    return b"".join(parts)


def _scan_lines(colour_type: int, depth: int, alpha: int | None, x0: int, y0: int, dx: int, dy: int) -> bytes:
    picture = quadrants()
    lines = []
    for y in range(y0, SIZE[1], dy):
        pixels = (picture.getpixel((x, y)) for x in range(x0, SIZE[0], dx))
        lines.append(b"\0" + _samples(pixels, colour_type, depth, alpha))
    return b"".join(lines)


def _samples(pixels: Iterable[Any], colour_type: int, depth: int, alpha: int | None) -> bytes:
    out = bytearray()
    for pixel in pixels:
        if colour_type == PALETTE:
            out.append((RED, GREEN, BLUE, WHITE).index(pixel))
            continue
        values = list(pixel) if colour_type in (RGB, RGB_ALPHA) else [pixel[1]]
        if colour_type in (GREY_ALPHA, RGB_ALPHA):
            values.append(255 if alpha is None else alpha)
        for value in values:
            out += struct.pack("!H", value * 257) if depth == 16 else bytes([value])
    return bytes(out)


def palette_with_alpha(alpha: bytes = b"\xff\xff\xff\0", *, interlaced: bool = False) -> bytes:
    """A palette of four colours, of which the last is transparent."""
    colours = bytes(value for colour in (RED, GREEN, BLUE, (0, 0, 0)) for value in colour)
    return png_of(PALETTE, 8, interlaced=interlaced, PLTE=colours, tRNS=alpha)


def animated() -> bytes:
    black = Image.new("RGB", SIZE, "black")
    return encoded(quadrants(), save_all=True, append_images=[black, black])


def one_bit(width: int, height: int) -> bytes:
    """A complete, valid, all-black PNG: a few kilobytes that decode to gigabytes."""
    header = hostile.png_chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0))
    pixels = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    end = hostile.png_chunk(b"IDAT", pixels) + hostile.png_chunk(b"IEND", b"")
    return hostile.PNG_MAGIC + header + end


@lru_cache
def gigabyte() -> bytes:
    """A zlib stream that inflates to 1 GB of zeros, out of the same compressed megabyte a thousand times."""
    packer = zlib.compressobj(9)
    start = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * 1023 + packer.flush()


def with_gigabyte(kind: bytes) -> bytes:
    return hostile.with_png_chunk(png(), kind, b"name\0\0" + gigabyte())


def with_wrong_checksum() -> bytes:
    return png()[:29] + b"\0\0\0\0" + png()[33:]


def in_display_p3(pixel: tuple[int, int, int], format: str = "PNG", **options: Any) -> bytes:
    """A picture of one colour with Apple's Display P3 profile, as iPhones write it."""
    return encoded(Image.new("RGB", SIZE, pixel), format, icc_profile=display_p3(), **options)


@lru_cache
def display_p3() -> bytes:
    """The sRGB profile with Display P3's primaries in it; the two share their tone curve and white."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(int.from_bytes(profile[128:132])):
        tag, offset = bytes(profile[132 + 12 * number : 136 + 12 * number]), 136 + 12 * number
        if tag in DISPLAY_P3:
            at = int.from_bytes(profile[offset : offset + 4]) + 8
            profile[at : at + 12] = struct.pack("!3i", *(round(value * 65536) for value in DISPLAY_P3[tag]))
    return bytes(profile)


# Other kinds of file


def other_kinds() -> dict[str, bytes]:
    """The six other picture formats, as complete files."""
    picture = quadrants()
    return {
        "GIF": encoded(picture, "GIF"),
        "WebP": encoded(picture, "WEBP"),
        "BMP": encoded(picture, "BMP"),
        "TIFF": encoded(picture, "TIFF"),
        "AVIF": encoded(picture, "AVIF"),
        "PDF": encoded(picture, "PDF"),
    }
