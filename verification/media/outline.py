"""Walks a video file's outline before FFmpeg opens it: is it whole, and are its tables as small as a recorder's?

FFmpeg's work for a table grows with the counts in it, not with its bytes, so a small file could cost minutes and
gigabytes. What FFmpeg need not read, such as a camera's notes, it does not get to see. This module knows boxes and
elements, and nothing of PyAV or of what a good recording is.
"""

import re
from collections.abc import Iterator
from typing import Final

from verification.media.errors import UnusableMedia

MAX_BOXES: Final = 5_000  # a recorder writes two a fragment
MAX_ELEMENTS: Final = 50_000  # a recorder writes one a picture
# All of an MP4 except its media data and notes; minutes of a telephone's recording need 200 kB.
MAX_TABLES: Final = 512 * 1024  # bytes
# Bytes of one of a Matroska file's tables: its tracks, tags, chapters, attached files and seek indexes.
MAX_TABLE: Final = 64 * 1024
# Pictures and pieces of sound. A recording with more is too long or too fast, though harmless to open.
MAX_SAMPLES: Final = 200_000
MAX_EDITS: Final = 16  # entries of an edit list; a recorder writes one or two

_NO_TABLES: Final = frozenset({b"mdat", b"free", b"skip", b"wide"})
# The paths of boxes that are opened. A fixed path rules out deep recursion.
_DREF_PATH: Final = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")
_STSD_PATH: Final = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_ENCRYPTED: Final = frozenset(
    {b"encv", b"drmi"}
)  # pictures under common encryption, and under Apple's older one
# What a camera or an editor writes about a recording: titles, places, a small picture. Of any size and any encoding.
# Wherever they stand, because FFmpeg reads them anywhere.
_NOTES: Final = re.compile(rb"udta|meta")
_PASSED_OVER: Final = b"skip"
# Tables that count samples, wherever they stand, because FFmpeg reads them anywhere; and compressed tables, which no
# recorder writes any more.
_COUNTED: Final = re.compile(rb"stsz|stz2|stts|ctts|trun|elst|cmov")

_EBML_HEADER: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067
_CLUSTER: Final = 0x1F43B675
_BLOCK_GROUP: Final = 0xA0
_TRACKS: Final = 0x1654AE6B
# A track entry's content encodings, and of one of them how it is encrypted.
_ENCRYPTION_PATH: Final = (0xAE, 0x6D80, 0x6240, 0x5035)
# Header, seek head, information, tracks, cues, chapters, tags, attachments; and what is added to a block.
_TABLE_ELEMENTS: Final = frozenset(
    {
        *(_EBML_HEADER, 0x114D9B74, 0x1549A966, _TRACKS, 0x1C53BB6B),
        *(0x1043A770, 0x1254C367, 0x1941A469, 0x75A1),
    }
)


def readable(data: bytes, container: str) -> bytes:
    """The part of the file that FFmpeg may read: without an MP4's notes, and without bytes behind a Matroska file.

    Raises UnusableMedia for a file that is cut off, is encrypted, refers to another for its pictures, or has too large
    tables.
    """
    if container == "matroska":
        return data[: _checked_elements(data)]
    _check_boxes(data)
    return b"".join(_without_notes(data))


def _without_notes(data: bytes) -> Iterator[bytes]:
    """The MP4's boxes, with notes named as boxes that are skipped: nothing moves, so offsets stay right."""
    before = 0
    for kind, _, end in boxes(data, 0, len(data)):
        box = data[before:end]
        yield box if kind in _NO_TABLES else _NOTES.sub(_PASSED_OVER, box)
        before = end


def _noted(data: bytes, start: int, end: int) -> int:
    """The number of bytes of the notes in this span."""
    behind = noted = 0
    for found in _NOTES.finditer(data, start, end):
        at = found.start() - 4
        size = _number(data, at)
        if (
            behind <= at and 8 <= size <= end - at
        ):  # neither inside another, nor the same word in another place
            behind, noted = at + size, noted + size
    return noted


def _check_boxes(data: bytes) -> None:
    covered, tables = 0, 0
    for kind, start, covered in boxes(data, 0, len(data)):
        if kind in _NO_TABLES:
            continue
        tables += covered - start - _noted(data, start - 4, covered)
        if tables > MAX_TABLES and covered <= len(data):
            raise UnusableMedia("video_corrupt", {"bytes_of_tables_allowed": MAX_TABLES})
    if covered > len(data):
        raise UnusableMedia("video_corrupt", {"missing_bytes": covered - len(data)})
    _check_references(data)
    _check_encryption(data)
    _check_counts(data)


def _check_references(data: bytes) -> None:
    for start, end in _at(data, _DREF_PATH):
        for _, entry, _ in boxes(data, start + 8, end):
            flags = int.from_bytes(data[entry : entry + 4])
            if not flags & 1:  # 1: the pictures are in this same file
                raise UnusableMedia("video_external_reference")


def _check_encryption(data: bytes) -> None:
    for start, end in _at(data, _STSD_PATH):
        if any(kind in _ENCRYPTED for kind, _, _ in boxes(data, start + 8, end)):
            raise UnusableMedia("video_encrypted")


