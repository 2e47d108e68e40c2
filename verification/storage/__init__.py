"""Evidence files: server-made names, and never read but as the very bytes that were stored."""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import InterfaceError, OperationalError

_BLOCK = 256 * 1024


class IntegrityError(Exception):
    """A stored object is missing or is not the bytes that were stored. It must not be used."""


@dataclass(frozen=True)
class StoredObject:
    name: str
    sha256: str
    size: int


def store(kind: str, data: bytes) -> StoredObject:
    """Write `data` under a new random name in the folder `kind`."""
    name = storages["evidence"].save(_new_name(kind), ContentFile(data))
    return StoredObject(name, hashlib.sha256(data).hexdigest(), len(data))


Store = Callable[[str, bytes], StoredObject]


@contextmanager
def dropped_on_error() -> Iterator[Store]:
    """Gives a `store` whose objects are deleted again if the block ends in an error and no row can know them."""
    names: list[str] = []

    def store_for_now(kind: str, data: bytes) -> StoredObject:
        stored = store(kind, data)
        names.append(stored.name)
        return stored

    try:
        yield store_for_now
    except (OperationalError, InterfaceError):
        # The connection died: perhaps the row was committed. An object too many is better than one too few.
        raise
    except BaseException:
        for name in names:
            delete(name)
        raise


def store_file(kind: str, file: BinaryIO) -> StoredObject:
    """Like `store`, for a file too large for memory: `file` is read in blocks, once to hash and once to write."""
    file.seek(0)
    sha256 = _digest(file)
    size = file.tell()
    file.seek(0)
    return StoredObject(storages["evidence"].save(_new_name(kind), File(file)), sha256, size)


def read(name: str, *, sha256: str) -> bytes:
    """The object's bytes; IntegrityError unless their SHA-256 is the one given."""
    with open_checked(name, sha256=sha256) as file:
        return file.read()


def open_unchecked(name: str) -> BinaryIO:
    """The object as a file, for a reader that compares its SHA-256 by itself.

    IntegrityError if it is gone; OSError if the machine can't read it now, which says nothing about the object.
    """
    try:
        return storages["evidence"].open(name, "rb")  # type: ignore[return-value]
    except FileNotFoundError as error:
        raise IntegrityError("Stored object is gone.") from error


def open_checked(name: str, *, sha256: str) -> BinaryIO:
    """The object as a file at its start, read through once in blocks; IntegrityError unless it has this SHA-256."""
    file = open_unchecked(name)
    if _digest(file) != sha256:
        file.close()
        raise IntegrityError("Stored object is not what was stored.")
    file.seek(0)
    return file


def _new_name(kind: str) -> str:
    random = secrets.token_hex(16)
    return f"{kind}/{random[:2]}/{random}.bin"


def delete(name: str) -> None:
    storages["evidence"].delete(name)


def _digest(file: "BinaryIO | File[Any]") -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
