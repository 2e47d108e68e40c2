"""Encryption at rest of authenticator app keys and recovery codes, with the keyring of the installation.

The id of the wrapping key is the prefix. When a user takes the second step, their secrets are wrapped again with the
primary key, so that an old key can be removed from the ring once everybody has signed in.
"""

from contextlib import suppress

from allauth.mfa.models import Authenticator
from django.db import transaction

from verification import storage
from verification.crypto import NotUnwrapped, UnknownKey
from verification.models import StaffUser

# Associated data of each wrap: a secret that was wrapped for another purpose does not open here.
_OWNER = "second step of staff"
_SECRETS = ("secret", "seed")


def wrap(text: str) -> str:
    return ":".join(storage.keyring().wrap(text.encode(), _OWNER))


def unwrap(stored: str) -> str:
    """Raises UnknownKey or NotUnwrapped."""
    key_id, _colon, wrapped = stored.partition(":")
    return storage.keyring().unwrap(key_id, wrapped, _OWNER).decode()


def wrap_anew(user: StaffUser) -> None:
    """Wrap the user's secrets again that an older key of the ring has wrapped.

    A secret that no key opens stays as it is, to be removed or replaced: a passkey signs in without it.
    """
    with transaction.atomic():
        for step in Authenticator.objects.select_for_update().filter(user_id=user.pk):
            with suppress(UnknownKey, NotUnwrapped):
                _wrap_anew(step)


def _wrap_anew(step: Authenticator) -> None:
    current = f"{storage.keyring().primary}:"
    old = [name for name in _SECRETS if not step.data.get(name, current).startswith(current)]
    if old:
        step.data.update({name: wrap(unwrap(step.data[name])) for name in old})
        step.save(update_fields=["data"])
