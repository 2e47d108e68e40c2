"""The log as static files (C2SP tlog-tiles): entries, hashes and the newest checkpoint, for anybody's reader.

The checkpoint is written last, so that whoever reads it finds everything below it. A run that was cut short is made up
for by the next one: what lies behind the published checkpoint is written again. Nothing that was published changes.
"""

import os
import struct
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Final

from verification.audit import log, trail_keys
from verification.audit.entries import FIELDS, Entry
from verification.models import AuditEvent, Checkpoint, LogRun
from verification.transparency import checkpoints, merkle, notes, tiles

CHECKPOINT: Final = "checkpoint"
_LENGTH: Final = struct.Struct(">H")
# Tiles of entries that are read from the database at a time.
_AT_ONCE: Final = 32
_MODE: Final = 0o644  # it is for everybody


class NotPublished(Exception):
    """The message says why, to an operator."""


@dataclass(frozen=True)
class Published:
    before: int
    checkpoint: Checkpoint
    files: int


def publish(folder: Path) -> Published:
    """Write what the folder lacks up to the newest checkpoint. Raises NotPublished, or OSError.

    An entry that is not what was sealed stops it, before any checkpoint stands over it.
    """
    newest = log.newest()
    if newest is None:
        raise NotPublished("Nothing is sealed yet.")
    before = _published(folder, newest)
    files = 0
    if before < newest.size:
        for path, content in _new_tiles(before, newest.size):
            _write(folder / path, content)
            _drop_shorter(folder / path)
            files += 1
        if log.root(newest.size).hex() != newest.root:
            raise NotPublished("The hashes of the log do not make its checkpoint: the database was changed.")
        # The files have to be on the disk before the checkpoint is; one call for all takes less than one for each.
        os.sync()
    _write(folder / CHECKPOINT, log.cosigned(newest).encode())
    return Published(before, newest, files)


def _published(folder: Path, newest: Checkpoint) -> int:
    """The size of the log that lies there, 0 for none. Raises NotPublished if ours is not the same one, grown."""
    try:
        content = (folder / CHECKPOINT).read_bytes()
    except FileNotFoundError:
        return 0
    origin = trail_keys.origin()
    try:
        found = checkpoints.open_checkpoint(content, origin, trail_keys.known())
    except (notes.BadNote, checkpoints.BadCheckpoint):
        raise NotPublished(
            f"The checkpoint in {folder} is not one of {origin}. Use an empty folder."
        ) from None
    if found.size > newest.size or log.root(found.size) != found.root:
        raise NotPublished(
            f"In {folder} lies a log of {found.size} entries that ours does not begin with: the history was rewound. "
            "Nothing was written. docs/trail.md says what to do."
        )
    return found.size


def _new_tiles(before: int, size: int) -> Iterator[tuple[str, bytes]]:
    """The tiles that a log of `size` has and one of `before` lacks, by path."""
    level = 0
    while size >> tiles.HEIGHT * level:
        for index in range((before >> tiles.HEIGHT * level) // tiles.WIDTH, _count(level, size)):
            width = tiles.width(level, index, size)
            content = log.read_tile(level, index)[: width * merkle.HASH_BYTES]
            if width > tiles.width(level, index, before):
                yield tiles.path(str(level), index, width), content
        level += 1
    yield from _new_entries(before, size)


def _count(level: int, size: int) -> int:
    return -(-(size >> tiles.HEIGHT * level) // tiles.WIDTH)


def _new_entries(before: int, size: int) -> Iterator[tuple[str, bytes]]:
    """The entries, 256 a file, each with its length in two bytes before it."""
    for start in range(before // tiles.WIDTH, _count(0, size), _AT_ONCE):
        found = _entries(start * tiles.WIDTH, min((start + _AT_ONCE) * tiles.WIDTH, size))
        for index in range(start, min(start + _AT_ONCE, _count(0, size))):
            width = tiles.width(0, index, size)
            bundle = list(islice(found, width))
            _check(bundle, index, width)
            yield (
                tiles.path("entries", index, width),
                b"".join(_LENGTH.pack(len(each)) + each for each in bundle),
            )


def _check(bundle: Sequence[bytes], index: int, width: int) -> None:
    first, hashes = index * tiles.WIDTH, log.read_tile(0, index)
    for at in range(width):
        sealed = hashes[at * merkle.HASH_BYTES : (at + 1) * merkle.HASH_BYTES]
        if at >= len(bundle) or merkle.leaf_hash(bundle[at]) != sealed:
            raise NotPublished(f"Entry {first + at} is not what was sealed: the database was changed.")


def _entries(start: int, end: int) -> Iterator[bytes]:
    """The entries from this place of the log to that one, up to the first event that is missing."""
    begun = LogRun.objects.filter(first_index__lte=start).order_by("-first_index").first()
    runs = LogRun.objects.filter(first_index__gte=begun.first_index if begun else 0, first_index__lt=end)
    for run in runs.order_by("first_index"):
        first = run.first_event + max(0, start - run.first_index)
        last = run.first_event + min(run.count, end - run.first_index) - 1
        rows = AuditEvent.objects.filter(pk__range=(first, last)).order_by("pk").values_list(*FIELDS)
        for wanted, row in zip_longest(range(first, last + 1), rows):
            if row is None or row[0] != wanted:
                return
            yield bytes(Entry(*row))


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, whoever reads meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), _MODE)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _drop_shorter(path: Path) -> None:
    """The partial tiles of a full one: readers are told to take the full one then."""
    partial = path.with_name(f"{path.name}.p")
    if partial.is_dir():
        for each in partial.iterdir():
            each.unlink()
        partial.rmdir()
