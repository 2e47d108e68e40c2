"""The framed cipher: AES-256-GCM over frames of 64 KiB, so that a reader can start anywhere.

An object is a header (4 bytes of magic, 32 of salt) and its frames, each with a tag of 16 bytes. Its key is derived
from the owner's data key, the salt and the object's name, so no nonce is ever used twice, and an object that was moved
to another's place does not open. A frame's nonce is its number and a mark on the last frame, so an object with frames
missing, swapped, repeated or cut off does not open either. The construction is STREAM (Hoang, Reyhanitabar, Rogaway
and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015).
"""

import io
import os
import secrets
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FRAME: Final = 64 * 1024  # bytes of content in every frame but the last
TAG: Final = 16
SEALED: Final = FRAME + TAG
MAGIC: Final = b"KYC\x01"
HEADER: Final = len(MAGIC) + 32
_NONCE: Final = struct.Struct("!3xQ?")
_PURPOSE: Final = b"kyc object 1\0"


class NotDecrypted(Exception):
    """The object does not open: another key, another name, or other bytes than were written."""


def seal(content: BinaryIO, *, data_key: bytes, name: str) -> Iterator[bytes]:
    """The encrypted form of `content`, from its position to its end, in pieces; `name` is the name of the object."""
    header = MAGIC + secrets.token_bytes(HEADER - len(MAGIC))
    cipher = _cipher(data_key, header, name)
    yield header
    number, frame = 0, _full(content)
    while True:
        following = _full(content)
        yield cipher.encrypt(_NONCE.pack(number, not following), frame, None)
        if not following:
            return
        number, frame = number + 1, following


def _full(content: BinaryIO) -> bytes:
    """The next frame. A read may return less before the end of the file; only the last frame may be short."""
    frame = content.read(FRAME)
    while 0 < len(frame) < FRAME and (more := content.read(FRAME - len(frame))):
        frame += more
    return frame


class Reader(io.RawIOBase):
    """The content of an encrypted object as a file to read and seek in; only the frames that are read are decrypted.

    `sealed` is the object as a file that can seek. Raises NotDecrypted at once unless the object's last frame opens,
    which proves its key, its name and its length; and on reading, for a frame that was changed.
    """

    def __init__(self, sealed: BinaryIO, *, data_key: bytes, name: str) -> None:
        super().__init__()
        self._sealed = sealed
        body = sealed.seek(0, os.SEEK_END) - HEADER
        self._last, over = divmod(body - 1, SEALED)
        self.size = self._last * FRAME + over + 1 - TAG
        sealed.seek(0)
        header = sealed.read(HEADER)
        if body < TAG or over + 1 < TAG or not header.startswith(MAGIC):
            raise NotDecrypted("This is not an encrypted object.")
        self._cipher = _cipher(data_key, header, name)
        self._at, self._kept = 0, (-1, b"")
        self._frames(self._last, self._last)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}.get(whence)
        if start is None or start + offset < 0:
            raise ValueError("There is no such place.")
        self._at = start + offset
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes, or all that are left; fewer only at the end."""
        left = max(0, self.size - self._at)
        size = left if size is None or size < 0 else min(size, left)
        if size == 0:
            return b""
        first, skipped = divmod(self._at, FRAME)
        frames = self._frames(first, (self._at + size - 1) // FRAME)
        content = frames[0] if len(frames) == 1 else b"".join(frames)
        self._at += size
        return content if len(content) == size else content[skipped : skipped + size]

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._kept = (-1, b"")
        self._sealed.close()
        super().close()

    def _frames(self, first: int, last: int) -> list[bytes]:
        """The content of these frames; the last one is cached, for readers that read a few bytes at a time."""
        if first == last == self._kept[0]:
            return [self._kept[1]]
        self._sealed.seek(HEADER + first * SEALED)
        sealed = memoryview(self._sealed.read((last + 1 - first) * SEALED))
        try:
            frames = [
                self._cipher.decrypt(
                    _NONCE.pack(number, number == self._last),
                    sealed[(number - first) * SEALED : (number + 1 - first) * SEALED],
                    None,
                )
                for number in range(first, last + 1)
            ]
        except (InvalidTag, ValueError):
            raise NotDecrypted("The object does not open.") from None
        self._kept = (last, frames[-1])
        return frames


def _cipher(data_key: bytes, header: bytes, name: str) -> AESGCM:
    derive = HKDF(algorithm=SHA256(), length=32, salt=header, info=_PURPOSE + name.encode())
    return AESGCM(derive.derive(data_key))
