"""Keys of authenticator apps and recovery codes as the database has them: wrapped by the installation's keyring.

The id of the wrapping key stands in front. Whoever uses their second step has it wrapped by the first key of the ring
from then on, so that an old key can leave the ring once everybody has signed in.
"""

from contextlib import suppress

from allauth.mfa.models import Authenticator
from django.db import transaction

from verification import storage
from verification.crypto import NotUnwrapped, UnknownKey
from verification.models import StaffUser

# Bound into every one of them: what was wrapped for something else does not open here.
_OWNER = "second step of staff"
_SECRETS = ("secret", "seed")


def wrap(text: str) -> str:
    return ":".join(storage.keyring().wrap(text.encode(), _OWNER))


def unwrap(stored: str) -> str:
    """Raises UnknownKey or NotUnwrapped."""
    key_id, _colon, wrapped = stored.partition(":")
    return storage.keyring().unwrap(key_id, wrapped, _OWNER).decode()


def wrap_anew(user: StaffUser) -> None:
    """What an older key of the ring has wrapped.

    What no key opens is left as it is, to be removed or replaced: a passkey signs in without it.
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
