"""The log itself: keys, places, hashes, checkpoints, and that each sealed event is still the one that was sealed."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from django.db.models import Q

from verification.audit import log, trail_keys
from verification.audit.checking.finding import Finding
from verification.audit.entries import FIELDS, Entry
from verification.models import AuditEvent, Checkpoint, LogRun, LogTile, TrailGap, TrailHead, TrailKey
from verification.transparency import checkpoints, merkle, notes, tiles

AT_ONCE: Final = 2_000
RESTARTED: Final = "trail.restarted"
_OF_KEYS: Final = ("trail.key_introduced", RESTARTED)


def findings() -> Iterator[Finding]:
    """What is wrong with the log, as it is found. Raises trail_keys.DeviceFailed."""
    if not TrailHead.objects.exists():
        if Checkpoint.objects.exists() or LogRun.objects.exists() or LogTile.objects.exists():
            yield Finding("the head of the log", "it is missing")
        return
    wrong = list(_keys()) or list(_of_others())
    yield from wrong
    if wrong:
        return  # nothing that is signed can be believed
    yield from _places()
    leaves = _Leaves()
    yield from _entries(leaves)
    yield from _checkpoints(leaves)
    yield from _tiles()
    yield from _not_in_the_log()


def _keys() -> Iterator[Finding]:
    """Each key is introduced by the one before it, unless the log was begun again, and the events say the same."""
    before: notes.PublicKey | None = None
    told = list(AuditEvent.objects.filter(kind__in=_OF_KEYS).order_by("pk"))
    says = [_of_key(event.data) for event in told]
    begun_again = {vkey for event, (vkey, _since) in zip(told, says, strict=True) if event.kind == RESTARTED}
    for row in TrailKey.objects.order_by("pk"):
        try:
            key = notes.PublicKey.parse(row.vkey)
            none = before is None or (not row.introduction and row.vkey in begun_again)
            if row.introduction != ("" if none or before is None else _introduction(before, row)):
                raise notes.BadNote
        except (notes.BadKey, notes.BadNote):
            yield Finding(f"key {row.vkey}", "the key before it did not introduce it")
        else:
            before = key
    introduced = list(TrailKey.objects.order_by("pk").values_list("vkey", "since"))
    if says != introduced:
        yield Finding("the keys of the trail", "they are not those that its events introduced")


def _of_others() -> Iterator[Finding]:
    """Who has the database can sign all of it anew, with a key of their own. The portal's are not in the database."""
    newest = TrailKey.objects.order_by("-pk").first()
    if newest is not None and newest.vkey not in {str(signer.key) for signer in trail_keys.ring().values()}:
        yield Finding(f"key {newest.vkey}", "it signs the log, and KYC_TRAIL_KEYS here has no such key")


def _of_key(data: Any) -> tuple[Any, Any]:
    """What an event says of a key. The database's owner may have written anything there."""
    return (data.get("vkey"), data.get("since")) if isinstance(data, dict) else (None, None)


def _introduction(before: notes.PublicKey, row: TrailKey) -> str:
    """The key's introduction, if the key before it has signed that. Raises BadNote."""
    note, _signers = notes.open_note(row.introduction, [before])
    text = trail_keys.introduction_text(before.name, row.vkey)
    return str(notes.Note(text, note.signatures))


def _places() -> Iterator[Finding]:
    """Each place is given once, and each event has one."""
    at = 0
    for first_index, count in LogRun.objects.order_by("pk").values_list("first_index", "count"):
        if first_index != at or count < 1:
            yield Finding(f"place {at}", "no event has it, or two have")
        at = first_index + count
    head = TrailHead.objects.get(pk=TrailHead.ONLY)
    if at != head.size:
        yield Finding("the head of the log", f"it says {head.size} entries, and the log has {at}")
    end = 1
    for first, count in LogRun.objects.order_by("first_event").values_list("first_event", "count"):
        if first < end:
            yield Finding(f"event {first}", "it has two places in the log")
        end = first + count
    if head.watermark != end - 1:
        yield Finding(
            "the head of the log",
            f"it has passed event {head.watermark}, and the last one sealed is {end - 1}",
        )


