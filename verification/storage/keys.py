"""The owners' data keys: made when first needed, unwrapped for each use, wrapped anew, destroyed.

A data key in clear lives no longer than the call that needs it: a destroyed one is gone for every process at once.
"""

from datetime import datetime
from functools import lru_cache

from django.conf import settings

from verification.crypto import Keyring, NotUnwrapped, UnknownKey, new_data_key
from verification.models import Applicant, DataKey
from verification.models.ids import new_id
from verification.storage.errors import IntegrityError, KeyDestroyed, Unavailable


@lru_cache(maxsize=2)
def _parsed(text: str) -> Keyring:
    return Keyring.parse(text)


def keyring() -> Keyring:
    """The installation's keyring, as the settings have it."""
    return _parsed(settings.KEYRING)


def new_key() -> DataKey:
    """A fresh data key in a row of its own."""
    public_id = new_id("key")
    key_id, wrapped = keyring().wrap(new_data_key(), public_id)
    return DataKey.objects.create(public_id=public_id, key_id=key_id, wrapped=wrapped)


def key_of(applicant: Applicant) -> DataKey:
    """The applicant's data key; made now if there is none yet. Raises KeyDestroyed for one who was erased."""
    if not Applicant.objects.filter(pk=applicant.pk, data_key__isnull=False).exists():
        made = new_key()
        if not Applicant.objects.filter(pk=applicant.pk, data_key__isnull=True).update(data_key=made):
            made.delete()  # another request was quicker
    key = DataKey.objects.get(applicant=applicant.pk)
    if key.destroyed_at is not None:
        raise KeyDestroyed("The applicant's key was destroyed.")
    return key


def unwrapped(public_id: str) -> bytes:
    """The data key itself. Raises KeyDestroyed, Unavailable without its ring, IntegrityError if it was changed."""
    row = DataKey.objects.filter(public_id=public_id).first()
    if row is None:
        raise IntegrityError("There is no such data key.")
    if row.destroyed_at is not None:
        raise KeyDestroyed("The data key was destroyed.")
    try:
        return keyring().unwrap(row.key_id, row.wrapped, row.public_id)
    except UnknownKey as error:
        raise Unavailable("The keyring lacks the key that wrapped this.") from error
    except NotUnwrapped as error:
        raise IntegrityError("The data key is not what was stored.") from error


def rewrap(*, most: int) -> int:
    """Wrap up to `most` data keys anew that another than the first key of the ring has wrapped; how many it were."""
    ring = keyring()
    old = DataKey.objects.filter(destroyed_at__isnull=True).exclude(key_id=ring.primary)[:most]
    return sum(_rewrapped(row, ring) for row in old)


def _rewrapped(row: DataKey, ring: Keyring) -> int:
    key_id, wrapped = ring.wrap(unwrapped(row.public_id), row.public_id)
    # Not if it was destroyed or wrapped anew meanwhile.
    return DataKey.objects.filter(pk=row.pk, wrapped=row.wrapped).update(key_id=key_id, wrapped=wrapped)


def destroy(key: DataKey, *, now: datetime) -> None:
    """From now on nothing that this key encrypted can be read by anybody. There is no way back."""
    DataKey.objects.filter(pk=key.pk, destroyed_at__isnull=True).update(
        key_id="", wrapped="", destroyed_at=now
    )
