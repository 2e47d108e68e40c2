"""The parts of a recording that is still arriving: stored one by one, joined, and deleted again.

They are no evidence; they only spare a browser from sending twice after a broken connection. An object is deleted
before its row, so that the rows name what is left to delete, whatever happens in between. This module does not know
which recording may come, or until when.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from verification import storage
from verification.models import DataKey, RecordingPart, RecordingUpload, VerificationAttempt

# Longer than any upload may take: a browser that comes back later has to record again.
KEPT_FOR = timedelta(hours=1)
MAX_AT_ONCE = 100

log = structlog.get_logger(__name__)


def upload_of(attempt: VerificationAttempt) -> RecordingUpload | None:
    return RecordingUpload.objects.filter(attempt=attempt).first()


def arrived(upload: RecordingUpload | None) -> int:
    """How many bytes have come, without a gap: where the next part begins."""
    last = upload.parts.last() if upload is not None else None
    return last.offset + last.size if last is not None else 0


def keep(upload: RecordingUpload, offset: int, stored: storage.StoredObject) -> RecordingPart:
    return upload.parts.create(offset=offset, size=stored.size, name=stored.name, sha256=stored.sha256)


def joined(upload: RecordingUpload, key: DataKey) -> bytes:
    """All parts in their order, under the owner's `key`; storage.IntegrityError if one is not what was stored."""
    parts = upload.parts.all()
    return b"".join(storage.read(part.name, sha256=part.sha256, key=key) for part in parts)


def clear(upload: RecordingUpload) -> bool:
    """Delete the parts, the last one first; False if the store can't now, and the rest waits for `forget_old`."""
    deleted, all_deleted = _delete_objects(upload)
    upload.parts.filter(pk__in=deleted).delete()
    return all_deleted


def _delete_objects(upload: RecordingUpload) -> tuple[list[int], bool]:
    """The parts whose objects could be deleted, the last one first, and whether these are all."""
    deleted: list[int] = []
    for part in upload.parts.order_by("-offset"):
        try:
            storage.delete(part.name)
        except OSError as error:
            log.warning("parts.not_deleted", upload=upload.pk, error=type(error).__name__)
            return deleted, False
        deleted.append(part.pk)
    return deleted, True


def forget(attempt: VerificationAttempt) -> bool:
    """Delete what has arrived for `attempt`, if anything has; False if the store can't now."""
    upload = upload_of(attempt)
    if upload is None:
        return True
    deleted, all_deleted = _delete_objects(upload)
    with transaction.atomic(durable=True):
        # Parts are added under the same lock, so one that came meanwhile keeps its row.
        VerificationAttempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
        upload.parts.filter(pk__in=deleted).delete()
        if all_deleted and not upload.parts.exists():
            upload.delete()
    return all_deleted


def forget_old(*, now: datetime) -> None:
    """Delete abandoned uploads, and those that could not be deleted when they were finished.

    When the store fails for one upload, the others wait for the next sweep. Their order is random, so that one which
    can't be deleted does not block the others.
    """
    old = RecordingUpload.objects.filter(began_at__lt=now - KEPT_FOR).select_related("attempt")
    for upload in old.order_by("?")[:MAX_AT_ONCE]:
        if not forget(upload.attempt):
            return
