"""A folder of files in which a file is either whole and on the disk, or not there.

A marker file tells the folder from the empty mount point of a disk that is not mounted. `initialise` makes it, before
anything is stored; without it nothing is read, written or deleted.
"""

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

from verification.storage.errors import Unavailable

DIRECTORY_MODE = 0o700
MARKER: Final = ".kyc-objects"
TEMPORARY = ".tmp-"
# On macOS fsync leaves the bytes in the drive's cache; F_FULLFSYNC does not.
_FULL_FLUSH: Final[int | None] = getattr(fcntl, "F_FULLFSYNC", None)


class DurableFileSystemStorage(FileSystemStorage):
    """Writes to a temporary file, flushes it to the disk, then renames it: a power cut after `save` loses nothing."""

    def initialise(self) -> None:
        """Make the folder and its marker; for a place in which nothing was ever stored. Idempotent."""
        folder = Path(self.location)
        _make_folder(folder)
        # Other entries are no reason to refuse: a new disk comes with `lost+found`.
        descriptor = os.open(folder / MARKER, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            _flush(descriptor)
        finally:
            os.close(descriptor)
        _flush_folder(folder)

    def check_may_write(self) -> None:
        """Raises PermissionError if this process may not write to the folder, or the disk is read-only."""
        if not os.access(self.location, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "The folder of all objects can't be written to.")

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        with self._present():
            return File(open(self.path(name), mode))

    def beginning(self, name: str, most: int) -> bytes:
        """The first bytes of a file that anybody may have put there, however large it is."""
        with self._present(), open(self.path(name), "rb") as file:
            return file.read(most)

    def is_initialised(self) -> bool:
        return (Path(self.location) / MARKER).exists()

    def exists(self, name: str) -> bool:
        with self._present():
            return super().exists(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with self._present():
            return super().listdir(path)

    def delete(self, name: str) -> None:
        with self._present():
            super().delete(name)

    def _save(self, name: str, content: "File[Any]") -> str:
        with self._present():
            return self._write(name, content)

    def _write(self, name: str, content: "File[Any]") -> str:
        path = Path(self.path(name))
        _make_folder(path.parent, below=Path(self.location))
        # mkstemp makes it readable by its owner alone.
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
        """Raises if the marker is missing: on a disk that is not mounted a missing file proves nothing."""
        self._check_marker()
        try:
            yield
        except FileNotFoundError:
            self._check_marker()  # the disk may have been unmounted meanwhile
            raise

    def _check_marker(self) -> None:
        try:
            os.stat(Path(self.location) / MARKER)
        except FileNotFoundError as error:
            raise Unavailable("The folder of all objects is not there, or lacks its marker.") from error


def _make_folder(folder: Path, *, below: Path | None = None) -> None:
    """Make the folder and those above it; `below` must exist already."""
    if folder.is_dir():
        return
    if folder != below:
        _make_folder(folder.parent, below=below)
    folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    """Flush the folder, which holds the name of a new file, to the disk too."""
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
            pass  # not every file system supports it
        else:
            return
    os.fsync(descriptor)
