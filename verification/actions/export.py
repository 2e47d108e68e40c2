"""Exporting the trail: asking for an export, cancelling it, downloading it, and expiring it after its days.

`make_export` makes what was asked for, in a process of its own.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import IO

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from verification import audit, storage
from verification.exports.period.table import Period
from verification.jobs import doorbell, export_leases
from verification.models import Export, ExportFormat, ExportKind, ExportState, Purpose

KEPT = timedelta(days=7)
MAX_REASON = 300
# Exports that wait or are being made. They are made one after the other.
MAX_UNDER_WAY = 10
UNDER_WAY = (ExportState.WAITING, ExportState.RUNNING)
# Of these nothing is left but the row.
GONE = (ExportState.FAILED, ExportState.CANCELLED)

log = structlog.get_logger(__name__)


class UnusableRequest(ValueError):
    """The export can't be made as asked; the message is fit for the person who asked."""


class ExportExpired(Exception):
    """The export's days are over; its file is gone or about to go."""


class NotUnderWay(Exception):
    """The export is finished, or was cancelled already."""


def ask(
    *,
    period: Period,
    by: audit.By,
    purpose: str,
    reason: str,
    now: datetime,
    formats: Collection[str] = (ExportFormat.CSV,),
    notes: bool = False,
    addresses: bool = False,
    kind: str = ExportKind.PERIOD,
    here: bool = False,
) -> Export:
    """Put an export of the period into the line. A worker has it made, or (`here`) this process does.

    `notes`: with what reviewers wrote for colleagues, which may name people. `addresses`: with the network addresses
    and browsers that applicants came from. Raises UnusableRequest.
    """
    _check(period, purpose, reason.strip(), formats)
    with transaction.atomic():
        # Counted without a lock: one too many does no harm.
        if Export.objects.filter(state__in=UNDER_WAY).count() >= MAX_UNDER_WAY:
            raise UnusableRequest(_("Too many exports are waiting. Cancel one, or wait until some are made."))
        asked = Export.objects.create(
            kind=kind,
            by=by.id or by.kind,
            by_kind=by.kind,
            purpose=purpose,
            reason=reason.strip(),
            period_start=period.start,
            period_end=period.end,
            formats=[each for each in ExportFormat.values if each in formats],
            with_notes=notes,
            with_addresses=addresses,
            state=ExportState.RUNNING if here else ExportState.WAITING,
            fence=int(here),
            lease_until=now + export_leases.LEASE if here else None,
            created_at=now,
            expires_at=now + KEPT,
        )
        audit.record("export.asked", by=by, subject=asked, at=now, **asked.facts())
        if not here:
            doorbell.ring_export()
    return asked


def _check(period: Period, purpose: str, reason: str, formats: Collection[str]) -> None:
    if period.end <= period.start:
        raise UnusableRequest(_("The last day must not be before the first."))
    if purpose not in Purpose.values:
        raise UnusableRequest(_("Say what the export is for."))
    if not reason:
        raise UnusableRequest(_("An export needs a reason."))
    if len(reason) > MAX_REASON:
        raise UnusableRequest(_("The reason may have %(most)s characters at most.") % {"most": MAX_REASON})
    if not set(formats) <= set(ExportFormat.values):
        raise UnusableRequest(_("There is no such format."))


@transaction.atomic
def cancel(export: Export, *, by: audit.By, now: datetime) -> None:
    """Nothing is kept of it. Who makes it right now learns so within seconds. Raises NotUnderWay."""
    ended = {"state": ExportState.CANCELLED, "ended_at": now, "lease_until": None}
    if not Export.objects.filter(pk=export.pk, state__in=UNDER_WAY).update(**ended):
        raise NotUnderWay("The export is finished or was cancelled already.")
    audit.record("export.cancelled", by=by, subject=export, at=now)


def is_ready(export: Export, now: datetime) -> bool:
    return export.state == ExportState.READY and now < export.expires_at


def download(export: Export, *, by: audit.By, now: datetime) -> IO[bytes]:
    """The export's file, open at its start. Raises ExportExpired; IntegrityError if it is not what was made."""
    if not is_ready(export, now):
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
    left = Export.objects.filter(state__in=GONE, data_key__destroyed_at__isnull=True).exclude(data_key=None)
    for made in left.select_related("data_key"):
        _delete(made, now)
    return len(expired)


def give_up(*, now: datetime) -> int:
    """End the exports over which too many processes died."""
    lost = Export.objects.filter(
        state=ExportState.RUNNING, lease_until__lte=now, fence__gte=export_leases.MAX_STARTS
    )
    return sum(fail(each, "lost", now=now) for each in lost)


@transaction.atomic
def fail(export: Export, fault: str, *, now: datetime) -> bool:
    """End an export that can't be made; False if somebody else has it by now."""
    failed = {"state": ExportState.FAILED, "fault": fault, "ended_at": now, "lease_until": None}
    if not export_leases.held(export).update(**failed):
        return False
    audit.record("export.failed", by=audit.By.system(), subject=export, at=now, fault=fault)
    return True


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