class _Leaves:
    """The hashes of the log as its tiles have them, read from the beginning on, and the root over those read so far."""

    def __init__(self) -> None:
        self._tile, self._index = b"", -1
        # The roots of the complete subtrees that the leaves so far make up, the largest first, with their levels.
        self._roots: list[tuple[int, bytes]] = []

    def at(self, place: int) -> bytes:
        index, inside = divmod(place, tiles.WIDTH)
        if index != self._index:
            found = LogTile.objects.filter(level=0, index=index).values_list("hashes", flat=True).first()
            self._tile, self._index = bytes(found or b""), index
        return self._tile[inside * merkle.HASH_BYTES : (inside + 1) * merkle.HASH_BYTES]

    def add(self, leaf: bytes) -> None:
        level = 0
        while self._roots and self._roots[-1][0] == level:
            leaf = merkle.node_hash(self._roots.pop()[1], leaf)
            level += 1
        self._roots.append((level, leaf))

    def root(self) -> bytes:
        if not self._roots:
            return merkle.EMPTY
        *before, (_level, root) = self._roots
        for _level, each in reversed(before):
            root = merkle.node_hash(each, root)
        return root


def _entries(leaves: _Leaves) -> Iterator[Finding]:
    for place, event_id, entry in _sealed():
        if entry is None:
            yield Finding(f"event {event_id}", f"it was sealed at place {place}, and is missing")
        elif merkle.leaf_hash(bytes(entry)) != leaves.at(place):
            yield Finding(f"event {event_id}", f"it is not the one that was sealed at place {place}")


def _sealed() -> Iterator[tuple[int, int, Entry | None]]:
    """Place, number and entry of every sealed event, in the order of the places."""
    batch: list[tuple[int, int]] = []
    runs = LogRun.objects.order_by("pk").values_list("first_index", "first_event", "count")
    for first_index, first_event, count in runs.iterator():
        for offset in range(count):
            batch.append((first_index + offset, first_event + offset))
            if len(batch) == AT_ONCE:
                yield from _with_entries(batch)
                batch = []
    yield from _with_entries(batch)


def _with_entries(batch: list[tuple[int, int]]) -> Iterator[tuple[int, int, Entry | None]]:
    ids = [event_id for _place, event_id in batch]
    rows = AuditEvent.objects.filter(pk__in=ids).values_list(*FIELDS)
    entries = {row[0]: Entry(*row) for row in rows}
    for place, event_id in batch:
        yield place, event_id, entries.get(event_id)


def _checkpoints(leaves: _Leaves) -> Iterator[Finding]:
    size = 0
    newest = 0
    for row in Checkpoint.objects.order_by("size").iterator():
        while size < row.size and (leaf := leaves.at(size)):
            leaves.add(leaf)
            size += 1
        newest = row.size
        item = f"checkpoint of {row.size} entries"
        try:
            found = _opened(row.note, trail_keys.known_at(row.size))
        except (checkpoints.BadCheckpoint, notes.BadNote):
            yield Finding(item, "no key of the trail has signed it as it is")
            continue
        if len(notes.parse(row.note).signatures) != 1:
            yield Finding(item, "somebody has put signatures behind the log's own")
        elif (found.size, found.root.hex()) != (row.size, row.root):
            yield Finding(item, "the signed text says something else")
        elif (size, leaves.root()) != (found.size, found.root):
            yield Finding(item, "the hashes of the log are not those that were signed")
    if newest != TrailHead.objects.get(pk=TrailHead.ONLY).size:
        yield Finding("the newest checkpoint", "it is missing: the log is longer than what was signed")


def _opened(content: str, known: Collection[notes.PublicKey]) -> checkpoints.Checkpoint:
    """The checkpoint under the name that the log had then. Raises BadCheckpoint or BadNote."""
    name = content.partition("\n")[0]
    return checkpoints.open_checkpoint(content, name, known)


