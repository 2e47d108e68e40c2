"""Reads the outline of JPEG, PNG and HEIC files without decoding them.

It finds the type, the dimensions and the end of the picture, so that decompression bombs and files that did not arrive
whole are refused before an image library reads them, and what lies behind the picture is known. It does not use Pillow.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from verification.media.errors import UnusableMedia

JPEG_MAGIC = b"\xff\xd8\xff"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
MAX_SEGMENTS = 500  # a camera's JPEG has under 60, of which extended XMP and a large profile may make 200
MAX_CHUNKS = 5_000  # a PNG of 10 MB in pieces of 8 kB has 1,280
MAX_OTHER_CHUNKS = 200  # chunks that hold no picture data
MAX_SCANS = 64  # a camera's progressive JPEG has about ten; each costs a pass over the whole picture

_OTHER_MAGIC = [
    (re.compile(rb"GIF8"), "gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
    (re.compile(rb"BM"), "bmp"),
    (re.compile(rb"II\*\0|MM\0\*"), "tiff"),
    (re.compile(rb"....ftypavi", re.DOTALL), "avif"),
    (re.compile(rb"....ftyp(hei|hev|mif1|msf1)", re.DOTALL), "heic"),
    (re.compile(rb"%PDF"), "pdf"),
    (re.compile(rb"\s*<"), "markup"),
]
# A marker that means something inside compressed data: not a stuffed zero, not a restart, not a fill byte. It begins
# with one fixed byte and no repetition, which lets `re` run over a photo of 10 MB in 4 ms instead of 60.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])", re.DOTALL)
_HEIC_BOXES = frozenset({b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"wide", b"uuid", b"mpvd"})
_FRAME_HEADERS = frozenset({0xC0, 0xC1, 0xC2})
_PROGRESSIVE = 0xC2
_START_MARKER, _END_MARKER, _SCAN_HEADER = 0xD8, 0xD9, 0xDA
_PICTURE_CHUNKS = frozenset({b"IDAT", b"fdAT"})
_RESTARTS = tuple(bytes((0xFF, 0xD0 + number)) for number in range(8))
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG, by its kind of colour
# Left, top, and the steps to the right and down, of the passes of a PNG that is interlaced, and of one that is not.
_PASSES = (
    ((0, 0, 1, 1),),
    ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
_AT_ONCE = 1 << 20  # bytes decompressed at a time


@dataclass(frozen=True)
class ImageOutline:
    """`format` is Pillow's name; sizes are pixels as stored; `end` is the offset just behind the picture.

    `in_pieces`: a decoder can shrink it while it reads, row by row, and never holds the whole picture.
    `closed`: the mark of its end is there.
    """

    format: str
    width: int
    height: int
    end: int
    in_pieces: bool = False
    closed: bool = True


def is_heic(data: bytes) -> bool:
    return _found(data) == "heic"


def heic_end(data: bytes) -> int:
    """The offset just behind the last box of a HEIC file; raises UnusableMedia when the last box is cut off.

    libheif reads its dimensions, also without decoding.
    """
    at = 0
    while at + 8 <= len(data) and data[at + 4 : at + 8] in _HEIC_BOXES:
        length = int.from_bytes(data[at : at + 4])
        head = 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16]), 16
        if length == 0:  # 0: the last box, which ends with the file
            return len(data)
        if length < head:
            raise UnusableMedia("image_corrupt")
        if at + length > len(data):
            raise UnusableMedia("image_incomplete")
        at += length
    return at


def read_outline(data: bytes) -> ImageOutline:
    """Outline of a JPEG or PNG file; raises UnusableMedia for any other or broken file."""
    if not data:
        raise UnusableMedia("empty_file")
    if data.startswith(PNG_MAGIC):
        return _png_outline(data)
    if data.startswith(JPEG_MAGIC):
        return _jpeg_outline(data)
    if len(data) < 12:  # too short to be a picture of any kind
        raise UnusableMedia("image_corrupt")
    raise UnusableMedia("unsupported_image_type", {"found": _found(data)})


def _found(data: bytes) -> str:
    return next((name for magic, name in _OTHER_MAGIC if magic.match(data)), "unknown")


def _png_outline(data: bytes) -> ImageOutline:
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise UnusableMedia("image_corrupt")
    at, chunks, others, profiles = len(PNG_MAGIC), 0, 0, 0
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise UnusableMedia("image_incomplete")
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            raise UnusableMedia("image_corrupt")
        chunks, others, profiles = (
            chunks + 1,
            others + (kind not in _PICTURE_CHUNKS),
            profiles + (kind == b"iCCP"),
        )
        if chunks > MAX_CHUNKS or others > MAX_OTHER_CHUNKS:
            raise UnusableMedia("image_too_complex", {"chunks_allowed": MAX_CHUNKS})
        if profiles > 1:  # each would be decompressed, to any number of bytes
            raise UnusableMedia("image_corrupt")
        if kind == b"IEND":
            return ImageOutline("PNG", int.from_bytes(data[16:20]), int.from_bytes(data[20:24]), end)
        at = end
    raise UnusableMedia("image_incomplete")


def png_lacks_rows(data: bytes) -> bool:
    """Whether a PNG, whose outline is sound, holds less picture data than its header says: its writer broke off."""
    missing = _png_bytes(data)
    decompressor, held = zlib.decompressobj(), b"".join(_png_pieces(data))
    try:
        while missing > 0 and (piece := decompressor.decompress(held, _AT_ONCE)):
            missing, held = missing - len(piece), decompressor.unconsumed_tail
    except zlib.error:
        return True
    return missing > 0


def _png_bytes(data: bytes) -> int:
    """Bytes of the decompressed rows, each with the byte that names its filter."""
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    bits = data[24] * _CHANNELS[data[25]]
    total = 0
    for left, top, right, down in _PASSES[data[28]]:
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        total += rows * (1 + -(-columns * bits // 8)) if columns > 0 < rows else 0
    return total


def _png_pieces(data: bytes) -> Iterator[bytes]:
    at = len(PNG_MAGIC)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            yield data[at + 8 : end - 4]
        at = end


def next_restart(data: bytes) -> bytes:
    """The restart marker that would come next in a JPEG, which counts them from 0 to 7 and begins again."""
    last = max(range(8), key=lambda number: data.rfind(_RESTARTS[number]))
    return _RESTARTS[(last + 1) % 8] if _RESTARTS[last] in data else _RESTARTS[0]


@dataclass
class _Segments:
    """What the segments of a JPEG say, read one by one."""

    count: int = 0
    scans: int = 0
    size: tuple[int, int] = (-1, -1)
    progressive: bool = False

    def add(self, kind: int, data: bytes, at: int) -> int:
        """Take one more segment, whose content begins at `at`; returns where it ends."""
        length = int.from_bytes(data[at : at + 2])
        if length < 2 or kind == _START_MARKER:
            raise UnusableMedia("image_corrupt")
        if kind in _FRAME_HEADERS:
            self.size = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 3 : at + 5])
            self.progressive = kind == _PROGRESSIVE
        self.count += 1
        self.scans += kind == _SCAN_HEADER
        if self.count > MAX_SEGMENTS:
            raise UnusableMedia("image_too_complex", {"segments_allowed": MAX_SEGMENTS})
        if self.scans > MAX_SCANS:
            raise UnusableMedia("image_too_complex", {"scans_allowed": MAX_SCANS})
        return at + length

    @property
    def sound(self) -> bool:
        return self.scans > 0 and self.size != (-1, -1)


def _jpeg_outline(data: bytes) -> ImageOutline:
    seen, at, closed = _Segments(), 2, False
    while not closed and (marker := _JPEG_MARKER.search(data, at)):
        kind, at = marker[1][0], marker.end()
        closed = kind == _END_MARKER
        if not closed:
            at = seen.add(kind, data, at)
    if not seen.count or (closed and not seen.sound):
        raise UnusableMedia("image_corrupt")
    in_pieces = seen.scans == 1 and not seen.progressive
    if not closed and not (seen.sound and in_pieces and at < len(data)):
        # It ends within its head or before its last scan, of which nobody knows how many there would be.
        raise UnusableMedia("image_incomplete")
    return ImageOutline("JPEG", *seen.size, at if closed else len(data), in_pieces, closed)
