"""Check and normalisation of valid and hostile photos, in this process, without the child."""

import io
import json
import re
import struct
import subprocess
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import PIL
import pillow_heif
import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from kyc_portal.sandbox.drawing import draw_photo
from tests.catalogue import photos
from tests.unit.media import hostile
from verification import media
from verification.media import heic
from verification.media.errors import MediaUnavailable, UnusableMedia
from verification.media.facts import MAX_PHOTO_UPLOAD, NormalisedPhoto
from verification.media.photo import MAX_PHOTO_BYTES, normalise_photo, stamp

SIZE = (300, 400)
# Left, top, and the steps to the right and down, of the passes of an interlaced PNG.
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    return draw_photo(size=SIZE)


@pytest.fixture(scope="module")
def png() -> bytes:
    return draw_photo(size=SIZE, format="PNG")


def encoded(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def difference(photo: NormalisedPhoto, original: bytes) -> float:
    """Mean difference of brightness, 0 to 255."""
    pair = [opened(data).convert("L") for data in (photo.jpeg, original)]
    return ImageStat.Stat(ImageChops.difference(*pair)).mean[0]


def refusal(data: bytes, *, accept_heic: bool = False) -> str:
    with pytest.raises(UnusableMedia) as caught:
        normalise_photo(data, accept_heic)
    return caught.value.code


def extremes(grey: Image.Image) -> tuple[int, int]:
    least, most = grey.getextrema()
    assert isinstance(least, int)
    assert isinstance(most, int)
    return least, most


def first_pixel(data: bytes) -> tuple[int, int, int]:
    pixel: Any = opened(data).convert("RGB").getpixel((9, 9))
    return pixel


def near(pixel: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return all(abs(one - other) <= 6 for one, other in zip(pixel, expected, strict=True))


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_good_photo_becomes_a_jpeg_of_the_same_picture(format: str) -> None:
    original = draw_photo(size=SIZE, format=format)
    photo = normalise_photo(original)
    assert (photo.width, photo.height, photo.source_format) == (*SIZE, format)
    assert opened(photo.jpeg).format == "JPEG"
    assert difference(photo, original) < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation: int, jpeg: bytes) -> None:
    photo = normalise_photo(draw_photo(size=SIZE, orientation=orientation))
    assert (photo.width, photo.height) == SIZE
    assert difference(photo, jpeg) < 4
    assert not opened(photo.jpeg).getexif()


def test_a_large_photo_is_scaled_to_1600_pixels_a_side() -> None:
    photo = normalise_photo(encoded(opened(draw_photo(size=SIZE)).resize((2400, 3200)), "JPEG"))
    assert (photo.width, photo.height) == (1200, 1600)
    assert "scaled_down" in photo.notes


def test_no_place_name_comment_or_thumbnail_passes() -> None:
    original = photos.full_of_metadata()
    assert {0xE1, 0xED, 0xFE} < photos.segments(original)
    jpeg = normalise_photo(original).jpeg
    # JFIF header, tables and size: no other segment that could carry data.
    assert photos.segments(jpeg) == {0xE0, 0xDB, 0xC0, 0xC4}
    assert b"secret" not in jpeg


def test_a_script_in_a_png_text_chunk_does_not_pass(png: bytes) -> None:
    assert b"script" not in normalise_photo(hostile.with_png_chunk(png, b"tEXt", b"Title\0<script>")).jpeg


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA"])
def test_any_mode_of_colour_comes_out_as_rgb(mode: str, jpeg: bytes) -> None:
    picture = opened(jpeg).convert("L" if mode in ("1", "LA") else "RGB").convert(mode)
    photo = normalise_photo(encoded(picture, "JPEG" if mode == "CMYK" else "PNG"))
    assert opened(photo.jpeg).mode == "RGB"


UNUSUAL = {
    "CMYK as Adobe writes it, upside down": photos.inverted_cmyk(),
    "16 bits a colour": photos.png_of(photos.RGB, 16),
    "16 bits a colour, and alpha": photos.png_of(photos.RGB_ALPHA, 16),
    "interlaced": photos.png_of(photos.RGB, 8, interlaced=True),
    "interlaced, 16 bits": photos.png_of(photos.RGB, 16, interlaced=True),
    "a palette": photos.palette_with_alpha(b""),
    "a palette, interlaced, with alpha": photos.palette_with_alpha(interlaced=True),
    "animated": photos.animated(),
    "a progressive JPEG": encoded(photos.quadrants(), "JPEG", progressive=True),
}


@pytest.mark.parametrize("kind", [kind for kind in UNUSUAL if "palette" not in kind])
def test_unusual_files_keep_every_colour_in_its_place(kind: str) -> None:
    jpeg = normalise_photo(UNUSUAL[kind]).jpeg
    assert (opened(jpeg).mode, photos.corners(jpeg)) == ("RGB", photos.UPRIGHT)


def test_a_palette_keeps_its_colours_and_its_holes_become_white() -> None:
    solid, holed = (
        normalise_photo(UNUSUAL[kind]).jpeg for kind in ("a palette", "a palette, interlaced, with alpha")
    )
    assert photos.corners(solid)[:3] == photos.corners(holed)[:3] == photos.UPRIGHT[:3]
    assert opened(solid).getpixel((230, 310)) == (0, 0, 0)
    assert opened(holed).getpixel((230, 310)) == (255, 255, 255)


@pytest.mark.parametrize("depth", [8, 16])
def test_half_see_through_is_half_way_to_white(depth: int) -> None:
    jpeg = normalise_photo(photos.png_of(photos.RGB_ALPHA, depth, alpha=128)).jpeg
    assert near(first_pixel(jpeg), (255, 127, 127))


def test_a_16_bit_grey_with_a_see_through_value_is_used() -> None:
    jpeg = normalise_photo(photos.png_of(photos.GREY, 16, tRNS=b"\0\0")).jpeg
    assert photos.corners(jpeg)[1] == photos.corners(jpeg)[3] == "white"


def test_a_16_bit_grey_is_scaled_not_clipped() -> None:
    photo = normalise_photo(hostile.sixteen_bit_png(240, 240, 0x8000))
    assert opened(photo.jpeg).getpixel((9, 9)) == (128, 128, 128)


def test_what_is_see_through_becomes_white() -> None:
    photo = normalise_photo(encoded(Image.new("RGBA", (240, 240), (0, 0, 0, 0))))
    assert opened(photo.jpeg).getpixel((9, 9)) == (255, 255, 255)
    assert "alpha_flattened" in photo.notes


def test_an_animated_png_gives_its_first_frame(jpeg: bytes) -> None:
    first, second = opened(jpeg), Image.new("RGB", SIZE, "black")
    photo = normalise_photo(encoded(first, save_all=True, append_images=[second]))
    assert "first_frame_kept" in photo.notes
    assert difference(photo, jpeg) < 4


def test_colours_with_a_profile_are_converted_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Swapping the red and blue colorants makes a profile that means something other than sRGB.
    swapped = lab.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
    photo = normalise_photo(encoded(Image.new("RGB", (240, 240), "red"), icc_profile=swapped))
    red, _, blue = first_pixel(photo.jpeg)
    assert blue > 200 > 60 > red
    assert "icc_profile" not in opened(photo.jpeg).info


# Known pairs: what a phone stores in Display P3, and the same colour in sRGB.
@pytest.mark.parametrize(
    ("stored", "shown"),
    [((234, 51, 35), (255, 0, 0)), ((117, 251, 76), (0, 255, 0)), ((128, 128, 128), (128, 128, 128))],
)
def test_display_p3_becomes_srgb(stored: tuple[int, int, int], shown: tuple[int, int, int]) -> None:
    photo = normalise_photo(photos.in_display_p3(stored))
    assert near(first_pixel(photo.jpeg), shown)
    assert "colours_converted" in photo.notes


def test_what_was_done_and_with_what_is_told_for_the_evidence() -> None:
    large = normalise_photo(encoded(Image.new("RGB", (2400, 3200), "grey"), "JPEG"))
    assert large.tools["pillow"] == PIL.__version__
    assert all(large.tools[name] for name in ("libjpeg_turbo", "littlecms"))
    assert large.arguments == {
        "longest_side": "1600",
        "quality": "92",
        "colour_space": "sRGB",
        "resampling": "lanczos",
        "reducing_gap": "2.0",
    }


def test_the_quality_that_made_it_fit_is_told() -> None:
    noise = Image.effect_noise((1600, 1600), 255).convert("L")
    colours = Image.merge(
        "RGB", [noise, noise.transpose(Image.Transpose.ROTATE_90), ImageChops.invert(noise)]
    )
    photo = normalise_photo(encoded(colours, "JPEG", quality=80))
    assert int(photo.arguments["quality"]) < 92
    assert len(photo.jpeg) <= MAX_PHOTO_BYTES
    assert photo.arguments["resampling"] == "none"


def test_a_broken_profile_is_ignored(jpeg: bytes) -> None:
    photo = normalise_photo(encoded(opened(jpeg), "JPEG", icc_profile=b"nonsense" * 40))
    assert photo.notes == ("profile_ignored",)


def test_broken_exif_is_ignored(jpeg: bytes) -> None:
    photo = normalise_photo(encoded(opened(jpeg), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"))
    assert (photo.width, photo.height) == SIZE


def test_noise_is_made_to_fit_the_vendors_limit() -> None:
    noise = Image.effect_noise((1600, 1600), 120).convert("RGB")
    assert len(normalise_photo(encoded(noise, "JPEG", quality=95)).jpeg) <= MAX_PHOTO_BYTES


# Every place of a photo that holds text, with bytes that are no UTF-8.
LATIN = "Jürgen Groß".encode("latin-1")
IN_LATIN: dict[str, Callable[[], bytes]] = {
    "a JPEG's comment": lambda: photos.with_segment(photos.jpeg(), 0xFE, LATIN),
    "a JPEG's XMP": lambda: photos.with_segment(
        photos.jpeg(), 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta a='" + LATIN + b"'/>"
    ),
    "a JPEG's IPTC": lambda: photos.with_segment(
        photos.jpeg(), 0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x10\x1c\x02\x50\0\x0b" + LATIN
    ),
    "a JPEG's EXIF": lambda: photos.encoded(photos.quadrants(), "JPEG", exif=exif_in_latin()),
    "a PNG's tEXt": lambda: hostile.with_png_chunk(photos.png(), b"tEXt", LATIN + b"\0" + LATIN),
    "a PNG's iTXt": lambda: hostile.with_png_chunk(
        photos.png(), b"iTXt", LATIN + b"\0\0\0" + LATIN + b"\0" + LATIN + b"\0" + LATIN
    ),
    "a PNG's compressed iTXt": lambda: hostile.with_png_chunk(
        photos.png(), b"iTXt", b"Author\0\1\0\0\0" + zlib.compress(LATIN)
    ),
    "a PNG's XMP": lambda: hostile.with_png_chunk(
        photos.png(), b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta tiff:Orientation='" + LATIN + b"'/>"
    ),
    "a PNG's eXIf": lambda: hostile.with_png_chunk(photos.png(), b"eXIf", exif_in_latin()[6:]),
    "a PNG's EXIF as text": lambda: hostile.with_png_chunk(
        photos.png(), b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n  20\n" + LATIN)
    ),
    "a HEIC's EXIF": lambda: heic_of(photos.quadrants(), exif=exif_in_latin()),
    "a HEIC's XMP": lambda: heic_of(
        photos.quadrants(), xmp=b"<x:xmpmeta tiff:Orientation='6" + LATIN + b"'/>"
    ),
}


def exif_in_latin() -> bytes:
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = LATIN, LATIN
    return exif.tobytes()


@pytest.mark.parametrize("place", IN_LATIN)
def test_text_in_another_encoding_than_utf_8_is_no_reason_to_refuse(place: str) -> None:
    data = IN_LATIN[place]()
    photo = normalise_photo(data, accept_heic=True)
    assert (photo.width, photo.height) == photos.SIZE
    assert LATIN not in photo.jpeg


OTHER_FILES = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": encoded(Image.new("RGB", (240, 240)), "GIF"),
    "webp": encoded(Image.new("RGB", (240, 240)), "WEBP"),
    "bmp": encoded(Image.new("RGB", (240, 240)), "BMP"),
    "tiff": encoded(Image.new("RGB", (240, 240)), "TIFF"),
    "heic": b"\0\0\0\x18ftypheic" + bytes(64),
    "avif": b"\0\0\0\x18ftypavif" + bytes(64),
    "pdf": b"%PDF-1.7\n" + bytes(64),
    "text": b"just some words in a row",
}


@pytest.mark.parametrize("kind", OTHER_FILES)
def test_any_other_type_is_refused(kind: str) -> None:
    assert refusal(OTHER_FILES[kind]) == "unsupported_image_type"


def test_a_heic_is_recognised_so_that_the_page_can_help() -> None:
    with pytest.raises(UnusableMedia) as caught:
        normalise_photo(OTHER_FILES["heic"])
    assert caught.value.detail == {"found": "heic"}


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"") == "empty_file"


@pytest.mark.parametrize("start", [b"\xff", b"\xff\xd8\xff", hostile.PNG_MAGIC])
def test_a_file_that_only_begins_is_corrupt(start: bytes) -> None:
    assert refusal(start) == "image_corrupt"


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_photo_cut_off_did_not_arrive_whole(format: str, share: float) -> None:
    whole = draw_photo(size=SIZE, format=format)
    assert refusal(whole[: int(len(whole) * share)]) == "image_incomplete"


def test_a_jpeg_cut_off_in_its_head_did_not_arrive_whole() -> None:
    assert refusal(b"\xff\xd8\xff\xe0\0\x10JFIF") == "image_incomplete"
    assert refusal(photos.jpeg()[:300]) == "image_incomplete"


def test_a_png_without_its_end_did_not_arrive_whole(png: bytes) -> None:
    assert refusal(png[:-12]) == refusal(png[:-6]) == refusal(png[:-1]) == "image_incomplete"


@pytest.mark.parametrize(("colour", "depth"), [(0, 1), (0, 16), (2, 8), (4, 8), (6, 16)])
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_png_that_lacks_rows_did_not_arrive_whole(colour: int, depth: int, interlaced: bool) -> None:
    header = struct.pack("!BBBBB", depth, colour, 0, 0, interlaced)
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    rows = [
        b"\0" + b"\xff" * -(-len(range(left, SIZE[0], right)) * channels * depth // 8)
        for left, top, right, down in passes
        for _ in range(top, SIZE[1], down)
    ]
    assert refusal(hostile.png_of(SIZE, header, b"".join(rows[:-1]))) == "image_incomplete"
    assert normalise_photo(hostile.png_of(SIZE, header, b"".join(rows))).source_format == "PNG"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_a_png_that_ends_in_black_is_whole(mode: str) -> None:
    assert normalise_photo(encoded(Image.new(mode, SIZE))).source_format == "PNG"


def test_a_png_with_a_wrong_checksum_is_corrupt(png: bytes) -> None:
    assert refusal(png[:-1] + b"!") == "image_corrupt"


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("size", [SIZE, (301, 405), (1000, 1400)])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_lacks_only_its_end_marker_is_the_same_picture(
    missing: int, size: tuple[int, int], mode: str
) -> None:
    whole = encoded(opened(draw_photo(size=size)).convert(mode), "JPEG", quality=90)
    photo = normalise_photo(whole[:-missing])
    assert photo.jpeg == normalise_photo(whole).jpeg
    assert photo.notes == ("end_marker_added",)


@pytest.mark.parametrize("missing", [30, 100, 1000, 3000])
@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"subsampling": 0}, {"optimize": True}])
def test_a_jpeg_that_lacks_its_last_rows_did_not_arrive_whole(missing: int, options: dict[str, Any]) -> None:
    whole = encoded(opened(draw_photo(size=SIZE)), "JPEG", quality=90, **options)
    assert refusal(whole[:-missing]) == "image_incomplete"


