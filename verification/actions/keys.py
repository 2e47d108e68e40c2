"""Wrapping the data keys anew after a rotation, so that an old key can leave the keyring."""

from datetime import datetime

from django.db import transaction

from verification import audit, storage
from verification.models import DataKey

# Rows that are locked at a time: few, so that nobody waits long for one.
BATCH = 200
# A page does this many, which takes some seconds; the command does all.
MAX_BY_PAGE = 10_000


def rewrap(*, by: audit.By, now: datetime, most: int | None = None) -> tuple[int, list[DataKey]]:
    """Wrap every data key with the first key of the ring, or about `most`. Returns how many, and those not opened.

    It can be interrupted and begun anew at any time: each batch is a transaction with an event of its own.
    """
    number, failed, after = 0, list[DataKey](), 0
    while (most is None or number + len(failed) < most) and (batch := _rewrap_batch(after, by, now)):
        number += len(batch.done)
        failed += batch.failed
        after = batch.last
    return number, failed


@transaction.atomic(durable=True)
def _rewrap_batch(after: int, by: audit.By, now: datetime) -> storage.Rewrapped | None:
    batch = storage.rewrap(most=BATCH, after=after)
    if batch and batch.done:
        first, last = batch.done[0], batch.done[-1]
        facts = {"first": first.public_id, "number": len(batch.done), "wrapped_by": storage.keyring().primary}
        audit.record("keys.rewrapped", by=by, subject=last, at=now, **facts)
    return batch
