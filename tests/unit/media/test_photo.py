"""What becomes of photos, good and hostile; all in this process, without the child."""

import io
import struct
import zlib
from contextlib import suppress

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from kyc_portal.sandbox.drawing import draw_photo
from tests.unit.media import hostile
from verification.media.errors import UnusableMedia
from verification.media.facts import MAX_PHOTO_UPLOAD, NormalisedPhoto
from verification.media.photo import MAX_PHOTO_BYTES, normalise_photo

SIZE = (300, 400)


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


def refusal(data: bytes) -> str:
    with pytest.raises(UnusableMedia) as caught:
        normalise_photo(data)
    return caught.value.code


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


def test_metadata_and_comments_do_not_pass(jpeg: bytes) -> None:
    exif = Image.Exif()
    exif[0x010E] = "<?php secret ?>"
    exif.get_ifd(0x8825)[1] = "N"
    photo = normalise_photo(encoded(opened(jpeg), "JPEG", exif=exif, comment=b"<?php secret ?>"))
    assert b"secret" not in photo.jpeg
    assert not opened(photo.jpeg).getexif()
    assert "comment" not in opened(photo.jpeg).info


def test_a_script_in_a_png_text_chunk_does_not_pass(png: bytes) -> None:
    assert b"script" not in normalise_photo(hostile.with_png_chunk(png, b"tEXt", b"Title\0<script>")).jpeg


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA"])
def test_any_mode_of_colour_comes_out_as_rgb(mode: str, jpeg: bytes) -> None:
    picture = opened(jpeg).convert("L" if mode in ("1", "LA") else "RGB").convert(mode)
    photo = normalise_photo(encoded(picture, "JPEG" if mode == "CMYK" else "PNG"))
    assert opened(photo.jpeg).mode == "RGB"


def test_an_inverted_cmyk_jpeg_keeps_its_brightness(jpeg: bytes) -> None:
    assert difference(normalise_photo(encoded(opened(jpeg).convert("CMYK"), "JPEG")), jpeg) < 6


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
    red, _, blue = opened(photo.jpeg).getpixel((9, 9))
    assert blue > 200 > 60 > red
    assert "icc_profile" not in opened(photo.jpeg).info


def test_a_broken_profile_is_ignored(jpeg: bytes) -> None:
    photo = normalise_photo(encoded(opened(jpeg), "JPEG", icc_profile=b"nonsense" * 40))
    assert photo.notes == ("profile_ignored",)


def test_broken_exif_is_ignored(jpeg: bytes) -> None:
    photo = normalise_photo(encoded(opened(jpeg), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"))
    assert (photo.width, photo.height) == SIZE


def test_noise_is_made_to_fit_the_vendors_limit() -> None:
    noise = Image.effect_noise((1600, 1600), 120).convert("RGB")
    assert len(normalise_photo(encoded(noise, "JPEG", quality=95)).jpeg) <= MAX_PHOTO_BYTES


@pytest.mark.parametrize("extra", [b"\0" * 100, "gain map", b"\0\0\0\x18ftypmp42film", b"SEFHdataSEFT"])
def test_what_telephones_append_is_dropped(extra: bytes | str, jpeg: bytes) -> None:
    photo = normalise_photo(jpeg + (jpeg if isinstance(extra, str) else extra))
    assert "camera_extras_removed" in photo.notes


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


@pytest.mark.parametrize(
    "start", [b"\xff", b"\xff\xd8\xff", hostile.PNG_MAGIC, b"\xff\xd8\xff\xe0\0\x10JFIF"]
)
def test_a_file_that_only_begins_is_corrupt(start: bytes) -> None:
    assert refusal(start) == "image_corrupt"


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_photo_cut_off_is_corrupt(format: str, share: float) -> None:
    whole = draw_photo(size=SIZE, format=format)
    assert refusal(whole[: int(len(whole) * share)]) == "image_corrupt"


def test_a_png_without_its_end_or_with_a_wrong_checksum_is_corrupt(png: bytes) -> None:
    assert refusal(png[:-12]) == "image_corrupt"
    assert refusal(png[:-1] + b"!") == "image_corrupt"


@pytest.mark.parametrize(
    "payload", [b"<script>alert(1)</script>", b"PK\3\4" + bytes(40), b"<?php __HALT_COMPILER();"]
)
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_second_file_behind_the_picture_is_refused(format: str, payload: bytes) -> None:
    assert refusal(draw_photo(size=SIZE, format=format) + payload) == "trailing_data"


@pytest.mark.parametrize("size", [(20_000, 20_000), (12_000, 12_000), (5001, 5000)])
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
