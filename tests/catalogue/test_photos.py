"""Rows B1 to B27 of the catalogue: photos sent through the page, and the one answer that each gets.

Besides status and code, each row checks: the page never echoes the input; the portal stores nothing of a refused
photo; of an accepted one it stores an upright sRGB JPEG without metadata, within the vendor's limit. B26, B28
and B29 are about the form around the file: `test_multipart`.
"""

import io
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.catalogue import photos
from tests.conftest import Road
from tests.unit.media import hostile
from verification import storage
from verification.actions import document as documents
from verification.actions.invite import Invitation
from verification.evidence import media_tries
from verification.hints import HINTS
from verification.media.photo import MAX_PHOTO_BYTES
from verification.models import DataKey, Document
from verification.states import Status

Made = Callable[[], bytes]
OTHER_KINDS = photos.other_kinds()
# JFIF's head, the tables and the size: no EXIF, no comment, no profile.
BARE_SEGMENTS = {0xE0, 0xDB, 0xC0, 0xC4}


def send(client: Client, data: bytes, name: str = "id.jpg", kind: str = "image/jpeg") -> Any:
    """The next page, or the photo page with its error."""
    return client.post("/verify/document", {"photo": SimpleUploadedFile(name, data, kind)}, follow=True)


def code_of(response: Any) -> tuple[int, str]:
    """Status and error code of the page; the code is "" without an error."""
    found = re.search(r'data-code="(\w*)"', response.content.decode())
    return response.status_code, found[1] if found else ""


def kept() -> bytes:
    """The stored copy that the vendor will get."""
    row = Document.objects.get(superseded_at=None)
    jpeg = storage.read(row.normalised_name, sha256=row.normalised_sha256)
    assert len(jpeg) <= MAX_PHOTO_BYTES
    assert photos.segments(jpeg) <= BARE_SEGMENTS
    assert Image.open(io.BytesIO(jpeg)).mode == "RGB"
    return jpeg


