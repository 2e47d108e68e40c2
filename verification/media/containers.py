"""Opens and writes video files in memory: only two containers can be read, chosen by their first bytes.

FFmpeg would otherwise guess, and its guesses include play lists that name other files. Knows PyAV; decides
nothing about what a good recording is.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOMEM
from typing import Any, Final, NoReturn

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from verification.media.errors import MediaUnavailable, UnusableMedia

MAX_PIXELS: Final = 1920 * 1920
MAX_BOXES: Final = 5_000  # a recorder writes two a fragment
MAX_ELEMENTS: Final = 20_000  # a recorder writes one a picture
# Bytes of an MP4's tables: a picture listed in every way there is (times 16, size 4, key 4, chunk 20), and the rest.
_TABLE_ROW: Final = 48
_TABLE_ROOM: Final = 4096
_EBML_HEADER: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067
_CLUSTER: Final = 0x1F43B675
# The one way down to the data references; a fixed path cannot be nested into a deep recursion.
_DREF_PATH: Final = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")


def sniff(data: bytes) -> str:
    """FFmpeg's name of the container, mov or matroska; raises UnusableMedia for any other file."""
    if not data:
        raise UnusableMedia("empty_file")
    if data.startswith(_EBML_HEADER.to_bytes(4)):
        return "matroska"
    if data[4:8] == b"ftyp":
        return "mov"
    raise UnusableMedia("unsupported_video_type")


@contextmanager
def open_video(data: bytes) -> Iterator[InputContainer]:
    """The opened container; whatever goes wrong with it inside the block becomes UnusableMedia."""
    container = sniff(data)
    check_outline(data, container)
    with (
        translated_errors(),
        av.open(
            io.BytesIO(data),
            "r",
            format=container,
            options={"protocol_whitelist": ""},
            io_open=_refuse_to_open,
        ) as file,
    ):
        yield file


@contextmanager
def create_mp4(out: io.BytesIO, *, pictures: int, header: int) -> Iterator[OutputContainer]:
    """An MP4 to be written to `out` with its tables in front, so that it plays before it is wholly loaded.

    FFmpeg can only move the tables there afterwards in a file it opens again, so room is left for those of so many
    `pictures` and so long a codec `header` (bytes). Raises FFmpegError on leaving when that was not enough.
    """
    room = _TABLE_ROOM + header + _TABLE_ROW * pictures
    with av.open(out, "w", format="mp4", options={"moov_size": str(room)}) as file:
        yield file


def check_order(mp4: bytes) -> None:
    """Raise UnusableMedia unless the tables of an MP4 we wrote are in front of the pictures."""
    kinds = [kind for kind, _, _ in _boxes(mp4, 0, len(mp4)) if kind != b"free"]
    if kinds != [b"ftyp", b"moov", b"mdat"]:
        raise UnusableMedia("video_corrupt")


def _refuse_to_open(*_: Any) -> NoReturn:
    """For the further files that a file may name."""
    raise UnusableMedia("video_external_reference")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Name what FFmpeg reports: the file is broken, or too large for its limits."""
    try:
        yield
    except (UnusableMedia, MediaUnavailable, MemoryError, ImportError):
        raise
    except FFmpegError as error:
        raise UnusableMedia("media_out_of_memory" if error.errno == ENOMEM else "video_corrupt") from error
    # Broken files also raise UnicodeDecodeError, AttributeError, OverflowError and others from inside PyAV.
    except Exception as error:
        raise UnusableMedia("video_corrupt") from error


def check_outline(data: bytes, container: str) -> None:
    """Raise UnusableMedia for a file that was cut off, or that points to another file for its pictures."""
    if container == "matroska":
        _check_elements(data)
    else:
        _check_boxes(data)


def _check_boxes(data: bytes) -> None:
    covered = 0
    for _, _, end in _boxes(data, 0, len(data)):
        covered = end
    if covered > len(data):
        raise UnusableMedia("video_corrupt", {"missing_bytes": covered - len(data)})
    spans = [(0, len(data))]
    for wanted in _DREF_PATH:
        spans = [
            (start, min(end, len(data)))
            for outer in spans
            for kind, start, end in _boxes(data, *outer)
            if kind == wanted
        ]
    for start, end in spans:
        for _, entry, _ in _boxes(data, start + 8, end):
            flags = int.from_bytes(data[entry : entry + 4])
            if not flags & 1:  # 1: the pictures are in this same file
                raise UnusableMedia("video_external_reference")


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of content and end of each ISO box in a span, none of them trusted to be inside it."""
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


def _check_elements(data: bytes) -> None:
    """Raise UnusableMedia when a Matroska element reaches behind the end of the file.

    Recorders that stream leave the sizes of the segment and its clusters unknown, so those are walked into: what is in
    them has sizes. There is no recursion. What lies behind a segment of known size is nobody's.
    """
    at, end = 0, len(data)
    for _ in range(MAX_ELEMENTS):
        if at >= end:
            return
        kind, content, size = _element(data, at)
        at = content if size is None else content + size
        if at > len(data):
            raise UnusableMedia("video_corrupt", {"missing_bytes": at - len(data)})
        if kind == _SEGMENT:
            end = at if size is not None else end
        if kind in (_SEGMENT, _CLUSTER):
            at = content


def _element(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Kind, start of content and size of the Matroska element there; None for a size that may be unknown, and is."""
    kind_width = 9 - data[at].bit_length()
    size_at = at + kind_width
    if kind_width > 4 or size_at >= len(data):
        raise UnusableMedia("video_corrupt")
    kind = int.from_bytes(data[at:size_at])
    width = 9 - data[size_at].bit_length()
    content = size_at + width
    if width > 8 or content > len(data):
        raise UnusableMedia("video_corrupt")
    unknown = (1 << 7 * width) - 1
    size = int.from_bytes(data[size_at:content]) & unknown
    if size != unknown:
        return kind, content, size
    if kind not in (_SEGMENT, _CLUSTER):
        raise UnusableMedia("video_corrupt")
    return kind, content, None
