"""Exporting the trail: making an export, downloading it, and expiring it after its days."""

import tempfile
from datetime import datetime, timedelta
from typing import IO

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from verification import audit, storage
from verification.exports.period import pack
from verification.exports.period.table import Period
from verification.models import DataKey, Export, ExportState

KEPT = timedelta(days=7)
MAX_REASON = 300
# An export that is unfinished after this time lost its process, and is deleted.
UNFINISHED = timedelta(days=1)

log = structlog.get_logger(__name__)


class UnusableRequest(ValueError):
    """The export can't be made as asked; the message is fit for the person who asked."""


class ExportExpired(Exception):
    """The export's days are over; its file is gone or about to go."""


def export(*, period: Period, by: audit.By, reason: str, now: datetime, notes: bool = False) -> Export:
    """Make the export of the period. It is ready, and in the trail, once its file is stored.

    `notes`: with what reviewers wrote for colleagues, which may name people.
    Raises UnusableRequest, or storage.Unavailable if the store can't take it now.
    """
    made, key = _begin(period, by=by, reason=reason.strip(), notes=notes, now=now)
    try:
        _finish(made, by, _write(made, key, by))
    except (OperationalError, InterfaceError):
        # The connection died. We can't tell whether the export was committed; `expire` deletes it if it was not.
        raise
    except BaseException:
        _discard(made, now)
        raise
    return made


def download(export: Export, *, by: audit.By, now: datetime) -> IO[bytes]:
    """The export's file, open at its start. Raises ExportExpired; IntegrityError if it is not what was made."""
    if export.state == ExportState.EXPIRED or export.expires_at <= now:
        raise ExportExpired(_("This export is no longer kept. Make a new one."))
    file = storage.open_checked(export.file_name, sha256=export.file_sha256)
    audit.record("export.downloaded", by=by, subject=export, at=now, file_sha256=export.file_sha256)
    return file


def expire(*, now: datetime) -> int:
    """Expire the exports whose days are over. Their rows stay as a record.

    All keys are destroyed before the first file is deleted, so nobody can read a file that the store fails to delete;
    the sweep deletes it later.
    """
    over = Export.objects.filter(state=ExportState.READY, expires_at__lte=now).select_related("data_key")
    expired = [made for made in over if _expire(made, now)]
    for made in expired:
        if made.data_key is not None:
            _delete(made, now)
    begun = Export.objects.filter(state=ExportState.EXPIRED, file_name="", created_at__lt=now - UNFINISHED)
    for made in begun.select_related("data_key"):
        _discard(made, now)
    return len(expired)


def _expire(made: Export, now: datetime) -> bool:
    """False if another process was quicker, or the export has no key and its file can't be deleted now."""
    if made.data_key is None and not _delete(made, now):
        return False
    with transaction.atomic(durable=True):
        if not Export.objects.filter(pk=made.pk, state=ExportState.READY).update(state=ExportState.EXPIRED):
            return False
        if made.data_key is not None:
            storage.destroy(made.data_key, now=now)
        audit.record("export.expired", by=audit.By.system(), subject=made, at=now)
    return True


def _delete(made: Export, now: datetime) -> bool:
    """Delete the export's file, if there is one; False if the store can't now."""
    try:
        if made.data_key is not None:
            storage.erase(made.data_key, now=now)
        elif made.file_name:
            storage.delete(made.file_name)
    except OSError as error:
        log.warning("export.not_deleted", export=made.public_id, error=type(error).__name__)
        return False
    return True


def _discard(made: Export, now: datetime) -> None:
    """Destroy the key of an unfinished export, and delete its row once no file is left to find by it."""
    if _delete(made, now):
        made.delete()


def _begin(
    period: Period, *, by: audit.By, reason: str, notes: bool, now: datetime
) -> tuple[Export, DataKey]:
    if period.end <= period.start:
        raise UnusableRequest(_("The last day must not be before the first."))
    if not reason:
        raise UnusableRequest(_("An export needs a reason."))
    if len(reason) > MAX_REASON:
        raise UnusableRequest(_("The reason may have %(most)s characters at most.") % {"most": MAX_REASON})
    with transaction.atomic(durable=True):
        # Committed before the file is written: no key is without an owner, and what a crash leaves can be found. The
        # export counts as expired until it is finished, so nobody can download it.
        key = storage.new_key()
        made = Export.objects.create(
            by=by.id or by.kind,
            reason=reason,
            period_start=period.start,
            period_end=period.end,
            with_notes=notes,
            state=ExportState.EXPIRED,
            data_key=key,
            file_size=0,
            created_at=now,
            expires_at=now + KEPT,
        )
    return made, key


def _write(made: Export, key: DataKey, by: audit.By) -> dict[str, int]:
    """Write the file into the store; how many rows each table has."""
    with tempfile.TemporaryFile() as file:
        facts = pack.write(file, _request(made, by))
        stored = storage.store_file(key, "export", file)
    made.file_name, made.file_sha256, made.file_size = stored.name, stored.sha256, stored.size
    counts = {fact.name: fact.rows for fact in facts if fact.name.endswith(".jsonl")}
    made.rows = sum(counts.values())
    return counts


def _request(made: Export, by: audit.By) -> pack.Request:
    return pack.Request(
        export_id=made.public_id,
        period=Period(made.period_start, made.period_end),
        notes=made.with_notes,
        by={"kind": by.kind, "id": by.id},
        reason=made.reason,
        created_at=made.created_at,
    )


@transaction.atomic(durable=True)
def _finish(made: Export, by: audit.By, counts: dict[str, int]) -> None:
    made.state = ExportState.READY
    # Raises if the row is gone: after UNFINISHED `expire` has deleted it.
    made.save(update_fields=["state", "rows", "file_name", "file_sha256", "file_size"])
    audit.record(
        "export.created",
        by=by,
        subject=made,
        at=made.created_at,
        start=made.period_start.isoformat(),
        end=made.period_end.isoformat(),
        with_notes=made.with_notes,
        rows=counts,
        file_sha256=made.file_sha256,
        file_size=made.file_size,
    )
