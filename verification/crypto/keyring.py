"""The keyring: the few keys of the installation, which wrap the many data keys.

It is written as `id:key` entries, separated by commas or line ends, each key 32 bytes in Base64. The first one wraps;
the others only unwrap, for data keys that were wrapped before, or by processes that have a newer ring already. A
rotation adds an entry, puts it in front, and rewraps the data keys; the objects that they encrypt do not change.
"""

import base64
import re
import secrets
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_PURPOSE: Final = b"kyc data key 1\0"


class BadKeyring(ValueError):
    """The keyring can't be read. The message never repeats a part of a key."""


class UnknownKey(Exception):
    """The key that wrapped the data key is not on this ring."""


class NotUnwrapped(Exception):
    """The data key does not open: it was changed, is another owner's, or the ring has another key under that id."""


@dataclass(frozen=True)
class Keyring:
    """Keys by id; the first one wraps."""

    keys: dict[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises BadKeyring for an empty ring, a malformed or repeated entry, or a key of another length."""
        found = entries(text)
        return cls({name: key_of(encoded, number) for number, (name, encoded) in enumerate(found.items(), 1)})

    @property
    def primary(self) -> str:
        """The id of the key that wraps."""
        return next(iter(self.keys))

    @property
    def ids(self) -> list[str]:
        """The ids of all keys, the one that wraps first."""
        return list(self.keys)

    def wrap(self, data_key: bytes, owner: str) -> tuple[str, str]:
        """The id of the wrapping key, and the data key as Base64, wrapped so that it opens for `owner` alone."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self.keys[self.primary]).encrypt(nonce, data_key, _context(owner))
        return self.primary, base64.b64encode(nonce + sealed).decode("ascii")

    def unwrap(self, key_id: str, wrapped: str, owner: str) -> bytes:
        """The data key in clear. Raises UnknownKey, or NotUnwrapped unless that key wrapped it for this owner."""
        if key_id not in self.keys:
            raise UnknownKey("The keyring has no key of that id.")
        try:
            sealed = base64.b64decode(wrapped, validate=True)
            return AESGCM(self.keys[key_id]).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _context(owner)
            )
        except (InvalidTag, ValueError):
            raise NotUnwrapped("The wrapped key does not open.") from None


def entries(text: str) -> dict[str, str]:
    """What stands behind each id of a ring, in its order. Raises BadKeyring for an empty ring or a repeated entry."""
    found: dict[str, str] = {}
    for number, entry in enumerate(filter(None, map(str.strip, re.split(r"[,\n]", text))), start=1):
        name, _, content = entry.partition(":")
        if not _ID.fullmatch(name) or name in found:
            raise BadKeyring(f"Entry {number} of the keyring has no id of its own.")
        if content in found.values():
            raise BadKeyring("The keyring holds one key under two ids.")
        found[name] = content
    if not found:
        raise BadKeyring("The keyring is empty.")
    return found


def new_data_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def new_entry(key_id: str) -> str:
    """A fresh entry for the keyring, ready to be put in front; BadKeyring for a malformed id."""
    if not _ID.fullmatch(key_id):
        raise BadKeyring("An id has 1 to 40 letters, digits, dots, hyphens and underscores.")
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode('ascii')}"


def _context(owner: str) -> bytes:
    return _PURPOSE + owner.encode()


def key_of(encoded: str, number: int) -> bytes:
    """The key that entry `number` of a ring holds in Base64. Raises BadKeyring for another length, or no random key."""
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:  # no Base64, or not even ASCII
        key = b""
    if len(key) != KEY_BYTES:
        raise BadKeyring(f"Entry {number} of the keyring is not {KEY_BYTES} bytes in Base64.")
    # Among 10^13 random keys, one is text.
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    if len(set(key)) < 8 or len(steps) < 8 or (key.isascii() and key.decode().isprintable()):
        raise BadKeyring(f"Entry {number} of the keyring is no random key.")
    return key
