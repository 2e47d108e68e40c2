"""A folder of files in which a file is either whole and on the disk, or not there."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

DIRECTORY_MODE = 0o700
TEMPORARY = ".tmp-"
# On macOS fsync leaves the bytes in the drive's own memory; this doesn't.
_FULL_FLUSH: Final[int | None] = getattr(fcntl, "F_FULLFSYNC", None)


class DurableFileSystemStorage(FileSystemStorage):
    """Writes beside the place, flushes to the disk, then renames: a power cut after `save` loses nothing."""

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        with self._present():
            return File(open(self.path(name), mode))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with self._present():
            return super().listdir(path)

    def _save(self, name: str, content: "File[Any]") -> str:
        path = Path(self.path(name))
        _make_folder(path.parent)
        # Readable by its owner alone, as mkstemp makes it.
        descriptor, temporary = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                _flush(file.fileno())
            os.rename(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)
        return name

    @contextmanager
    def _present(self) -> Iterator[None]:
        """A disk that is not mounted holds no file either, and says nothing about any."""
        try:
            yield
        except FileNotFoundError as error:
            if not Path(self.location).is_dir():
                raise NotADirectoryError("The folder of all objects is not there.") from error
            raise


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    """The name of a new file is in its folder, which has to reach the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _flush(descriptor)
    finally:
        os.close(descriptor)


def _flush(descriptor: int) -> None:
    if _FULL_FLUSH is not None:
        try:
            fcntl.fcntl(descriptor, _FULL_FLUSH)
        except OSError:
            pass  # not every file system knows it
        else:
            return
    os.fsync(descriptor)