@pytest.mark.parametrize("rows", [1, 2])
def test_a_jpeg_cut_off_where_a_restart_is_due_did_not_arrive_whole(rows: int) -> None:
    whole = encoded(opened(draw_photo(size=SIZE)), "JPEG", quality=90, restart_marker_rows=1)
    restarts = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", whole)]
    assert refusal(whole[: restarts[-rows]]) == "image_incomplete"


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"restart_marker_blocks": 3}])
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_an_end_marker_does_not_make_up_for_rows(mode: str, options: dict[str, Any], share: float) -> None:
    whole = encoded(opened(draw_photo(size=SIZE)).convert(mode), "JPEG", quality=90, **options)
    assert refusal(whole[: int(len(whole) * share)] + whole[-2:]) == "image_incomplete"


def test_a_jpeg_that_ends_in_grey_is_whole() -> None:
    photo = Image.new("RGB", SIZE, (128, 128, 128))
    photo.paste(opened(draw_photo(size=(200, 200))), (50, 50))
    whole = encoded(photo, "JPEG", quality=90)
    assert normalise_photo(whole).notes == ()
    assert normalise_photo(whole[:-2]).notes == ("end_marker_added",)


def test_a_jpeg_whose_reader_stops_half_way_did_not_arrive_whole(jpeg: bytes) -> None:
    middle = len(jpeg) // 2
    stray_restart = jpeg[:middle] + b"\x01\xff\xd5" + jpeg[middle:]
    assert refusal(stray_restart[:-2]) == "image_incomplete"


