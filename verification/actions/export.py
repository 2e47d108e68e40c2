"""Taking the trail out of the house: making an export, handing it over, and letting it go after its days."""

import tempfile
from datetime import datetime, timedelta
from typing import IO

from django.db import transaction
from django.utils.translation import gettext as _

from verification import audit, storage
from verification.exports import pack
from verification.exports.rows import Period
from verification.models import Export, ExportState

KEPT = timedelta(days=7)
LONGEST_REASON = 300


class UnusableRequest(ValueError):
    """The export can't be made as asked; the message is fit for the person who asked."""


class ExportExpired(Exception):
    """The export's days are over; its file is gone or about to go."""


def export(*, start: datetime, end: datetime, by: audit.By, reason: str, now: datetime) -> Export:
    """Make the export of [start, end). Its row and its audit event are written together, after its file."""
    made = _begin(start=start, end=end, by=by, reason=reason.strip(), now=now)
    with tempfile.TemporaryFile() as file:
        facts = pack.write(file, _request(made, by))
        key = made.data_key = storage.new_key()
        stored = storage.store_file(key, "export", file)
    made.rows = sum(fact.rows for fact in facts if fact.name.endswith(".jsonl"))
    made.file_name, made.file_sha256, made.file_size = stored.name, stored.sha256, stored.size
    try:
        _commit(made, by, {fact.name: fact.rows for fact in facts if fact.name.endswith(".jsonl")})
    except BaseException:
        storage.erase(key, now=now)
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
    """Erase the files of exports whose days are over. The rows stay: they say that there was one."""
    over = Export.objects.filter(state=ExportState.READY, expires_at__lte=now).select_related("data_key")
    for export in over:
        if export.data_key is not None:
            storage.erase(export.data_key, now=now)
        with transaction.atomic():
            Export.objects.filter(pk=export.pk).update(state=ExportState.EXPIRED)
            audit.record("export.expired", by=audit.By.system(), subject=export, at=now)
    return len(over)


def _begin(*, start: datetime, end: datetime, by: audit.By, reason: str, now: datetime) -> Export:
    if end <= start:
        raise UnusableRequest(_("The period must end after it starts."))
    if not reason:
        raise UnusableRequest(_("An export needs a reason."))
    if len(reason) > LONGEST_REASON:
        raise UnusableRequest(
            _("The reason may have %(most)s characters at most.") % {"most": LONGEST_REASON}
        )
    return Export(
        by=by.id or by.kind,
        reason=reason,
        period_start=start,
        period_end=end,
        created_at=now,
        expires_at=now + KEPT,
    )


def _request(made: Export, by: audit.By) -> pack.Request:
    return pack.Request(
        export_id=made.public_id,
        period=Period(made.period_start, made.period_end),
        by={"kind": by.kind, "id": by.id},
        reason=made.reason,
        created_at=made.created_at,
    )


@transaction.atomic
def _commit(made: Export, by: audit.By, counts: dict[str, int]) -> None:
    made.save(force_insert=True)
    audit.record(
        "export.created",
        by=by,
        subject=made,
        at=made.created_at,
        start=made.period_start.isoformat(),
        end=made.period_end.isoformat(),
        rows=counts,
        file_sha256=made.file_sha256,
        file_size=made.file_size,
    )
