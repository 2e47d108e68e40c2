"""Builds the request body without ever holding it.

A body is up to ten megabytes, and dozens are in flight at once. Base64 needs no JSON escaping, so the body
is a few fixed bytes around two encoded files: one pass of slices for the hash, a second one for the wire.
It must not know how the bytes travel or where they were stored.
"""

import hashlib
import mmap
import re
from collections.abc import Iterator

import pybase64

from .errors import EmptyMedia, RequestTooLarge, UnsupportedChallenge

Media = bytes | bytearray | memoryview | mmap.mmap

# CompareFaceLiveness page, Input Parameters: sizes count after Base64. The page says MB without saying
# which, so the smaller reading holds.
IMAGE_LIMIT = 3_000_000
VIDEO_LIMIT = 8_000_000
# API 3.0 "Signature v3" page: 10 MB for a POST, which is less than both files at their own limits.
BODY_LIMIT = 10_000_000

# A multiple of 3, so that encoded slices join without padding; 256 KiB each once encoded, because httpcore
# copies the unsent rest of a slice after every partial send.
SLICE = 192 * 1024

_ONE_OR_TWO_ACTIONS = re.compile(r"([1-4])(?:,(?!\1)[1-4])?")


class RequestBody:
    """The JSON body of one CompareFaceLiveness call; may be iterated any number of times.

    `mode` is "ACTION" with one or two different `actions` ("4,2"; 1 open mouth, 2 blink, 3 nod, 4 shake
    head) or "SILENT" with none. `photo` and `video` are any contiguous buffers and are not copied; a
    memory map must stay open until the call is over. Raises EmptyMedia, RequestTooLarge or
    UnsupportedChallenge before anything is sent.
    """

    def __init__(self, photo: Media, video: Media, *, mode: str, actions: str) -> None:
        check_challenge(mode, actions)
        photo_size = check_media("ImageBase64", photo, IMAGE_LIMIT)
        video_size = check_media("VideoBase64", video, VIDEO_LIMIT)
        head = f'{{"LivenessType":"{mode}","ValidateData":"{actions}","ImageBase64":"'
        self._frame = (head.encode("ascii"), b'","VideoBase64":"', b'"}')
        self._photo, self._video = photo, video
        self._sha256: str | None = None
        self.size = sum(map(len, self._frame)) + photo_size + video_size
        if self.size > BODY_LIMIT:
            raise RequestTooLarge(BODY_LIMIT, self.size, "body")

    def __iter__(self) -> Iterator[bytes]:
        head, between, tail = self._frame
        yield head
        yield from encoded(self._photo)
        yield between
        yield from encoded(self._video)
        yield tail

    def sha256_hex(self) -> str:
        """SHA-256 of the body as sent, lower-case hex; one pass, remembered."""
        if self._sha256 is None:
            digest = hashlib.sha256()
            for piece in self:
                digest.update(piece)
            self._sha256 = digest.hexdigest()
        return self._sha256

    def __repr__(self) -> str:
        return f"RequestBody({self.size} bytes)"


def check_challenge(mode: str, actions: str) -> None:
    """CompareFaceLiveness page, Input Parameters: LivenessType and ValidateData."""
    if mode == "SILENT" and actions == "":
        return
    if mode == "ACTION" and _ONE_OR_TWO_ACTIONS.fullmatch(actions):
        return
    raise UnsupportedChallenge(mode, actions)


def check_media(name: str, media: Media, limit: int) -> int:
    """Bytes that `media` takes up once encoded; raises EmptyMedia or RequestTooLarge."""
    with memoryview(media) as view:
        size = encoded_size(view.nbytes)
    if size == 0:
        raise EmptyMedia(name)
    if size > limit:
        raise RequestTooLarge(limit, size, name)
    return size


def encoded_size(size: int) -> int:
    return (size + 2) // 3 * 4


def encoded(media: Media) -> Iterator[bytes]:
    # The views are released as soon as the pass ends, or the owner could not close a memory map.
    with memoryview(media) as any_shape, any_shape.cast("B") as view:
        for start in range(0, view.nbytes, SLICE):
            with view[start : start + SLICE] as piece:
                yield pybase64.b64encode(piece)
