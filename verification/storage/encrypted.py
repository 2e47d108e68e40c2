"""A Django storage that encrypts objects and stores them in another one. An object's first folder names its key.

In any storage beneath, an object is encrypted under its owner's key and bound to its name. The storage beneath raises
OSError if it can't be reached, and FileNotFoundError if there is no such object.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils.deconstruct import deconstructible

from verification.crypto import NotDecrypted, Reader, seal
from verification.models import DataKey
from verification.storage import keys
from verification.storage.errors import IntegrityError, Unavailable
from verification.storage.files import DurableFileSystemStorage


class _Content(Reader):
    """The object's content; IntegrityError if it does not open, Unavailable if it can't be read now."""

    def _frames(self, first: int, last: int) -> list[bytes]:
        with _known_errors():
            return super()._frames(first, last)


class _Sealed(File):  # type: ignore[type-arg]
    """The encrypted form of a content, made while the storage beneath writes it; it can only be read in pieces."""

    def __init__(self, content: "File[Any]", data_key: bytes, name: str) -> None:
        super().__init__(None, name)
        self._pieces = seal(content, data_key=data_key, name=name)  # type: ignore[arg-type]

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        return self._pieces


@deconstructible
class EncryptedStorage(Storage):
    """`objects` names the storage beneath, as an entry of STORAGES does."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self._objects: Storage = storages.create_storage(objects)

    def initialise(self) -> None:
        """Prepare the storage beneath for its first object, if it has a marker that tells it from an empty place."""
        if isinstance(self._objects, DurableFileSystemStorage):
            with _known_errors():
                self._objects.initialise()

    def check_may_write(self) -> None:
        """Raises Unavailable if the storage beneath is a folder to which this process may not write."""
        if isinstance(self._objects, DurableFileSystemStorage):
            with _known_errors():
                self._objects.check_may_write()

    def folder(self) -> Path | None:
        """Where the storage beneath keeps its files, if it is a folder of this machine."""
        is_folder = isinstance(self._objects, DurableFileSystemStorage)
        return Path(self._objects.location) if is_folder else None  # type: ignore[attr-defined]

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("A stored object is never written again.")
        return self.open_with(None, name)

    def open_with(self, key: DataKey | None, name: str) -> "File[bytes]":
        """As `open`; `key` is the row of the owner's data key, if the caller has just read it."""
        data_key = keys.unwrapped(_owner(name), key)
        with _known_errors(FileNotFoundError):
            sealed = self._objects.open(name, "rb")
            try:
                return File(_Content(sealed, data_key=data_key, name=name), name)  # type: ignore[arg-type]
            except BaseException:
                sealed.close()
                raise

    def _save(self, name: str, content: "File[Any]") -> str:
        return self.save_with(None, name, content)

    def save_with(self, key: DataKey | None, name: str, content: "File[Any]") -> str:
        """As `save`, with `key` as in `open_with`."""
        data_key = keys.unwrapped(_owner(name), key)
        with _known_errors():
            saved = self._objects.save(name, _Sealed(content, data_key, name))
            if saved != name:
                # An object is bound to its name: it would not open under another one.
                self._objects.delete(saved)
                raise Unavailable("The storage gave the object another name.")
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        # Names are random, so no lookup is needed, and none is made.
        return name

    def delete(self, name: str) -> None:
        with _known_errors():
            self._objects.delete(name)

    def exists(self, name: str) -> bool:
        with _known_errors():
            return self._objects.exists(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _known_errors(FileNotFoundError):
            return self._objects.listdir(path)


@contextmanager
def _known_errors(*passed: type[OSError]) -> Iterator[None]:
    try:
        yield
    except NotDecrypted as error:
        raise IntegrityError("Stored object is not what was stored.") from error
    except OSError as error:
        if isinstance(error, (Unavailable, *passed)):
            raise
        raise Unavailable(type(error).__name__) from error


def _owner(name: str) -> str:
    return name.partition("/")[0]
