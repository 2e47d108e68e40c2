"""A folder of files in which a file is either whole and on the disk, or not there."""

import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

DIRECTORY_MODE = 0o700
TEMPORARY = ".tmp-"


class DurableFileSystemStorage(FileSystemStorage):
    """Writes beside the place, flushes to the disk, then renames: a power cut after `save` loses nothing."""

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
                os.fsync(file.fileno())
            os.rename(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)
        return name


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
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