def _check_counts(data: bytes) -> None:
    samples: dict[bytes, int] = {}
    for kind, start, end in boxes(data, 0, len(data)):
        if kind in _NO_TABLES:
            continue
        for number, found in enumerate(_COUNTED.finditer(data, start, end)):
            name, at = found[0], found.end()
            if (
                name == b"cmov"
                or (name == b"elst" and _number(data, at + 4) > MAX_EDITS)
                or number > MAX_BOXES
            ):
                raise UnusableMedia("video_corrupt", {"edits_allowed": MAX_EDITS})
            samples[name] = samples.get(name, 0) + _samples(name, data, at, end)
            if samples[name] > MAX_SAMPLES:
                raise UnusableMedia("video_frame_rate", {"frames_allowed": MAX_SAMPLES})


def _samples(name: bytes, data: bytes, at: int, end: int) -> int:
    """The number of samples of the table that begins at `at`, behind its name; each row counts as at least one."""
    if name in (b"stsz", b"stz2"):
        return _number(data, at + 8)
    if name in (b"stts", b"ctts"):  # rows of a count and a value
        rows = min(_number(data, at + 4), max(0, end - at - 8) // 8)
        counts = data[at + 8 : at + 8 + 8 * rows]
        return rows + sum(_number(counts, 8 * row) for row in range(rows))
    return _number(data, at + 4)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4])


def _at(data: bytes, path: tuple[bytes, ...]) -> list[tuple[int, int]]:
    """Where the contents of all boxes at the end of this path lie."""
    spans = [(0, len(data))]
    for wanted in path:
        spans = [
            (start, min(end, outer[1]))
            for outer in spans
            for kind, start, end in boxes(data, *outer)
            if kind == wanted
        ]
        if len(spans) > MAX_BOXES:
            raise UnusableMedia("video_corrupt", {"boxes_allowed": MAX_BOXES})
    return spans


def boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of content and end of each ISO box in a span. The numbers come from the file and may lie outside."""
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        size, header = int.from_bytes(data[start : start + 4]), 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16]), 16
        if size == 0:
            size = end - start
        if size < header:
            return
        yield data[start + 4 : start + 8], start + header, start + size
        start += size
    raise UnusableMedia("video_corrupt", {"boxes_allowed": MAX_BOXES})


def _checked_elements(data: bytes) -> int:
    """The end of a Matroska file; raises UnusableMedia if an element reaches behind it or is too large.

    Recorders that stream leave the sizes of the segment and its clusters unknown, so the walk enters these: the
    elements inside have sizes. There is no recursion. Bytes behind a segment of known size are not counted, nor the
    head of a last element that was never written.
    """
    at, end = 0, len(data)
    for _ in range(MAX_ELEMENTS):
        head = _element(data, at, len(data)) if at < end else None
        if head is None:
            return at
        kind, content, size = head
        at = content if size is None else content + size
        if at > len(data):
            raise UnusableMedia("video_corrupt", {"missing_bytes": at - len(data)})
        if kind in _TABLE_ELEMENTS and at - content > MAX_TABLE:
            raise UnusableMedia("video_corrupt", {"bytes_of_a_table_allowed": MAX_TABLE})
        if kind == _TRACKS and _is_encrypted(data, content, at):
            raise UnusableMedia("video_encrypted")
        if kind == _SEGMENT:
            end = at if size is not None else end
        if kind in (_SEGMENT, _CLUSTER, _BLOCK_GROUP):
            at = content
    raise UnusableMedia("video_corrupt", {"elements_allowed": MAX_ELEMENTS})


def _is_encrypted(data: bytes, start: int, end: int) -> bool:
    """Whether a track in this span of track entries is encrypted."""
    spans = [(start, end)]
    for wanted in _ENCRYPTION_PATH:
        spans = [(at, to) for outer in spans for kind, at, to in _elements(data, *outer) if kind == wanted]
    return bool(spans)


def _elements(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start of content and end of each Matroska element in a span."""
    while start < end and (head := _element(data, start, end)):
        kind, content, size = head
        start = end if size is None else content + size
        yield kind, content, min(start, end)


def _element(data: bytes, at: int, end: int) -> tuple[int, int, int | None] | None:
    """Kind, start of content and size of the Matroska element there; None if its head does not end before `end`.

    The size is None if it is unknown and may be.
    """
    kind_width = 9 - data[at].bit_length()
    if kind_width > 4:
        raise UnusableMedia("video_corrupt")
    size_at = at + kind_width
    if size_at >= end:
        return None
    width = 9 - data[size_at].bit_length()
    if width > 8:
        raise UnusableMedia("video_corrupt")
    content = size_at + width
    if content > end:
        return None
    kind, unknown = int.from_bytes(data[at:size_at]), (1 << 7 * width) - 1
    size = int.from_bytes(data[size_at:content]) & unknown
    if size != unknown:
        return kind, content, size
    if kind not in (_SEGMENT, _CLUSTER):
        raise UnusableMedia("video_corrupt")
    return kind, content, None
