"""A folder or a bucket: each checkpoint is an object of its own, which is never written again.

The name is made from the size, three digits a folder, so that the newest is found with few listings and without a
clock: `kyc.example.com/trail/000/000/012/345.checkpoint`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar, Final

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from verification import outside
from verification.anchors.place import EACH, Found, Newest, NotTaken, Taken
from verification.storage.files import DurableFileSystemStorage
from verification.transparency import notes

# Seconds for everything that one look or one checkpoint takes. A disk on a network may hang.
PATIENCE: Final = 15.0
# What lies there need not be ours: so many are looked at, the newest first, and so much is read of each.
MAX_LOOKED_AT: Final = 5
_DIGITS: Final = 12
_FOLDER: Final = re.compile(r"[0-9]{3}")
_OBJECT: Final = re.compile(r"([0-9]{3})\.checkpoint")


@dataclass(frozen=True)
class Kept:
    address: str
    objects: Any  # an entry of Django's STORAGES
    every: ClassVar[timedelta] = EACH

    @cached_property
    def _storage(self) -> Any:
        return storages.create_storage(self.objects)

    @property
    def is_folder(self) -> bool:
        return isinstance(self._storage, DurableFileSystemStorage)

    def prepare(self) -> bool:
        """Make the folder's marker, which tells it from a disk that is not mounted; False if it has one."""
        if not self.is_folder or self._storage.is_initialised():
            return False
        self._storage.initialise()
        return True

    def take(self, newest: Newest, before: int) -> Taken:
        def put() -> tuple[int, str]:
            return newest.size, self._put(newest)

        asked = f"anchor takes {self.address}"
        answer = outside.answers(outside.ask({asked: put}), PATIENCE)[asked]
        # An answer about another size is that of an earlier try, which hung until now.
        if answer is None or answer[0] != newest.size:
            raise NotTaken("no_answer")
        if answer[1] not in {"", "not_locked"}:
            raise NotTaken(answer[1])
        return Taken(doubt=answer[1])

    def found(self, origin: str, newest: Newest | None) -> list[Found]:
        return [self._read(name, size) for name, size in islice(self._names(origin), MAX_LOOKED_AT)]

    def _put(self, newest: Newest) -> str:
        """The code of what is wrong."""
        name = name_of(newest.origin, newest.size)
        try:
            if not self._storage.exists(name):
                self._storage.save(name, ContentFile(newest.note.encode()))
            return "" if self.is_folder or self._storage.is_locked(name) else "not_locked"
        except OSError:
            return "not_reached"

    def _read(self, name: str, size: int) -> Found:
        return Found(size, self._storage.beginning(name, notes.MAX_BYTES + 1).decode(errors="replace"))

    def _names(self, origin: str) -> Iterator[tuple[str, int]]:
        """The names with their sizes, the largest first."""
        return self._below(origin, "")

    def _below(self, folder: str, digits: str) -> Iterator[tuple[str, int]]:
        try:
            folders, objects = self._storage.listdir(folder)
        except FileNotFoundError:  # nothing was put there yet
            return
        if len(digits) == _DIGITS - 3:
            for name in sorted(filter(_OBJECT.fullmatch, objects), reverse=True):
                yield f"{folder}/{name}", int(digits + name[:3])
            return
        for name in sorted(filter(_FOLDER.fullmatch, folders), reverse=True):
            yield from self._below(f"{folder}/{name}", digits + name)


def name_of(origin: str, size: int) -> str:
    digits = f"{size:0{_DIGITS}d}"
    return f"{origin}/{'/'.join(digits[at : at + 3] for at in range(0, _DIGITS, 3))}.checkpoint"
