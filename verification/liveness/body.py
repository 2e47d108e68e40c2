"""Builds the request body without ever holding it.

A body has up to ten megabytes, and dozens are in flight at once. Base64 needs no JSON escaping, so the body is a few
fixed bytes around two encoded files: one pass of slices computes the hash, a second one is sent. This module knows
neither how the bytes travel nor where they are stored.
"""

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pybase64

from .errors import (
    EmptyMedia,
    MediaChanged,
    MediaUnreadable,
    RequestTooLarge,
    UnsupportedChallenge,
    VideoTooLarge,
    clear_variables,
)
from .source import Media, Source

# CompareFaceLiveness page, Input Parameters: sizes count after Base64. The page says MB without saying
# which, so the smaller reading holds.
IMAGE_LIMIT = 3_000_000
VIDEO_LIMIT = 8_000_000
# API 3.0 "Signature v3" page: 10 MB for a POST, which is less than both files at their own limits.
BODY_LIMIT = 10_000_000

_ONE_OR_TWO_ACTIONS = re.compile(r"([1-4])(?:,(?!\1)[1-4])?")


class RequestBody:
    """The JSON body of one CompareFaceLiveness call; may be iterated any number of times, by one thread at a time.

    `mode` is "ACTION" with one or two different `actions` ("4,2"; 1 open mouth, 2 blink, 3 nod, 4 shake
    head) or "SILENT" with none. `photo` and `video` are contiguous buffers, which are not copied, or files opened
    for reading bytes that can seek, of which one slice is held at a time; closing them is up to the caller, after
    the call. `photo_sha256` and `video_sha256`, lower-case hex, are the hashes on record, and `sha256` is that of the
    whole body, which proves both media in the pass that the signature needs anyway. Raises EmptyMedia,
    RequestTooLarge, VideoTooLarge or UnsupportedChallenge before anything is sent.
    """

    def __init__(
        self,
        photo: Media,
        video: Media,
        *,
        mode: str,
        actions: str,
        photo_sha256: str | None = None,
        video_sha256: str | None = None,
        sha256: str | None = None,
    ) -> None:
        try:
            self._photo = Source("ImageBase64", photo, photo_sha256)
            self._video = Source("VideoBase64", video, video_sha256)
        finally:
            del photo, video  # a traceback that shows variables must not show faces
        self.size = encoded_size(self._photo.size) + encoded_size(self._video.size)
        check_challenge(mode, actions)
        head = f'{{"LivenessType":"{mode}","ValidateData":"{actions}","ImageBase64":"'
        self._frame = (head.encode("ascii"), b'","VideoBase64":"', b'"}')
        self.size += sum(map(len, self._frame))
        self._sha256: str | None = None
        self._on_record = sha256
        self._verified = False
        check_media(self._photo, IMAGE_LIMIT, RequestTooLarge)
        check_media(self._video, VIDEO_LIMIT, VideoTooLarge)
        if self.size > BODY_LIMIT:
            raise VideoTooLarge(BODY_LIMIT, self.size, "body")

    def __iter__(self) -> Iterator[bytes]:
        """The body in pieces; raises MediaChanged before the first one if a size has changed."""
        return self._pass(Source.slices)

    def sha256_hex(self) -> str:
        """SHA-256 of the body as sent, lower-case hex; computed in one pass and cached.

        Raises MediaChanged if the media do not have the hashes on record.
        """
        if self._sha256 is None:
            digest = hashlib.sha256()
            read = Source.slices_to_keep if self._on_record else Source.verified_slices
            with _clearing_variables():
                deque(map(digest.update, self._pass(read)), maxlen=0)
            if self._on_record and digest.hexdigest() != self._on_record:
                raise MediaChanged("body")
            self._sha256, self._verified = digest.hexdigest(), True
        return self._sha256

    def verify(self) -> None:
        """Raises MediaChanged unless the media have the hashes on record; without hashes it reads nothing."""
        if not self._verified:
            with _clearing_variables():
                self._photo.verify()
                self._video.verify()
            self._verified = True

    def release(self) -> None:
        """Let go of what is in memory; to be called when the body is needed no longer."""
        self._photo.release()
        self._video.release()

    def __repr__(self) -> str:
        return f"RequestBody({self.size} bytes)"

    def _pass(self, read: Callable[[Source], Iterator[bytes | memoryview]]) -> Iterator[bytes]:
        self._photo.check_size()
        self._video.check_size()
        head, between, tail = self._frame
        yield head
        yield from map(pybase64.b64encode, read(self._photo))
        yield between
        yield from map(pybase64.b64encode, read(self._video))
        yield tail


@contextmanager
def _clearing_variables() -> Iterator[None]:
    """A traceback that shows variables must not show a face."""
    try:
        yield
    except (MediaChanged, MediaUnreadable) as error:
        clear_variables(error)
        raise


def check_challenge(mode: str, actions: str) -> None:
    """CompareFaceLiveness page, Input Parameters: LivenessType and ValidateData."""
    if mode == "SILENT" and actions == "":
        return
    if mode == "ACTION" and _ONE_OR_TWO_ACTIONS.fullmatch(actions):
        return
    raise UnsupportedChallenge(mode, actions)


def check_media(source: Source, limit: int, too_large: type[RequestTooLarge]) -> None:
    """Raises EmptyMedia or `too_large`."""
    size = encoded_size(source.size)
    if size == 0:
        raise EmptyMedia(source.name)
    if size > limit:
        raise too_large(limit, size, source.name)


def encoded_size(size: int) -> int:
    return (size + 2) // 3 * 4