REFUSED: dict[str, tuple[Made, int, str]] = {
    "B1 an SVG with a script, named .png": (
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + photos.PAYLOAD + b"</svg>",
        415,
        "unsupported_image_type",
    ),
    "B2 HTML, named .jpg": (lambda: b"<!doctype html>" + photos.PAYLOAD, 415, "unsupported_image_type"),
    **{
        f"B3 {kind}": (lambda data=data: data, 415, "unsupported_image_type")  # type: ignore[misc]
        for kind, data in OTHER_KINDS.items()
    },
    "B4 a PNG with a script behind it": (lambda: photos.png() + photos.PAYLOAD, 422, "trailing_data"),
    "B5 a JPEG that is a ZIP too": (
        lambda: photos.jpeg() + b"PK\x03\x04" + bytes(60) + b"PK\x05\x06" + bytes(18),
        422,
        "trailing_data",
    ),
    "B5 a JPEG that is a PHAR too": (lambda: photos.jpeg() + photos.PHP + bytes(40), 422, "trailing_data"),
    "B5 a JPEG that is a PHAR behind a second picture": (
        lambda: photos.jpeg() * 2 + photos.PHP + bytes(40),
        422,
        "trailing_data",
    ),
    "B7 no bytes": (lambda: b"", 400, "empty_file"),
    "B8 one byte": (lambda: b"\xff", 422, "image_corrupt"),
    "B8 only FF D8 FF": (lambda: b"\xff\xd8\xff", 422, "image_corrupt"),
    "B9 a JPEG cut in half": (lambda: photos.jpeg()[: len(photos.jpeg()) // 2], 422, "image_incomplete"),
    "B11 a PNG with a wrong checksum": (photos.with_wrong_checksum, 422, "image_corrupt"),
    "B11 a PNG without its end": (lambda: photos.png()[:-12], 422, "image_incomplete"),
    "B12 a PNG of 20,000 x 20,000 pixels": (
        lambda: photos.one_bit(20_000, 20_000),
        422,
        "image_too_many_pixels",
    ),
    "B13 a PNG of 12,000 x 12,000 pixels": (
        lambda: photos.one_bit(12_000, 12_000),
        422,
        "image_too_many_pixels",
    ),
    "B14 a PNG of 2,147,483,647 x 1 pixels": (
        lambda: hostile.png_header_only(2**31 - 1, 1),
        422,
        "image_bad_dimensions",
    ),
    "B14 a PNG of 0 x 10 pixels": (lambda: hostile.png_header_only(0, 10), 422, "image_bad_dimensions"),
    "B15 a zTXt chunk that inflates to 1 GB": (lambda: photos.with_gigabyte(b"zTXt"), 422, "image_corrupt"),
    "B15 an iCCP chunk that inflates to 1 GB": (lambda: photos.with_gigabyte(b"iCCP"), 422, "image_corrupt"),
    "B16 a photo of 50 x 50 pixels": (
        lambda: photos.encoded(Image.new("RGB", (50, 50))),
        422,
        "image_too_small",
    ),
    "B18 a JPEG of 15 MB": (lambda: photos.padded(photos.jpeg(), 15_000_000), 413, "image_too_large"),
    "B25 a progressive JPEG of 10,000 scans": (
        photos.progressive_of_many_scans,
        422,
        "image_too_complex",
    ),
}


@pytest.mark.parametrize("row", REFUSED)
def test_it_is_refused(row: str, client: Client) -> None:
    made, status_code, code = REFUSED[row]
    data = made()
    response = send(client, data, "id.png" if "PNG" in row or ".png" in row else "id.jpg")
    assert code_of(response) == (status_code, code)
    page = response.content
    assert b'data-step="document"' in page
    assert photos.PAYLOAD not in page
    assert b"Traceback" not in page
    assert (Document.objects.count(), DataKey.objects.count()) == (0, 0)
    # The portal accepts the next, good photo.
    assert send(client, photos.jpeg()).status_code == 200
    assert Document.objects.count() == 1


def test_b3_a_heic_is_a_photo_like_others(client: Client) -> None:
    assert (
        'accept="image/jpeg,image/png,image/heic,image/heif"'
        in client.get("/verify/document").content.decode()
    )
    assert code_of(send(client, photos.heic(), "IMG_1.HEIC", "image/heic")) == (200, "")
    assert photos.corners(kept()) == photos.UPRIGHT


def test_b3_a_heic_that_is_not_accepted_leads_to_a_jpeg(client: Client, settings: Any) -> None:
    settings.ACCEPT_HEIC = False
    assert 'accept="image/jpeg,image/png"' in client.get("/verify/document").content.decode()
    response = send(client, photos.heic(), "IMG_1.HEIC", "image/heic")
    assert code_of(response) == (415, "unsupported_image_type")
    assert "JPEG" in re.search(r'id="fault">(.*?)</p>', response.content.decode(), re.DOTALL)[1]
    assert not Document.objects.exists()


HIDDEN = {
    "B6 a PNG with a script in iTXt": lambda: hostile.with_png_chunk(
        photos.encoded(photos.quadrants()), b"iTXt", b"Title\0\0\0\0\0" + photos.PAYLOAD
    ),
    "B6 a PNG with a script in eXIf": lambda: hostile.with_png_chunk(
        photos.encoded(photos.quadrants()), b"eXIf", b"MM\0*\0\0\0\x08\0\0" + photos.PAYLOAD
    ),
    "B6 a JPEG with PHP in its comment": lambda: photos.with_segment(
        photos.encoded(photos.quadrants(), "JPEG"), 0xFE, photos.PHP
    ),
    "B21 a JPEG with a place in EXIF, XMP and IPTC": photos.full_of_metadata,
}


@pytest.mark.parametrize("row", HIDDEN)
def test_what_is_hidden_in_it_does_not_pass(row: str, client: Client) -> None:
    original = HIDDEN[row]()
    assert code_of(send(client, original)) == (200, "")
    jpeg = kept()
    assert photos.corners(jpeg) == photos.UPRIGHT
    for hidden in (photos.PAYLOAD, photos.PHP, b"secret", b"GPS", b"Exif"):
        assert hidden not in jpeg
    assert not Image.open(io.BytesIO(jpeg)).getexif()


UNUSUAL: dict[str, Callable[[], bytes]] = {
    "B4 a PNG and what a screenshot tool cut away": lambda: (
        photos.encoded(photos.quadrants()) + photos.png()[-999:]
    ),
    "B5 a JPEG with a camera's notes behind it": lambda: (
        photos.encoded(photos.quadrants(), "JPEG") + b"aecDebug" + bytes(range(256)) + b"awbDebug"
    ),
    "B9 a JPEG without its last two bytes": lambda: photos.encoded(photos.quadrants(), "JPEG")[:-2],
    "B19 CMYK as Adobe writes it, upside down": photos.inverted_cmyk,
    "B19 a PNG of 16 bits a colour": lambda: photos.png_of(photos.RGB, 16),
    "B19 a PNG of 16 bits a colour, with alpha": lambda: photos.png_of(photos.RGB_ALPHA, 16),
    "B19 a palette with alpha": photos.palette_with_alpha,
    "B19 an interlaced PNG": lambda: photos.png_of(photos.RGB, 8, interlaced=True),
    "B19 an animated PNG": photos.animated,
    "B24 a JPEG that says it is a PNG": lambda: photos.encoded(photos.quadrants(), "JPEG"),
    **{f"B20 EXIF orientation {number}": partial(photos.stored_turned, number) for number in range(1, 9)},
}


@pytest.mark.parametrize("row", UNUSUAL)
def test_it_becomes_an_upright_jpeg_of_the_same_colours(row: str, client: Client) -> None:
    response = send(client, UNUSUAL[row](), "id.png", "image/png")
    assert code_of(response) == (200, "")
    jpeg = kept()
    assert Image.open(io.BytesIO(jpeg)).size == photos.SIZE
    assert photos.corners(jpeg) == photos.UPRIGHT


def test_b10_a_jpeg_with_flipped_bytes_is_used_or_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_PER_HOUR", 1000)
    monkeypatch.setattr(media_tries, "MAX_REFUSED", 1000)
    answers = {code_of(send(client, photos.with_flipped_body(seed))) for seed in range(100)}
    assert (200, "") in answers
    assert {status_code for status_code, _ in answers} == {200, 422}
    assert {code for _, code in answers} <= {"", "image_corrupt", "image_incomplete", "image_too_small"}


def test_b17_a_photo_too_large_for_the_vendor_is_made_smaller(client: Client) -> None:
    data = photos.just_over_three_mebibytes_of_base64()
    assert len(data) == 2_359_297
    assert code_of(send(client, data)) == (200, "")
    assert len(kept()) <= MAX_PHOTO_BYTES


# B22 and B23: the portal refuses no photo for what it shows. The vendor's answer becomes the hint to the applicant.


def even(colour: str) -> Made:
    return lambda: photos.encoded(Image.new("RGB", photos.SIZE, colour), "JPEG")


NO_FACE = "FailedOperation.LifePhotoDetectNoFaces"
FACELESS: dict[str, tuple[Made, str, str]] = {
    "B22 all black": (even("black"), NO_FACE, "photo_whole_face"),
    "B22 all white": (even("white"), NO_FACE, "photo_whole_face"),
    "B22 noise": (
        lambda: photos.encoded(Image.effect_noise(photos.SIZE, 90), "JPEG"),
        "FailedOperation.LifePhotoPoorQuality",
        "photo_sharper",
    ),
    "B23 two faces": (photos.jpeg, "FailedOperation.LifePhotoDetectFaces", "photo_one_face"),
    "B23 no face": (lambda: photos.encoded(photos.quadrants()), NO_FACE, "photo_whole_face"),
    "B23 a cartoon": (photos.png, "FailedOperation.IncompleteFace", "photo_whole_face"),
}


@pytest.mark.parametrize("row", FACELESS)
def test_the_vendors_answer_asks_for_another_photo(
    row: str, road: Road, emulator: EmulatorServer, invitation: Invitation, client: Client
) -> None:
    made, answer, hint = FACELESS[row]
    assert code_of(send(client, made())) == (200, "")
    verification = invitation.verification
    verification.refresh_from_db()
    emulator.script(result=answer)
    road.record(verification)
    assert (verification.status, verification.hint) == (Status.COLLECTING, hint)
    assert str(HINTS[hint]) in client.get("/verify/document").content.decode()
    assert code_of(send(client, photos.jpeg())) == (200, "")


@pytest.mark.parametrize(
    ("row", "fields", "code"),
    [
        ("B27 two photos", {"photo": ["a.jpg", "b.jpg"]}, "exactly_one_file"),
        ("B27 a photo and another file", {"photo": ["a.jpg"], "other": ["b.jpg"]}, "exactly_one_file"),
        ("B27 no photo", {}, "missing_file"),
        ("B27 a photo in a field of another name", {"picture": ["a.jpg"]}, "missing_file"),
    ],
)
def test_it_takes_one_photo(row: str, fields: dict[str, list[str]], code: str, client: Client) -> None:
    files = {
        name: [SimpleUploadedFile(one, photos.jpeg()) for one in names] for name, names in fields.items()
    }
    response = client.post("/verify/document", files)
    assert code_of(response) == (400, code)
    assert not Document.objects.exists()
