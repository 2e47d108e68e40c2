"""Opens video files: only two containers, chosen by their first bytes, and only from a local file.

FFmpeg would otherwise guess, and its guesses include play lists that name other files. Knows PyAV; decides
nothing about what a good recording is.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOMEM, ENOSPC
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.error import FFmpegError

from verification.media.errors import MediaUnavailable, UnusableMedia

MAX_PIXELS: Final = 1920 * 1920
MAX_BOXES: Final = 5_000  # a recorder writes two a fragment
_EBML_MAGIC: Final = b"\x1aE\xdf\xa3"
_SEGMENT_ID: Final = b"\x18\x53\x80\x67"
# The one way down to the data references; a fixed path cannot be nested into a deep recursion.
_DREF_PATH: Final = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")


def sniff(path: Path) -> str:
    """FFmpeg's name of the container, mov or matroska; raises UnusableMedia for any other file."""
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise UnusableMedia("empty_file")
    if start.startswith(_EBML_MAGIC):
        return "matroska"
    if start[4:8] == b"ftyp":
        return "mov"
    raise UnusableMedia("unsupported_video_type")


@contextmanager
def open_video(path: Path) -> Iterator[InputContainer]:
    """The opened container; whatever goes wrong with it inside the block becomes UnusableMedia."""
    container = sniff(path)
    check_outline(path, container)
    options = {"protocol_whitelist": "file"}
    with translated_errors(), av.open(str(path), "r", format=container, options=options) as file:
        yield file


@contextmanager
def translated_errors() -> Iterator[None]:
    """Name what FFmpeg reports: the file is broken, too large for its limits, or our disk is full."""
    try:
        yield
    except (UnusableMedia, MediaUnavailable, MemoryError):
        raise
    except FFmpegError as error:
        raise _named(error) from error
    # Broken files also raise UnicodeDecodeError, AttributeError, OverflowError and others from inside PyAV.
    except Exception as error:
        raise UnusableMedia("video_corrupt") from error


def _named(error: FFmpegError) -> Exception:
    if error.errno in (ENOSPC, EDQUOT):
        return MediaUnavailable("disk_full")
    if error.errno == ENOMEM:
        return UnusableMedia("media_out_of_memory")
    if error.errno == EFBIG:
        return UnusableMedia("video_cannot_fit")
    return UnusableMedia("video_corrupt")


def check_outline(path: Path, container: str) -> None:
    """Raise UnusableMedia for a file that was cut off, or that points to another file for its pictures."""
    data = path.read_bytes()
    if container == "matroska":
        _check_segment(data)
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


def _check_segment(data: bytes) -> None:
    # Recorders that stream leave the size unknown (all ones): then only the packets can tell.
    at = data.find(_SEGMENT_ID, 0, 4096)
    if at < 0 or at + 5 > len(data):
        raise UnusableMedia("video_corrupt")
    first = data[at + 4]
    width = 9 - first.bit_length() if first else 9
    size = int.from_bytes(data[at + 4 : at + 4 + width]) & ((1 << 7 * width) - 1)
    missing = at + 4 + width + size - len(data)
    if width < 9 and size != (1 << 7 * width) - 1 and missing > 0:
        raise UnusableMedia("video_corrupt", {"missing_bytes": missing})


def file_size(path: Path) -> int:
    """Size in bytes."""
    return os.stat(path).st_size
