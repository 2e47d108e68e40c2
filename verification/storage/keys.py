"""The owners' data keys: made on first use, unwrapped for each use, rewrapped after a rotation, destroyed.

A data key in clear lives no longer than the call that needs it, so a destroyed key is gone for all processes at once.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import structlog
from django.conf import settings
from django.core.files.storage import storages
from django.db.models import QuerySet

from verification.crypto import (
    Keyring,
    NotDecrypted,
    NotUnwrapped,
    UnknownKey,
    new_data_key,
    open_text,
    seal_text,
)
from verification.models import Applicant, DataKey
from verification.models.ids import new_id
from verification.storage.errors import IntegrityError, KeyDestroyed, Unavailable

log = structlog.get_logger(__name__)


@lru_cache(maxsize=2)
def _parsed(text: str) -> Keyring:
    return Keyring.parse(text)


def keyring() -> Keyring:
    """The installation's keyring, as the settings have it."""
    return _parsed(settings.KEYRING)


def new_key() -> DataKey:
    """A fresh data key in a row of its own.

    Before the first key nothing was ever stored: only then is the place for objects made. Raises Unavailable.
    """
    if not DataKey.objects.exists():
        storages["evidence"].initialise()  # type: ignore[attr-defined]
    public_id = new_id("key")
    key_id, wrapped = keyring().wrap(new_data_key(), public_id)
    return DataKey.objects.create(public_id=public_id, key_id=key_id, wrapped=wrapped)


def key_of(applicant: Applicant) -> DataKey:
    """The applicant's data key; made now if there is none yet. Raises KeyDestroyed for one who was erased."""
    key = _key_of(applicant)
    if key is None:
        keyless = Applicant.objects.filter(pk=applicant.pk, data_key__isnull=True, erased_at__isnull=True)
        if keyless.exists():
            made = new_key()
            if not keyless.update(data_key=made):
                made.delete()  # another request was quicker
        key = _key_of(applicant)
    if key is None or key.destroyed_at is not None:
        raise KeyDestroyed("The applicant's key was destroyed.")
    return key


def _key_of(applicant: Applicant) -> DataKey | None:
    return DataKey.objects.filter(applicant=applicant.pk).first()


def unwrapped(public_id: str, at_hand: DataKey | None = None) -> bytes:
    """The data key itself. Raises KeyDestroyed, IntegrityError if there is no row, Unavailable if it does not open.

    `at_hand` is a row that the caller has just read; if it is another key's, the right one is read.
    """
    if at_hand is None or at_hand.public_id != public_id:
        at_hand = DataKey.objects.filter(public_id=public_id).first()
    row = at_hand
    if row is None:
        raise IntegrityError("There is no such data key.")
    if row.destroyed_at is not None:
        raise KeyDestroyed("The data key was destroyed.")
    return _unwrapped(row, keyring())


def _unwrapped(row: DataKey, ring: Keyring) -> bytes:
    try:
        return ring.unwrap(row.key_id, row.wrapped, row.public_id)
    except UnknownKey as error:
        raise Unavailable("The keyring lacks the key that wrapped this.") from error
    except NotUnwrapped as error:
        # The ring has another key under this id, or the row was changed. Neither proves anything about the objects.
        log.error("storage.key_does_not_open", key=row.public_id, wrapped_by=row.key_id)
        raise Unavailable("The keyring and the data key disagree.") from error


def seal_for(applicant: Applicant, text: str, *, about: str) -> str:
    """A short text under the applicant's key, for a row. Raises KeyDestroyed or Unavailable."""
    return seal_text(text, data_key=unwrapped(key_of(applicant).public_id), about=about)


def unseal_for(applicant: Applicant, sealed: str, *, about: str) -> str:
    """What `seal_for` sealed. Raises IntegrityError, or Unavailable if the key does not open now."""
    try:
        return open_text(sealed, data_key=unwrapped(key_of(applicant).public_id), about=about)
    except NotDecrypted as error:
        raise IntegrityError("The sealed text is not what was sealed.") from error


@dataclass(frozen=True)
class Rewrapped:
    """The result of one batch: the keys rewrapped, those that do not open, and where the next batch begins."""

    done: list[DataKey]
    failed: list[DataKey]
    last: int


def rewrap(*, most: int, after: int = 0) -> Rewrapped | None:
    """Rewrap up to `most` data keys that another key than the first one of the ring has wrapped.

    It takes them in the order of their rows, from the one behind `after`; None if there are no more.
    """
    ring = keyring()
    rows = list(_wrapped_by_others(ring).filter(pk__gt=after).order_by("pk")[:most])
    if not rows:
        return None
    done, failed = [], []
    for row in rows:
        try:
            data_key = _unwrapped(row, ring)
        except Unavailable:
            failed.append(row)
            continue
        key_id, wrapped = ring.wrap(data_key, row.public_id)
        # Compare-and-set: not if it was destroyed or rewrapped meanwhile.
        if DataKey.objects.filter(pk=row.pk, wrapped=row.wrapped).update(key_id=key_id, wrapped=wrapped):
            done.append(row)
    return Rewrapped(done, failed, rows[-1].pk)


def _wrapped_by_others(ring: Keyring) -> QuerySet[DataKey]:
    return DataKey.objects.filter(destroyed_at__isnull=True).exclude(key_id=ring.primary)


def to_rewrap(most: int) -> int:
    """How many data keys `rewrap` would take, up to `most`."""
    return _wrapped_by_others(keyring())[:most].count()


def ring_opens() -> bool:
    """Does the ring open the newest data key? True as long as there is none."""
    newest = DataKey.objects.filter(destroyed_at__isnull=True).order_by("pk").last()
    try:
        if newest is not None:
            _unwrapped(newest, keyring())
    except Unavailable:
        return False
    return True


def destroy(key: DataKey, *, now: datetime) -> None:
    """Destroy the key for good: nothing that it encrypted can be read any more."""
    DataKey.objects.filter(pk=key.pk, destroyed_at__isnull=True).update(
        key_id="", wrapped="", destroyed_at=now
    )
