"""The first bytes of the accepted file types. What a file really is, `media` finds out."""

from django.conf import settings

ENOUGH = 16  # bytes; a shorter file is judged when it is complete

_PHOTOS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_MATROSKA = b"\x1aE\xdf\xa3"  # WebM too
_BRAND = b"ftyp"
_HEIC_BRANDS = (b"hei", b"hev", b"mif1", b"msf1")


def could_be_photo(head: bytes) -> bool:
    return head.startswith(_PHOTOS) or (settings.ACCEPT_HEIC and _could_be_heic(head))


def could_be_video(head: bytes) -> bool:
    return head.startswith(_MATROSKA) or head[4:8] == _BRAND


def _could_be_heic(head: bytes) -> bool:
    return head[4:8] == _BRAND and head[8:].startswith(_HEIC_BRANDS)
