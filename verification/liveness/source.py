"""The photo or the video of a request, a buffer or an open file, read in slices any number of times.

What is read can be compared with the hash on record. A file is read twice, to hash and to send. Between the two its
slices stay in memory, as far as all calls of the process together keep no more than KEPT_MOST; each is let go of as it
is sent. So most files are opened and decrypted once, and a slow network fills no memory. This module does not know
Base64, JSON or limits.
"""

import hashlib
import mmap
import os
import threading
from collections import deque
from collections.abc import Iterator
from typing import Protocol

from .errors import MediaChanged, MediaUnreadable

# Bytes. A multiple of 3, so that encoded slices join without padding; 256 KiB each once encoded, because httpcore
# copies the unsent rest of a slice after every partial send.
SLICE = 192 * 1024
KEPT_MOST = 32 * 1024 * 1024  # bytes


class MediaFile(Protocol):
    """A file opened for reading bytes that can seek, from whatever storage it comes."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...


Buffer = bytes | bytearray | memoryview | mmap.mmap
Media = Buffer | MediaFile


class Source:
    """One of the two media; `size` is in bytes, as it was when the source was made.

    `sha256`, lower-case hex, is the hash on record, or None. Reading moves a file's position.
    """

    def __init__(self, name: str, media: Media, sha256: str | None = None) -> None:
        self.name = name
        self._media = media
        self._sha256 = sha256
        self.size = _size(media)
        self._kept: list[bytes] = []

    def check_size(self) -> None:
        if _size(self._media) != self.size:
            raise MediaChanged(self.name)

    def slices(self) -> Iterator[bytes | memoryview]:
        """All of it from the start; each slice is valid until the next one is requested.

        Raises MediaChanged if a file ends too early.
        """
        if isinstance(self._media, Buffer):
            return _cut(self._media)
        return self._take_kept() if self._kept else self._read(self._media)

    def slices_to_keep(self) -> Iterator[bytes | memoryview]:
        """The same; those of a file stay in memory until they are read again, or released, if there is room."""
        self.release()
        if isinstance(self._media, Buffer) or not _memory.take(self.size):
            return self.slices()
        return self._keep(self._media)

    def release(self) -> None:
        """Let go of what was kept."""
        if self._kept:
            self._kept = []
            _memory.give_back(self.size)

    def verified_slices(self) -> Iterator[bytes | memoryview]:
        """As `slices_to_keep`, but raises MediaChanged at the end if the hash is not the one on record."""
        return self.slices_to_keep() if self._sha256 is None else self._hashed(self._sha256)

    def verify(self) -> None:
        """Read all of it and raise that error if it applies; without a hash on record it reads nothing."""
        if self._sha256 is not None:
            self.check_size()
            deque(self._hashed(self._sha256), maxlen=0)

    def _hashed(self, expected: str) -> Iterator[bytes | memoryview]:
        digest = hashlib.sha256()
        for piece in self.slices_to_keep():
            digest.update(piece)
            yield piece
        if digest.hexdigest() != expected:
            del piece  # a traceback that shows variables must not show a face
            raise MediaChanged(self.name)

    def _keep(self, file: MediaFile) -> Iterator[bytes]:
        kept: list[bytes] = []
        try:
            for piece in self._read(file):
                kept.append(piece)
                yield piece
            self._kept = kept
        finally:
            if not self._kept:  # the pass was not read to its end
                _memory.give_back(self.size)

    def _take_kept(self) -> Iterator[bytes]:
        kept, self._kept = self._kept[::-1], []
        try:
            while kept:
                yield kept.pop()
        finally:
            _memory.give_back(self.size)

    def _read(self, file: MediaFile) -> Iterator[bytes]:
        file.seek(0)
        for start in range(0, self.size, SLICE):
            wanted = min(SLICE, self.size - start)
            piece = self._piece(file, wanted)
            if len(piece) != wanted:
                del piece
                raise MediaChanged(self.name)
            yield piece

    def _piece(self, file: MediaFile, size: int) -> bytes:
        try:
            return _read_all(file, size)
        except OSError as error:
            raise MediaUnreadable(self.name) from error


class _Memory:
    """How many bytes all calls of this process keep. It is no bound on anything that must not fail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    def take(self, size: int) -> bool:
        with self._lock:
            fits = 0 < size <= KEPT_MOST - self._taken
            self._taken += size if fits else 0
            return fits

    def give_back(self, size: int) -> None:
        with self._lock:
            self._taken -= size


_memory = _Memory()


def _size(media: Media) -> int:
    if not isinstance(media, Buffer):
        return media.seek(0, os.SEEK_END)
    with memoryview(media) as view:
        return view.nbytes


def _cut(media: Buffer) -> Iterator[memoryview]:
    # The views are released as soon as the pass ends: otherwise the owner could not close a memory map.
    with memoryview(media) as any_shape, any_shape.cast("B") as view:
        for start in range(0, view.nbytes, SLICE):
            with view[start : start + SLICE] as piece:
                yield piece


def _read_all(file: MediaFile, size: int) -> bytes:
    """So many bytes, from a file whose read may return less; fewer only at its end."""
    piece = file.read(size)
    if len(piece) == size or not piece:
        return piece
    pieces = [piece]
    while piece and (missing := size - sum(map(len, pieces))) > 0:
        piece = file.read(missing)
        pieces.append(piece)
    return b"".join(pieces)
