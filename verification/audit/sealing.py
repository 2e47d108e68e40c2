"""Sealing: committed events get their place in the log, and a checkpoint over all of it is signed.

Events are written without a lock, so an event may be committed after others with higher ids. The sealer takes the
events above the highest id that it has seen, and keeps the ids that were missing as gaps: what appears in a gap later
is sealed later. So each event is either sealed, or above the watermark, or in a gap. One transaction does it all, so a
sealer that dies leaves nothing half done, and the row it locks lets one sealer in at a time.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from django.db import connection, transaction

from verification.audit import log, trail_keys
from verification.audit.entries import FIELDS, Entry
from verification.audit.events import By, record
from verification.models import AuditEvent, Checkpoint, LogRun, LogTile, TrailGap, TrailHead
from verification.transparency import checkpoints, merkle, notes, tiles

MAX_AT_ONCE: Final = 5_000
# A checkpoint is signed so soon after an event, and at least so often when nothing happens.
SOON: Final = timedelta(minutes=1)
WHEN_IDLE: Final = timedelta(minutes=55)
# Later than that, something keeps it from being signed.
LATE: Final = timedelta(minutes=65)
# A transaction ends within seconds. Gaps that are older are read once in so long.
GAPS_READ_EVERY: Final = timedelta(hours=1)


def is_due(*, now: datetime) -> bool:
    """Whether a checkpoint should be signed now. A clock that was set back keeps none from being signed."""
    newest = log.newest()
    if newest is None or not newest.signed_at <= now < newest.signed_at + WHEN_IDLE:
        return True
    return now >= newest.signed_at + SOON and _unsealed(TrailHead.objects.get(pk=TrailHead.ONLY).watermark)


def stopped(*, now: datetime) -> str:
    """The code of why nothing is sealed; "" as long as there is a checkpoint of the last hour, or no event yet."""
    newest = log.newest()
    if newest is None:
        late = AuditEvent.objects.filter(at__lt=now - LATE).order_by("pk")[:1]
        return "never_sealed" if late else ""
    # A clock that was ahead when it was signed says nothing about how long ago that is.
    return "late" if abs(now - newest.signed_at) >= LATE else ""


def _unsealed(watermark: int) -> bool:
    return AuditEvent.objects.filter(pk__gt=watermark).exists()


@transaction.atomic(durable=True)
def seal(*, now: datetime, most: int = MAX_AT_ONCE) -> Checkpoint | None:
    """Seal up to `most` events and sign a checkpoint over the whole log; None if there is nothing to seal.

    Raises trail_keys.NotIntroduced or DeviceFailed.
    """
    head, _made = TrailHead.objects.select_for_update().get_or_create(pk=TrailHead.ONLY)
    signer = trail_keys.introduced(head, now=now)
    if _is_idle(head, now):
        # A checkpoint has no time in it, so that of an idle hour would be the one before it.
        record("trail.alive", by=By.system(), subject=head, at=now)
    entries = _late(head, now, most)
    _close_gaps([entry.event_id for entry in entries])
    fresh = _fresh(head, most - len(entries))
    _open_gaps([head.watermark, *(entry.event_id for entry in fresh)], now)
    if fresh:
        head.watermark = fresh[-1].event_id
    entries += fresh
    root = _append(head, entries)
    head.save()
    return _sign(signer, head.size, root, now) if entries else None


def _is_idle(head: TrailHead, now: datetime) -> bool:
    newest = log.newest()
    return newest is not None and abs(now - newest.signed_at) >= WHEN_IDLE and not _unsealed(head.watermark)


def _fresh(head: TrailHead, most: int) -> list[Entry]:
    above = AuditEvent.objects.filter(pk__gt=head.watermark).order_by("pk")
    return [Entry(*row) for row in above.values_list(*FIELDS)[:most]]


def _late(head: TrailHead, now: datetime, most: int) -> list[Entry]:
    """Events in gaps. The query begins with the gaps, which are few."""
    every = head.gaps_read_at is None or abs(now - head.gaps_read_at) >= GAPS_READ_EVERY
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event.id FROM verification_trailgap gap JOIN verification_auditevent event"
            " ON event.id BETWEEN gap.first AND gap.last WHERE gap.noticed_at > %s ORDER BY event.id LIMIT %s",
            [datetime.min.replace(tzinfo=UTC) if every else now - GAPS_READ_EVERY, most],
        )
        found = [event_id for (event_id,) in cursor.fetchall()]
    if every and len(found) < most:
        head.gaps_read_at = now
    rows = AuditEvent.objects.filter(pk__in=found).order_by("pk").values_list(*FIELDS)
    return [Entry(*row) for row in rows]


def _open_gaps(ids: Sequence[int], now: datetime) -> None:
    """Keep the ids that are missing between these."""
    TrailGap.objects.bulk_create(
        TrailGap(first=below + 1, last=above - 1, noticed_at=now)
        for below, above in pairwise(ids)
        if above - below > 1
    )


def _close_gaps(ids: Sequence[int]) -> None:
    """Leave of each gap what is still missing."""
    for event_id in ids:
        gap = TrailGap.objects.get(first__lte=event_id, last__gte=event_id)
        gap.delete()
        for first, last in ((gap.first, event_id - 1), (event_id + 1, gap.last)):
            if first <= last:
                TrailGap.objects.create(first=first, last=last, noticed_at=gap.noticed_at)


def _append(head: TrailHead, entries: Sequence[Entry]) -> bytes:
    """Give the entries the next places; the root of the log that they make."""
    LogRun.objects.bulk_create(_runs(head.size, [entry.event_id for entry in entries]))
    leaves = [merkle.leaf_hash(bytes(entry)) for entry in entries]
    grown = {
        (tile.level, tile.index): tile.hashes for tile in tiles.appended(head.size, leaves, log.read_tile)
    }
    LogTile.objects.bulk_create(
        (LogTile(level=level, index=index, hashes=hashes) for (level, index), hashes in grown.items()),
        update_conflicts=True,
        unique_fields=["level", "index"],
        update_fields=["hashes"],
    )
    head.size += len(entries)

    def read(level: int, index: int) -> bytes:
        return grown.get((level, index)) or log.read_tile(level, index)

    return merkle.root(head.size, tiles.nodes(read))


def _runs(size: int, ids: Sequence[int]) -> Iterator[LogRun]:
    """The runs of ids, of which the first gets the place `size`."""
    start = 0
    for end in range(1, len(ids) + 1):
        if end == len(ids) or ids[end] != ids[end - 1] + 1:
            yield LogRun(first_index=size + start, first_event=ids[start], count=end - start)
            start = end


def _sign(signer: notes.Signer, size: int, root: bytes, now: datetime) -> Checkpoint:
    text = str(checkpoints.Checkpoint(signer.key.name, size, root))
    note = notes.sign(text, signer)
    return Checkpoint.objects.create(size=size, root=root.hex(), note=str(note), signed_at=now)
