"""Making an export that was asked for, in the process that holds its lease. It commits step by step.

1. The trail is sealed, so that the export is made by a checkpoint that has all that happened before.
2. The pack is written to a temporary file, and from there encrypted into the store.
3. The export becomes ready, in the transaction of its event, if its lease is still this process's. Otherwise the file
   is deleted: nobody wants it, or another process makes it. So there is never a second one.
"""

import errno
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import IO

import structlog
from django.db import transaction

from verification import anchors, audit, storage
from verification.audit import log as trail
from verification.audit import sealing, trail_keys
from verification.exports import container
from verification.exports.period import guide, pack
from verification.exports.period.progress import Progress, Stopped
from verification.exports.period.table import Period, Sensitivity
from verification.exports.statistics import pack as statistics
from verification.jobs import export_leases
from verification.models import DataKey, Export, ExportKind, ExportState
from verification.transparency.signers import BadKeyring

log = structlog.get_logger(__name__)


class Overtaken(Exception):
    """The export was cancelled, or another process makes it by now. Nothing of this one's work is left."""


class NotMade(Exception):
    """The export can't be made now: `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def make(export: Export, progress: Progress, *, clock: Callable[[], datetime]) -> Export:
    """Make the export whose lease this process holds. Raises Overtaken, NotMade, or the database's errors.

    After an error of the database the lease runs out, and another process begins anew.
    """
    try:
        _seal(progress, clock)
        stored, written = _write(export, _key(export), progress)
        return _finish(export, stored, written, clock())
    except (Stopped, storage.KeyDestroyed):
        raise Overtaken("The export is not this process's to make any more.") from None
    except (trail_keys.NotIntroduced, trail_keys.DeviceFailed, BadKeyring):
        raise NotMade("not_sealed") from None
    except OSError as error:
        log.warning("export.not_made", export=export.public_id, error=type(error).__name__)
        raise NotMade("no_room" if error.errno == errno.ENOSPC else "store_away") from error


def _seal(progress: Progress, clock: Callable[[], datetime]) -> None:
    """Seal what was committed so far, unless that would be a fork: a batch that is not full is the last one."""
    if anchors.compare(now=clock()):
        raise NotMade("not_sealed")
    before = trail.newest()
    size = before.size if before else 0
    while signed := sealing.seal(now=clock()):
        progress.add(0)
        size, grown = signed.size, signed.size - size
        if grown < sealing.MAX_AT_ONCE:
            return


@transaction.atomic
def _key(export: Export) -> DataKey:
    """The key of the file, which has an owner before there is a file. What an earlier process left goes."""
    held = export_leases.held(export).select_for_update(of=("self",)).select_related("data_key").first()
    if held is None:
        raise Stopped
    if held.data_key is None:
        held.data_key = storage.new_key()
        held.save(update_fields=["data_key"])
    for name in storage.copies(held.data_key):
        storage.delete(name)
    return held.data_key


def _write(export: Export, key: DataKey, progress: Progress) -> tuple[storage.StoredObject, pack.Written]:
    with tempfile.TemporaryFile() as file:
        written = _pack(export, file, progress)
        return storage.store_file(key, "export", file), written


def _pack(export: Export, file: IO[bytes], progress: Progress) -> pack.Written:
    if export.kind == ExportKind.STATISTICS:
        return pack.Written(statistics.write(file, _statistics(export), partial(_trail, export), progress))
    return pack.write(file, _request(export), partial(_trail, export), progress)


def _statistics(export: Export) -> statistics.Request:
    return statistics.Request(
        export_id=export.public_id,
        period=Period(export.period_start, export.period_end),
        by_kind=export.by_kind,
        purpose=export.purpose,
        reason=export.reason,
        created_at=export.created_at,
    )


def _trail(export: Export) -> container.Trail:
    """The newest checkpoint, with proofs that it continues those of earlier exports: somebody may have kept any."""
    checkpoint = trail.newest()
    if checkpoint is None:
        raise NotMade("not_sealed")
    before = Export.objects.filter(log_size__lte=checkpoint.size).order_by("-ended_at")
    sizes = [size for size in before.values_list("log_size", flat=True)[: guide.EARLIER] if size is not None]
    export.log_size, export.earlier_log_size = checkpoint.size, next(iter(sizes), None)
    return container.Trail.at(checkpoint, sizes)


def _request(export: Export) -> pack.Request:
    by = _by(export)
    asked = {Sensitivity.NOTES: export.with_notes, Sensitivity.ADDRESSES: export.with_addresses}
    return pack.Request(
        export_id=export.public_id,
        period=Period(export.period_start, export.period_end),
        by={"kind": by.kind, "id": by.id},
        purpose=export.purpose,
        reason=export.reason,
        created_at=export.created_at,
        formats=tuple(export.formats),
        asked=frozenset(level for level, is_asked in asked.items() if is_asked),
    )


def _finish(export: Export, stored: storage.StoredObject, written: pack.Written, now: datetime) -> Export:
    ready = {
        "state": ExportState.READY,
        "ended_at": now,
        "lease_until": None,
        "rows": sum(written.rows.values()),
        "cut": written.cut,
        "log_size": export.log_size,
        "earlier_log_size": export.earlier_log_size,
        "file_name": stored.name,
        "file_sha256": stored.sha256,
        "file_size": stored.size,
    }
    with transaction.atomic(durable=True):
        if is_ours := bool(export_leases.held(export).update(**ready)):
            _record(export, stored, written, now)
    if not is_ours:
        storage.delete(stored.name)
        raise Stopped
    export.refresh_from_db()
    return export


def _record(export: Export, stored: storage.StoredObject, written: pack.Written, now: datetime) -> None:
    made = {
        "rows": written.rows,
        "log_size": export.log_size,
        "file_sha256": stored.sha256,
        "file_size": stored.size,
    }
    audit.record("export.created", by=_by(export), subject=export, at=now, **export.facts(), **made)


def _by(export: Export) -> audit.By:
    return audit.By(export.by_kind, "" if export.by == export.by_kind else export.by)
