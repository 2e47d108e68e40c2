"""Evidence files: server-made names, encrypted under their owner's key, read only as the bytes that were stored.

All objects of an owner lie in the folder that is named after its data key, those included that no row names. So the
folder lists every copy, and destroying the key makes all of them unreadable.
"""

import hashlib
import io
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.core.files.base import File
from django.core.files.storage import storages
from django.db import InterfaceError, OperationalError

from verification.models import Applicant, DataKey
from verification.storage.errors import IntegrityError, KeyDestroyed, Unavailable
from verification.storage.keys import (
    Rewrapped,
    destroy,
    key_of,
    keyring,
    new_key,
    rewrap,
    ring_opens,
    seal_for,
    to_rewrap,
    unseal_for,
)

__all__ = [
    "IntegrityError",
    "KeyDestroyed",
    "Rewrapped",
    "Room",
    "Store",
    "StoredObject",
    "Unavailable",
    "answers",
    "copies",
    "delete",
    "destroy",
    "dropped_on_error",
    "erase",
    "folder",
    "key_of",
    "keyring",
    "new_key",
    "open_checked",
    "open_unchecked",
    "place_answers",
    "read",
    "rewrap",
    "ring_opens",
    "room",
    "seal_for",
    "store",
    "store_file",
    "to_rewrap",
    "unseal_for",
]

_BLOCK = 256 * 1024


@dataclass(frozen=True)
class StoredObject:
    name: str
    sha256: str
    size: int


def store(key: DataKey, kind: str, data: bytes) -> StoredObject:
    """Encrypt `data` under `key` and write it under a new random name; once this returns, a power cut does not lose it.

    `key` is a row as it was read just now. Raises Unavailable if the store can't take it now.
    """
    name = _evidence().save_with(key, _new_name(key, kind), File(io.BytesIO(data)))
    return StoredObject(name, hashlib.sha256(data).hexdigest(), len(data))


Store = Callable[[str, bytes], StoredObject]


@contextmanager
def dropped_on_error(applicant: Applicant, key: DataKey | None = None) -> Iterator[Store]:
    """Gives a `store` function; its objects are deleted again if the block raises and no row can name them.

    `key` is the applicant's, if the caller has just read it.
    """
    names: list[str] = []

    def store_for_now(kind: str, data: bytes) -> StoredObject:
        stored = store(key or key_of(applicant), kind, data)
        names.append(stored.name)
        return stored

    try:
        yield store_for_now
    except (OperationalError, InterfaceError):
        # The connection died, so the row may be committed: keep the objects. One too many is better than one lost.
        raise
    except BaseException:
        for name in names:
            # A failed deletion must not hide the error of the block; `copies` lists what stays behind.
            with suppress(OSError):
                delete(name)
        raise


def store_file(key: DataKey, kind: str, file: BinaryIO) -> StoredObject:
    """Like `store`, for a file too large for memory: `file` is read in blocks, once to hash and once to write."""
    file.seek(0)
    sha256 = _digest(file)
    size = file.tell()
    file.seek(0)
    return StoredObject(storages["evidence"].save(_new_name(key, kind), File(file)), sha256, size)


def read(name: str, *, sha256: str, key: DataKey | None = None) -> bytes:
    """The object's bytes; IntegrityError unless they have this SHA-256. `key` as in `open_unchecked`."""
    with open_unchecked(name, key) as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise IntegrityError("Stored object is not what was stored.")
    return data


def open_unchecked(name: str, key: DataKey | None = None) -> BinaryIO:
    """The object as a file to read and seek in, for a reader that compares its SHA-256 by itself or needs a part.

    Each frame that is read is still authenticated: a holder of the key wrote it under this name. IntegrityError if it
    was changed or the object is gone; OSError if the machine can't read now, which proves nothing about the object.
    `key` is the row of the owner's data key, if the caller has just read it.
    """
    try:
        return _evidence().open_with(key, name)  # type: ignore[no-any-return]
    except FileNotFoundError as error:
        raise IntegrityError("Stored object is gone.") from error


def open_checked(name: str, *, sha256: str) -> BinaryIO:
    """The object as a file at its start, read through once in blocks; IntegrityError unless it has this SHA-256."""
    with ExitStack() as until_checked:
        file = until_checked.enter_context(open_unchecked(name))
        if _digest(file) != sha256:
            raise IntegrityError("Stored object is not what was stored.")
        file.seek(0)
        until_checked.pop_all()
    return file


def delete(name: str) -> None:
    storages["evidence"].delete(name)


def copies(key: DataKey) -> list[str]:
    """The names of all objects under `key`: those that rows name, and those that a crash left behind."""
    try:
        _, files = storages["evidence"].listdir(key.public_id)
    except FileNotFoundError:
        return []
    return [f"{key.public_id}/{name}" for name in sorted(files)]


def answers() -> bool:
    """Does the store answer, and may this process write to it?

    True until the first data key is made, because the place need not exist before.
    It lists, because a request for one object can't tell a missing bucket from a missing object.
    """
    return not DataKey.objects.exists() or place_answers()


def place_answers() -> bool:
    """The same without a question to the database: False as well if the place was never made."""
    try:
        with suppress(FileNotFoundError):
            storages["evidence"].listdir("nobody")
        storages["evidence"].check_may_write()  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


def folder() -> Path | None:
    """The folder of all objects; None if they lie in a bucket."""
    found: Path | None = _evidence().folder()
    return found


@dataclass(frozen=True)
class Room:
    """Of a disk, in bytes. `free` is what this process may use."""

    free: int
    total: int


def room(place: Path) -> Room:
    """Of the disk on which `place` lies."""
    usage = shutil.disk_usage(place)
    return Room(usage.free, usage.total)


def erase(key: DataKey, *, now: datetime) -> int:
    """Destroy `key`, then delete every object under it; returns how many there were.

    In that order, because copies in backups, on disk sectors or after a failed deletion are then unreadable.
    """
    destroy(key, now=now)
    names = copies(key)
    for name in names:
        delete(name)
    return len(names)


def _new_name(key: DataKey, kind: str) -> str:
    return f"{key.public_id}/{kind}-{secrets.token_hex(16)}.bin"


def _evidence() -> Any:
    return storages["evidence"]


def _digest(file: "BinaryIO | File[Any]") -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
