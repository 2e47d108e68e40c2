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
from verification.media.outline import boxes, readable

MAX_PIXELS: Final = 1920 * 1920
_MATROSKA: Final = b"\x1a\x45\xdf\xa3"
# Bytes of an MP4's tables: 44 for each picture (times 16, size 4, key 4, chunk 20), and the rest.
_TABLE_ROW: Final = 48
_TABLE_ROOM: Final = 4096


def sniff(data: bytes) -> str:
    """FFmpeg's name of the container, mov or matroska; raises UnusableMedia for any other file."""
    if not data:
        raise UnusableMedia("empty_file")
    if data.startswith(_MATROSKA):
        return "matroska"
    if data[4:8] == b"ftyp":
        return "mov"
    raise UnusableMedia("unsupported_video_type")


@contextmanager
def open_video(data: bytes) -> Iterator[InputContainer]:
    """The opened container; FFmpeg's errors inside the block become UnusableMedia."""
    container = sniff(data)
    data = readable(data, container)
    with (
        translated_errors(),
        av.open(
            _Forward(data) if container == "matroska" else io.BytesIO(data),
            "r",
            format=container,
            options={"protocol_whitelist": ""},
            io_open=_refuse_to_open,
            metadata_errors="replace",  # nothing is read from titles and names, so they may have any encoding
        ) as file,
    ):
        yield file


class _Forward:
    """A Matroska file that FFmpeg reads from front to back, as `outline` did. It can't make FFmpeg seek elsewhere."""

    def __init__(self, data: bytes) -> None:
        self.read = io.BytesIO(data).read


@contextmanager
def create_mp4(out: io.BytesIO, *, pictures: int, header: int) -> Iterator[OutputContainer]:
    """An MP4 to be written to `out` with its tables in front, so that it plays before it is wholly loaded.

    FFmpeg can move the tables afterwards only in a file that it can open again. So this reserves room for the tables
    of so many `pictures` and a codec `header` of so many bytes. Raises FFmpegError at the end if the room is too small.
    """
    room = _TABLE_ROOM + header + _TABLE_ROW * pictures
    with av.open(out, "w", format="mp4", options={"moov_size": str(room)}) as file:
        yield file


def check_order(mp4: bytes) -> None:
    """Raise UnusableMedia unless the tables of the MP4 stand in front of its pictures."""
    kinds = [kind for kind, _, _ in boxes(mp4, 0, len(mp4)) if kind != b"free"]
    if kinds != [b"ftyp", b"moov", b"mdat"]:
        raise UnusableMedia("video_corrupt")


def _refuse_to_open(*_: Any) -> NoReturn:
    """Refuse each further file that a file refers to."""
    raise UnusableMedia("video_external_reference")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate FFmpeg's errors: the file is broken, or needs more memory than the child may use."""
    try:
        yield
    except (UnusableMedia, MediaUnavailable, MemoryError, ImportError):
        raise
    except FFmpegError as error:
        raise UnusableMedia("media_out_of_memory" if error.errno == ENOMEM else "video_corrupt") from error
    # Broken files also raise UnicodeDecodeError, AttributeError, OverflowError and others from inside PyAV.
    except Exception as error:
        raise UnusableMedia("video_corrupt") from error