@pytest.mark.parametrize("missing", [2, 1000])
def test_a_progressive_jpeg_without_its_end_may_lack_more_scans(missing: int, jpeg: bytes) -> None:
    whole = encoded(opened(jpeg), "JPEG", progressive=True)
    assert refusal(whole[:-missing]) == "image_incomplete"


@pytest.mark.parametrize("size", [(20_000, 20_000), (12_000, 12_000), (8200, 6220)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    assert refusal(hostile.png_header_only(*size)) == "image_too_many_pixels"


@pytest.mark.parametrize("size", [(2**31 - 1, 1), (0, 10), (10, 0), (2**32 - 1, 2**32 - 1), (2400, 300)])
def test_absurd_dimensions_are_refused(size: tuple[int, int]) -> None:
    assert refusal(hostile.png_header_only(*size)) == "image_bad_dimensions"


def test_a_tiny_photo_is_refused() -> None:
    assert refusal(encoded(Image.new("RGB", (50, 50)))) == "image_too_small"


def test_a_png_whose_data_is_missing_is_corrupt() -> None:
    assert refusal(hostile.png_header_only(300, 300)) == "image_corrupt"


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_a_chunk_that_inflates_without_end_is_corrupt(kind: bytes, png: bytes) -> None:
    bomb = b"name\0\0" + zlib.compress(bytes(80_000_000), 9)
    assert refusal(hostile.with_png_chunk(png, kind, bomb)) == "image_corrupt"


def test_a_jpeg_of_ten_thousand_scans_is_refused(jpeg: bytes) -> None:
    assert refusal(hostile.jpeg_of_many_scans(jpeg, 10_000)) == "image_too_complex"


def test_a_jpeg_with_an_impossible_segment_is_corrupt(jpeg: bytes) -> None:
    assert refusal(jpeg[:2] + b"\xff\xe1" + struct.pack("!H", 1) + jpeg[2:]) == "image_corrupt"


def test_an_upload_over_the_limit_is_refused() -> None:
    assert refusal(b"\xff\xd8\xff" + bytes(MAX_PHOTO_UPLOAD)) == "image_too_large"


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("seed", range(50))
def test_a_photo_with_flipped_bytes_is_either_used_or_refused(
    format: str, seed: int, jpeg: bytes, png: bytes
) -> None:
    broken = hostile.flipped(jpeg if format == "JPEG" else png, seed)
    with suppress(UnusableMedia):
        assert opened(normalise_photo(broken).jpeg).format == "JPEG"


# HEIC, which an installation accepts unless it is configured not to


def heic_of(picture: Image.Image, *, exif: bytes = b"", **options: object) -> bytes:
    """The picture as HEIC; its EXIF orientation becomes the container's rotation, as phones write it."""
    picture = picture.copy()
    picture.info.pop("exif", None)
    file = pillow_heif.from_pillow(picture)
    file.info["exif"] = exif or None
    out = io.BytesIO()
    file.save(out, quality=90, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def quadrants_heic() -> bytes:
    return heic_of(photos.quadrants())


def test_a_heic_that_is_not_wanted_is_refused_as_what_it_is(quadrants_heic: bytes) -> None:
    with pytest.raises(UnusableMedia) as caught:
        normalise_photo(quadrants_heic)
    assert (caught.value.code, caught.value.detail) == ("unsupported_image_type", {"found": "heic"})


def test_a_heic_that_is_wanted_becomes_a_jpeg_of_the_same_picture(quadrants_heic: bytes) -> None:
    photo = normalise_photo(quadrants_heic, accept_heic=True)
    assert (photo.width, photo.height, photo.source_format) == (*photos.SIZE, "HEIC")
    assert photos.corners(photo.jpeg) == photos.UPRIGHT
    assert photo.tools["pillow_heif"] == pillow_heif.__version__
    assert photo.tools["libheif"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_is_turned_once(orientation: int) -> None:
    turned = opened(photos.stored_turned(orientation))
    data = heic_of(turned, exif=turned.info["exif"])
    assert pillow_heif.open_heif(data).size == photos.SIZE
    photo = normalise_photo(data, accept_heic=True)
    assert (photo.width, photo.height) == photos.SIZE
    assert photos.corners(photo.jpeg) == photos.UPRIGHT


@pytest.mark.parametrize("options", [{}, {"tile_size": 256}], ids=["whole", "in tiles"])
def test_a_heic_is_read_in_the_confined_child_too(options: dict[str, Any]) -> None:
    photo = media.check_photo(heic_of(photos.quadrants((640, 800)), **options), heic=True)
    assert (photo.width, photo.height, photo.source_format) == (640, 800, "HEIC")


def test_a_heic_in_tiles_as_telephones_write_it_is_put_together() -> None:
    photo = normalise_photo(heic_of(photos.quadrants((640, 800)), tile_size=256), accept_heic=True)
    assert (photo.width, photo.height) == (640, 800)
    assert photos.corners(photo.jpeg) == photos.UPRIGHT


def test_a_heic_keeps_no_place_and_no_profile() -> None:
    exif = Image.Exif()
    exif[0x010F] = "secretcam"
    exif.get_ifd(0x8825)[1] = "N"
    picture = opened(photos.in_display_p3((234, 51, 35)))
    data = heic_of(picture, exif=exif.tobytes())
    assert b"secretcam" in data
    photo = normalise_photo(data, accept_heic=True)
    assert photos.segments(photo.jpeg) == {0xE0, 0xDB, 0xC0, 0xC4}
    assert b"secret" not in photo.jpeg
    assert near(first_pixel(photo.jpeg), (255, 0, 0))


def test_of_several_pictures_in_a_heic_the_main_one_is_kept() -> None:
    file = pillow_heif.from_pillow(photos.quadrants())
    file.add_from_pillow(Image.new("RGB", photos.SIZE, "black"))
    out = io.BytesIO()
    file.save(out, quality=90, primary_index=0)
    photo = normalise_photo(out.getvalue(), accept_heic=True)
    assert "first_frame_kept" in photo.notes
    assert photos.corners(photo.jpeg) == photos.UPRIGHT


@pytest.mark.parametrize(
    ("size", "code"),
    [
        ((20_000, 20_000), "image_too_many_pixels"),
        ((31_000, 300), "image_bad_dimensions"),
        ((90, 320), "image_too_small"),
        ((2400, 300), "image_bad_dimensions"),
    ],
)
def test_a_heic_is_judged_by_its_header_before_it_is_decoded(
    size: tuple[int, int], code: str, quadrants_heic: bytes
) -> None:
    claimed = quadrants_heic.replace(
        b"ispe\0\0\0\0" + struct.pack("!II", *photos.SIZE), b"ispe\0\0\0\0" + struct.pack("!II", *size)
    )
    assert claimed != quadrants_heic
    assert refusal(claimed, accept_heic=True) == code


def test_a_heic_that_claims_another_size_than_it_has_is_corrupt(quadrants_heic: bytes) -> None:
    claimed = quadrants_heic.replace(struct.pack("!II", *photos.SIZE), struct.pack("!II", 320, 240))
    assert refusal(claimed, accept_heic=True) == "image_corrupt"


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_a_heic_cut_off_did_not_arrive_whole(share: float, quadrants_heic: bytes) -> None:
    cut = quadrants_heic[: int(len(quadrants_heic) * share)]
    assert refusal(cut + bytes(max(0, 12 - len(cut))), accept_heic=True) == "image_incomplete"


@pytest.mark.parametrize("shrink", [1, 2, 3])
@pytest.mark.parametrize("size", [(640, 800), (333, 777)])
def test_a_heic_shrunk_band_by_band_is_the_same_picture(shrink: int, size: tuple[int, int]) -> None:
    file = heic.HeicFile(heic_of(photos.quadrants(size)))
    small = file.decoded(shrink)
    assert small.size == (-(-size[0] // shrink), -(-size[1] // shrink))
    whole = pillow_heif.open_heif(heic_of(photos.quadrants(size))).to_pillow().reduce(shrink)
    assert max(ImageStat.Stat(ImageChops.difference(small, whole)).mean) < 0.5


@pytest.mark.parametrize("seed", range(40))
def test_a_heic_with_flipped_bytes_is_either_used_or_refused(seed: int, quadrants_heic: bytes) -> None:
    with suppress(UnusableMedia):
        photo = normalise_photo(hostile.flipped(quadrants_heic, seed, 5), accept_heic=True)
        assert opened(photo.jpeg).format == "JPEG"


def test_without_pillow_heif_the_portal_is_at_fault(
    monkeypatch: pytest.MonkeyPatch, quadrants_heic: bytes
) -> None:
    monkeypatch.setattr(heic, "INSTALLED", False)
    with pytest.raises(MediaUnavailable, match="heic_not_installed"):
        normalise_photo(quadrants_heic, accept_heic=True)


# The stamp on pictures for staff

WORDS = "anna.reviewer  2026-11-23 09:00 UTC  ver_7Hk29dKq3LmP"


def even(brightness: int, size: tuple[int, int] = SIZE) -> bytes:
    return encoded(Image.new("RGB", size, (brightness,) * 3), "JPEG", quality=95)


def changed(before: bytes, after: bytes) -> Image.Image:
    """The region of changed pixels, without the strip below the picture."""
    original = opened(before).convert("L")
    stamped = opened(after).convert("L").crop((0, 0, *original.size))
    return ImageChops.difference(original, stamped)


@pytest.mark.parametrize("size", [(60, 40), (200, 260), (600, 800), (1600, 1200)])
def test_a_strip_below_the_picture_says_who_looks(size: tuple[int, int]) -> None:
    stamped = opened(stamp(even(128, size), WORDS))
    assert stamped.width == size[0]
    strip = stamped.convert("L").crop((0, size[1], *stamped.size))
    darkest, brightest = extremes(strip)
    assert darkest < 60 < 200 < brightest


@pytest.mark.parametrize("brightness", [0, 25, 128, 230, 255])
def test_no_piece_as_large_as_a_face_is_without_the_words(brightness: int) -> None:
    original = even(brightness, (600, 800))
    difference = changed(original, stamp(original, WORDS))
    for x, y in ((x, y) for x in range(0, 401, 100) for y in range(0, 601, 100)):
        piece = difference.crop((x, y, x + 200, y + 200))
        assert extremes(piece)[1] > 20, (x, y)


def test_the_words_are_faint_enough_to_compare_a_face(jpeg: bytes) -> None:
    difference = changed(jpeg, stamp(jpeg, WORDS))
    assert ImageStat.Stat(difference).mean[0] < 6
    assert sum(difference.histogram()[64:]) < 0.01 * difference.width * difference.height


def test_other_words_make_another_picture(jpeg: bytes) -> None:
    assert stamp(jpeg, WORDS) != stamp(jpeg, WORDS.replace("anna", "bert"))


@pytest.mark.parametrize(
    "text", ["", "李小龙", "Łukasz Nguyễn", "a\nb\0c\u202ed", "\ud800", "x" * 5000, "\u0301" * 400, "😀"]
)
def test_no_name_can_keep_a_picture_from_being_stamped(text: str, jpeg: bytes) -> None:
    stamped = opened(stamp(jpeg, text))
    assert (stamped.width, stamped.format) == (SIZE[0], "JPEG")
    assert SIZE[1] < stamped.height < 2 * SIZE[1]


def test_a_long_name_takes_more_lines(jpeg: bytes) -> None:
    short, long = (opened(stamp(jpeg, text)).height for text in (WORDS, "annabelle." * 12 + WORDS))
    assert long > short


def test_only_a_jpeg_is_stamped(png: bytes) -> None:
    for data in (b"", png, b"\xff\xd8\xff\xe0 and then nothing"):
        with pytest.raises(UnusableMedia):
            stamp(data, WORDS)


# The confined child may open no file


LOADS_NOTHING = """
import base64, json, sys
from verification.media import photo, photo_advice
from verification.media.errors import UnusableMedia

happened = []
sys.addaudithook(lambda event, arguments: event in ("import", "open") and happened.append(str(arguments[0])))
for given in json.loads(sys.stdin.read()):
    data = base64.b64decode(given)
    try:
        made = photo.normalise_photo(data, True).jpeg
        photo_advice.advise(made)
        photo.stamp(made, "somebody \u674e")
    except UnusableMedia:
        pass
print(json.dumps(happened))
"""


def test_no_photo_makes_the_child_import_or_open_anything(
    jpeg: bytes, png: bytes, quadrants_heic: bytes
) -> None:
    given = [*UNUSUAL.values(), *OTHER_FILES.values(), jpeg, png, quadrants_heic, jpeg + jpeg, jpeg[:900]]
    given += [photos.stored_turned(6), photos.full_of_metadata(), photos.in_display_p3(photos.RED)]
    given += [encoded(opened(png), "MPO", save_all=True, append_images=[opened(png)])]
    given += [
        hostile.with_png_chunk(png, b"tEXt", b"Title\0x"),
        hostile.with_png_chunk(png, b"eXIf", b"MM\0*"),
    ]
    answer = subprocess.run(
        [sys.executable, "-c", LOADS_NOTHING],
        input=json.dumps([b64encode(data).decode() for data in given]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout) == []


SEGMENTS = {
    "comments": b"\xff\xfe\0\2",
    "exif": b"\xff\xe1\0\x0eExif\0\0abcdef",
    "profiles": b"\xff\xe2\0\x12ICC_PROFILE\0\1\1xy",
    "tables": b"\xff\xdb\0\2",
}


@pytest.mark.parametrize("kind", SEGMENTS)
def test_a_jpeg_of_thousands_of_segments_is_too_complex(kind: str) -> None:
    assert (
        refusal(hostile.with_jpeg_segments(draw_photo(size=(300, 400)), SEGMENTS[kind], 20_000))
        == "image_too_complex"
    )


def test_a_jpeg_of_two_hundred_segments_is_taken() -> None:
    photo = hostile.with_jpeg_segments(draw_photo(size=(300, 400)), SEGMENTS["comments"], 200)
    assert normalise_photo(photo).width == 300


@pytest.mark.parametrize("kind", [b"IDAT", b"tEXt", b"abCd"])
def test_a_png_of_thousands_of_chunks_is_too_complex(kind: bytes) -> None:
    chunks = hostile.png_chunk(kind, b"") * 6000
    photo = draw_photo(size=(300, 400), format="PNG")
    assert refusal(photo[:33] + chunks + photo[33:]) == "image_too_complex"


def test_a_png_of_two_profiles_is_corrupt() -> None:
    profile = b"a\0\0" + zlib.compress(bytes(100))
    photo = draw_photo(size=(300, 400), format="PNG")
    assert normalise_photo(hostile.with_png_chunk(photo, b"iCCP", profile)).width == 300
    twice = hostile.with_png_chunk(hostile.with_png_chunk(photo, b"iCCP", profile), b"iCCP", profile)
    assert refusal(twice) == "image_corrupt"
