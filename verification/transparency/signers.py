"""The keys that sign checkpoints. They stand in a ring of `id:key` entries; the first one signs.

A key is the 32 random bytes of an Ed25519 seed in Base64, or `pkcs11:` and the label of a key in a device, which signs
without giving the key away.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from verification.crypto import BadKeyring, entries, key_of
from verification.transparency.notes import PublicKey, Signer

DEVICE: Final = "pkcs11:"

# Opens the key of that label in the device, for that name.
OpenDevice = Callable[[str, str], Signer]


@dataclass(frozen=True)
class SeedSigner:
    """A key whose private half is in memory."""

    name: str
    seed: bytes = field(repr=False)

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def key(self) -> PublicKey:
        return PublicKey(self.name, self._private.public_key().public_bytes_raw())

    def sign(self, content: bytes) -> bytes:
        return self._private.sign(content)


def ring(text: str, origin: str, device: OpenDevice) -> dict[str, Signer]:
    """The signers by id, for the log of that name. Raises BadKeyring."""
    found: dict[str, Signer] = {}
    for number, (key_id, content) in enumerate(entries(text).items(), 1):
        label = content.removeprefix(DEVICE)
        found[key_id] = (
            device(label, origin) if label != content else SeedSigner(origin, key_of(content, number))
        )
    return found


__all__ = ["BadKeyring", "OpenDevice", "SeedSigner", "ring"]
