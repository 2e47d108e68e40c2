"""Files to send: valid ones, and ones that change while they are read."""

import io
from collections.abc import Callable


class Counting(io.BytesIO):
    """Counts the bytes that were read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.count += len(piece)
        return piece


class Trickle(io.BytesIO):
    """Returns at most 1000 bytes a read, as an encrypted storage may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size, 1000) if size and size > 0 else 1000)


class Touched(io.BytesIO):
    """Changes itself before the read with a given number, counted from 1."""

    def __init__(self, content: bytes, at: int, touch: Callable[[io.BytesIO], object]) -> None:
        super().__init__(content)
        self.left = at
        self.touch = touch

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= 1
        if self.left == 0:
            self.touch(self)
        return super().read(size)


def cut(file: io.BytesIO) -> None:
    """Removes the last byte; the position stays."""
    file.truncate(len(file.getvalue()) - 1)


def extend(file: io.BytesIO) -> None:
    position = file.seek(0, io.SEEK_CUR)
    file.seek(0, io.SEEK_END)
    file.write(b"more")
    file.seek(position)


def flip(file: io.BytesIO) -> None:
    """Flips one bit of the last byte."""
    with file.getbuffer() as view:
        view[-1] ^= 1


def fail(_: io.BytesIO) -> None:
    raise OSError("CANARY: input/output error")
