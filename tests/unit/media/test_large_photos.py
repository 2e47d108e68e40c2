"""Photos of 48 to 200 megapixels, opened in the confined child within its memory."""

import io
import struct

import pytest
from PIL import Image

from tests.unit.media import hostile
from tests.unit.media.test_photo import heic_of
from verification.media import UnusableMedia, check_photo
from verification.media.photo import MAX_JPEG_PIXELS, MAX_PIXELS

TILE = 512  # pixels a side, as iPhones cut their pictures
FOUR_BY_THREE = {
    48: (8064, 6048),
    50: (8192, 6144),
    64: (9248, 6936),
    108: (12032, 9024),
    200: (16384, 12288),
}


def grey_jpeg(size: tuple[int, int]) -> bytes:
    """A whole grey JPEG, of which each square of 16 pixels takes four bytes: six blocks without any difference."""
    out = io.BytesIO()
    Image.new("RGB", (16, 16)).save(out, "JPEG", subsampling="4:2:0")
    data = out.getvalue()
    frame, scan = data.index(b"\xff\xc0") + 5, data.index(b"\xff\xda")
    head = data[:frame] + struct.pack("!HH", size[1], size[0]) + data[frame + 4 : scan + 14]
    squares = -(-size[0] // 16) * -(-size[1] // 16)
    return head + b"\x28\xa2\x8a\0" * squares + b"\xff\xd9"


def jpeg_that_claims(size: tuple[int, int], **options: object) -> bytes:
    """A JPEG with a header of that size. libjpeg makes up the rows that are missing, at the cost of real ones."""
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(out, "JPEG", **options)
    data, marker = out.getvalue(), b"\xff\xc2" if options.get("progressive") else b"\xff\xc0"
    at = data.index(marker) + 5
    return data[:at] + struct.pack("!HH", size[1], size[0]) + data[at + 4 :]


def heic_of_tiles(columns: int, rows: int) -> bytes:
    """A HEIC that shows one tile again and again: it costs what a camera's costs, and a moment to make."""
    pair = heic_of(Image.new("RGB", (2 * TILE, TILE), "teal"), tile_size=TILE)
    wide, high = columns * TILE, rows * TILE
    at = pair.index(b"iref") - 4
    tiles = struct.pack("!HH", 1, columns * rows) + struct.pack("!H", 2) * columns * rows
    references = hostile.box(b"iref", bytes(4) + hostile.box(b"dimg", tiles))
    added = len(references) - int.from_bytes(pair[at : at + 4])
    start, end = pair.index(b"meta") - 4, pair.index(b"mdat") - 4
    index = pair[start:at] + references
    size = int.from_bytes(index[:4])
    changes = [
        (struct.pack("!I", size), struct.pack("!I", size + added)),
        (struct.pack("!BBHH", 0, 1, 2 * TILE, TILE), struct.pack("!BBHH", rows - 1, columns - 1, wide, high)),
        (struct.pack("!II", 2 * TILE, TILE), struct.pack("!II", wide, high)),
        # Where the only tile that is shown lies.
        (struct.pack("!I", end + 8), struct.pack("!I", end + 8 + added)),
    ]
    for old, new in changes:
        assert index.count(old) == 1 or old == changes[0][0]
        index = index.replace(old, new, 1)
    return pair[:start] + index + pair[end:]


@pytest.mark.parametrize("megapixels", FOUR_BY_THREE)
def test_a_cameras_jpeg_is_shrunk_while_it_is_read(megapixels: int) -> None:
    photo = check_photo(grey_jpeg(FOUR_BY_THREE[megapixels]))
    assert (photo.width, photo.notes) == (1600, ("scaled_down",))


@pytest.mark.parametrize("turned", [False, True])
def test_a_progressive_jpeg_of_50_megapixels_fits_into_the_memory(turned: bool) -> None:
    width, height = FOUR_BY_THREE[50]
    size = (height, width) if turned else (width, height)
    photo = check_photo(jpeg_that_claims(size, progressive=True, subsampling=0))
    assert max(photo.width, photo.height) == 1600


def test_a_heic_of_50_megapixels_fits_into_the_memory() -> None:
    photo = check_photo(heic_of_tiles(16, 12), heic=True)
    assert (photo.width, photo.height, photo.source_format) == (1600, 1200, "HEIC")
    assert Image.open(io.BytesIO(photo.jpeg)).getpixel((1500, 1100)) == pytest.approx((0, 128, 128), abs=4)


def test_a_transparent_png_of_50_megapixels_fits_into_the_memory() -> None:
    photo = check_photo(hostile.plain_png(*FOUR_BY_THREE[50], b"\0\x80\x80\xff"))
    assert photo.notes == ("scaled_down", "alpha_flattened")


@pytest.mark.parametrize(
    ("data", "allowed"),
    [
        (jpeg_that_claims((16_384, 12_900)), MAX_JPEG_PIXELS),
        (jpeg_that_claims(FOUR_BY_THREE[64], progressive=True), MAX_PIXELS),
        (hostile.png_header_only(*FOUR_BY_THREE[64]), MAX_PIXELS),
    ],
)
def test_more_than_that_is_refused_by_its_header(data: bytes, allowed: int) -> None:
    with pytest.raises(UnusableMedia) as caught:
        check_photo(data)
    assert (caught.value.code, caught.value.detail) == ("image_too_many_pixels", {"pixels_allowed": allowed})


def test_a_heic_of_64_megapixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(UnusableMedia) as caught:
        check_photo(heic_of_tiles(18, 14), heic=True)
    assert caught.value.code == "image_too_many_pixels"
