"""A Django storage that encrypts what it keeps in another one. The key is named by the first folder of an object.

Whatever the storage beneath may be, an object lies in it encrypted under its owner's key and bound to its name.
"""

import tempfile
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils.deconstruct import deconstructible

from verification.crypto import NotDecrypted, Reader, seal
from verification.storage import keys
from verification.storage.errors import IntegrityError, Unavailable

# An encrypted object may wait on a disk; one of usual size need not.
IN_MEMORY = 64 * 1024 * 1024


class _Content(Reader):
    """The object's content; what does not open is an IntegrityError."""

    def _frame(self, number: int) -> bytes:
        try:
            return super()._frame(number)
        except NotDecrypted as error:
            raise IntegrityError("Stored object is not what was stored.") from error


@deconstructible
class EncryptedStorage(Storage):
    """`objects` names the storage beneath, as an entry of STORAGES does."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self._objects: Storage = storages.create_storage(objects)

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("A stored object is never written again.")
        data_key = keys.unwrapped(_owner(name))
        try:
            sealed = self._objects.open(name, "rb")
        except FileNotFoundError:
            raise
        # Each storage has its own errors for the same trouble, and not all are OSErrors.
        except Exception as error:
            raise Unavailable(type(error).__name__) from error
        try:
            return File(_Content(sealed, data_key=data_key, name=name), name)  # type: ignore[arg-type]
        except NotDecrypted as error:
            raise IntegrityError("Stored object is not what was stored.") from error

    def _save(self, name: str, content: "File[Any]") -> str:
        data_key = keys.unwrapped(_owner(name))
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as sealed:
            for piece in seal(content, data_key=data_key, name=name):  # type: ignore[arg-type]
                sealed.write(piece)
            sealed.seek(0)
            try:
                saved = self._objects.save(name, File(sealed))
            except Exception as error:
                raise Unavailable(type(error).__name__) from error
        if saved != name:
            # Bound to its name, it would not open under another one.
            self._objects.delete(saved)
            raise Unavailable("The storage gave the object another name.")
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        # Names are random: a look whether there is such an object would be a question without an answer.
        return name

    def delete(self, name: str) -> None:
        self._objects.delete(name)

    def exists(self, name: str) -> bool:
        return self._objects.exists(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return self._objects.listdir(path)


def _owner(name: str) -> str:
    return name.partition("/")[0]