def _tiles() -> Iterator[Finding]:
    """Each level is made of the one below it, and there is no tile that the log does not need."""
    size = TrailHead.objects.get(pk=TrailHead.ONLY).size
    rows = LogTile.objects.order_by("level", "index").values_list("level", "index", "hashes")
    needed = _needed(size)
    for level, index, hashes in rows.iterator():
        item = f"tile {index} of level {level}"
        if (level, index) != next(needed, None):
            yield Finding(item, "one before it is missing, or the log has no such tile")
            return
        if len(hashes) != tiles.width(level, index, size) * merkle.HASH_BYTES:
            yield Finding(item, "it is longer or shorter than the log")
        elif level and bytes(hashes) != b"".join(_made_of(level, index, len(hashes) // merkle.HASH_BYTES)):
            yield Finding(item, "it is not made of the tiles below it")
    if next(needed, None) is not None:
        yield Finding("the tiles of the log", "some are missing at the end")


def _needed(size: int) -> Iterator[tuple[int, int]]:
    level = 0
    while tiles.width(level, 0, size):
        for index in range(-(-(size >> tiles.HEIGHT * level) // tiles.WIDTH)):
            yield level, index
        level += 1


def _made_of(level: int, index: int, width: int) -> Iterator[bytes]:
    first = index * tiles.WIDTH
    below = LogTile.objects.filter(level=level - 1, index__gte=first, index__lt=first + width)
    for hashes in below.order_by("index").values_list("hashes", flat=True):
        yield merkle.root_of(tiles.split(bytes(hashes)))


def _not_in_the_log() -> Iterator[Finding]:
    """Each number that the sealer has passed is that of one event of the log, or lies in one gap."""
    yield from _events(Q(pk__lt=1))
    head = TrailHead.objects.get(pk=TrailHead.ONLY)
    at = 0
    for first, last in _passed():
        if not at < first <= last:
            yield Finding(_numbers(first, last), "they are in the log or a gap already, or backwards")
        elif first > at + 1:
            yield from _passed_over(at + 1, first - 1)
        at = max(at, last)
    if at < head.watermark:
        yield from _passed_over(at + 1, head.watermark)
    elif at > head.watermark:
        yield Finding(_numbers(head.watermark + 1, at), "the log has not passed them, and they are in a gap")


def _passed() -> Iterable[tuple[int, int]]:
    """The ranges of ids that are sealed or in a gap, in order."""
    runs = LogRun.objects.order_by("first_event").values_list("first_event", "count")
    ranges = [(first, first + count - 1) for first, count in runs]
    return sorted([*ranges, *TrailGap.objects.values_list("first", "last")])


def _passed_over(first: int, last: int) -> Iterator[Finding]:
    yield from _events(Q(pk__range=(first, last)))
    yield Finding(_numbers(first, last), "the log has passed them, and nobody waits for their events")


def _numbers(first: int, last: int) -> str:
    return f"numbers {first} to {last}"


def _events(which: Q) -> Iterator[Finding]:
    for pk in AuditEvent.objects.filter(which).order_by("pk").values_list("pk", flat=True):
        yield Finding(f"event {pk}", "the log has passed its number without it, so it is never sealed")


def against(content: str) -> Iterator[Finding]:
    """What is wrong with the log, if that checkpoint of it is right: one that somebody has kept outside."""
    try:
        kept = _opened(content, trail_keys.known())
    except (checkpoints.BadCheckpoint, notes.BadKey, notes.BadNote):
        yield Finding("the checkpoint from outside", "no key of this trail has signed it")
        return
    newest = log.newest()
    size = newest.size if newest else 0
    if kept.size > size:
        yield Finding(
            "the log", f"it had {kept.size} entries once, and has {size}: the database is an older one"
        )
    elif _root(kept.size) != kept.root:
        yield Finding(
            "the log", f"its first {kept.size} entries are not those of the checkpoint from outside"
        )


def _root(size: int) -> bytes:
    """As the hashes of the log make it; none if some are missing."""
    try:
        return log.root(size)
    except LookupError:
        return b""
