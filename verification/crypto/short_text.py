"""The cipher for a short text in a row, such as the token of a link: AES-256-GCM under a key of its own."""

import base64
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from verification.crypto.frames import NotDecrypted

_PURPOSE: Final = b"kyc short text 1\0"
_SALT_BYTES: Final = 16
# Each text has a key of its own, derived by its salt, so that one nonce serves all.
_NONCE: Final = bytes(12)


def seal_text(text: str, *, data_key: bytes, about: str) -> str:
    """`text` in Base64, to be opened with the same key and the same `about` alone."""
    salt = secrets.token_bytes(_SALT_BYTES)
    sealed = _cipher(data_key, salt).encrypt(_NONCE, text.encode(), about.encode())
    return base64.b64encode(salt + sealed).decode("ascii")


def open_text(sealed: str, *, data_key: bytes, about: str) -> str:
    """Raises NotDecrypted unless it was sealed with this key and this `about`."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        return (
            _cipher(data_key, raw[:_SALT_BYTES]).decrypt(_NONCE, raw[_SALT_BYTES:], about.encode()).decode()
        )
    except (InvalidTag, ValueError):
        raise NotDecrypted("The sealed text does not open.") from None


def _cipher(data_key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=_PURPOSE).derive(data_key))
