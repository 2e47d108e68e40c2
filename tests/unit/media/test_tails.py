"""What lies behind a picture: cut off and noted, or refused because another program would open it."""

import io
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import pytest

from tests.catalogue import photos
from verification.media.errors import UnusableMedia
from verification.media.photo import normalise_photo
from verification.media.tails import hides_a_file

PICTURES: dict[str, Callable[[], bytes]] = {
    "JPEG": photos.jpeg,
    "PNG": photos.png,
    "HEIC": photos.heic,
}
NOISE = random.Random(7).randbytes(300_000)

# What cameras, telephones and apps leave behind a picture, as seen in real files.
HONEST = {
    "zeros": bytes(512),
    "one byte": b"\x14",
    "half a marker": b"\xff",
    "a second picture": photos.jpeg(),
    "padding, then a preview": b"\xff" * 493 + photos.jpeg(),
    "a zero, then the picture for the other eye": b"\0" + photos.jpeg(),
    "a short film": b"\0\0\0\x18ftypmp42" + NOISE,
    "Samsung's trailer": NOISE[:900] + b"SEFH" + bytes(40) + b"SEFT",
    "notes of a Pixel's camera": b"aecDebug" + NOISE[:30_000] + b"afDebug" + NOISE[:5_000] + b"awbDebug",
    "raw depth data": NOISE,
    "vivo's trailer": b'vivo{"com.vivo.camera.mode":"portrait"}' + struct.pack("!I", 31) + b"cameraalbum",
    "what the memory card held before": NOISE[:9_000] + photos.jpeg()[5_000:] + NOISE[:9_000],
    "a gain map with its description": photos.with_segment(
        photos.jpeg(),
        0xE1,
        b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:RDF><rdf:li/></rdf:RDF></x:xmpmeta>",
    ),
    "what a screenshot tool cut away": photos.png()[-9_000:],
}


@pytest.mark.parametrize("extra", HONEST)
@pytest.mark.parametrize("kind", PICTURES)
def test_it_is_cut_off_and_noted(kind: str, extra: str) -> None:
    photo = normalise_photo(PICTURES[kind]() + HONEST[extra], accept_heic=True)
    assert "camera_extras_removed" in photo.notes
    assert (photo.width, photo.height, photo.source_format) == (*photos.SIZE, kind)


def test_a_picture_with_nothing_behind_it_has_no_note() -> None:
    assert normalise_photo(photos.jpeg()).notes == ()


def zipped(method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("a.txt", "something " * 20)
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return out.getvalue()


def windows_program() -> bytes:
    """The two headers that Windows looks for."""
    return b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(64) + b"PE\0\0" + bytes(100)


ARCHIVE = zipped()
ANYWHERE = {
    "a ZIP": ARCHIVE,
    "a ZIP of stored files": zipped(zipfile.ZIP_STORED),
    "a ZIP without its first header": ARCHIVE[4:],
    "a ZIP without its directory": ARCHIVE[: ARCHIVE.index(b"PK\1\2")],
    "an empty ZIP": b"PK\5\6" + bytes(18),
    "RAR": b"Rar!\x1a\x07\x01\x00" + bytes(40),
    "7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40),
    "xz": b"\xfd7zXZ\x00\x00\x04" + bytes(40),
    "bzip2": b"BZh91AY&SY" + bytes(40),
    "a cabinet": b"MSCF\0\0\0\0" + bytes(40),
    "tar": tarred(),
    "PHAR": photos.PHP,
    "PHAR in small letters": b"<?  __halt_compiler();",
    "PHP": b"<?PHP echo 1;",
    "PHP in its short form": b"<?= system($_GET[0]) ?>",
    "JSP": b'<%@ page import="java.io.*" %>',
    "a script": photos.PAYLOAD,
    "a script in capitals": b"<SCRIPT\nsrc=//x.test>",
    "HTML": b"<!DOCTYPE html><p>",
    "SVG": b"<svg onload='alert(1)'/>",
    "an image that runs a script": b"<img src=x onerror=alert(1)>",
    "a shell script": b"#!/bin/sh\nid\n",
    "PDF": b"%PDF-1.7\n",
    "RTF": b"{\\rtf1\\ansi",
    "an old Office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40),
    "a program for Windows": windows_program(),
    "a program for Linux": b"\x7fELF\x02\x01\x01" + bytes(40),
    "a program for macOS": b"\xcf\xfa\xed\xfe\x0c\0\0\x01" + bytes(40),
    "a program for macOS, byte-swapped": b"\xfe\xed\xfa\xce\0\0\0\x12" + bytes(40),
    "a program for macOS of two processors": b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(40),
    "a Java class": b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(40),
    "Android code": b"dex\n035\0" + bytes(40),
    "WebAssembly": b"\0asm\1\0\0\0" + bytes(40),
}
FRONTS = {
    "alone": b"",
    "behind a second picture": photos.jpeg(),
    "behind what looks like a second picture": b"\xff\xd8\xff",
    "behind a film": b"\0\0\0\x18ftypmp42" + NOISE,
    "in Samsung's trailer": b"SEFH",
}


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("hidden", ANYWHERE)
def test_a_file_in_the_tail_is_found_wherever_it_is(hidden: str, front: str) -> None:
    assert hides_a_file(FRONTS[front] + ANYWHERE[hidden] + b"SEFT")


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("hidden", ["a ZIP", "PHAR", "a script", "PDF", "a program for Windows"])
def test_a_photo_that_hides_a_file_is_refused(hidden: str, kind: str) -> None:
    data = PICTURES[kind]() + photos.jpeg() + ANYWHERE[hidden]
    with pytest.raises(UnusableMedia) as caught:
        normalise_photo(data, accept_heic=True)
    assert caught.value.code == "trailing_data"


# Signatures that are too short to count in the middle of compressed data.
@pytest.mark.parametrize(
    "start",
    [b"PK\3\4", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"%PDF"],
)
def test_a_short_signature_counts_right_behind_the_picture(start: bytes) -> None:
    torn = start + b"\xaa" * 40
    assert hides_a_file(torn)
    assert hides_a_file(bytes(30) + b"\xff\xff" + torn)
    assert not hides_a_file(NOISE + torn)


def test_compressed_data_is_not_taken_for_a_file() -> None:
    for seed in range(20):
        assert not hides_a_file(random.Random(seed).randbytes(1_000_000))
        assert not hides_a_file(zlib.compress(random.Random(seed).randbytes(200_000)))
