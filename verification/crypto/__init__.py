"""The ciphers for what is stored: a keyring that wraps data keys, and the ciphers for objects and for short texts.

It knows keys and bytes, and nothing of Django, of rows, or of where keys and objects are stored.
"""

from verification.crypto.frames import NotDecrypted, Reader, seal
from verification.crypto.keyring import (
    BadKeyring,
    Keyring,
    NotUnwrapped,
    UnknownKey,
    entries,
    key_of,
    new_data_key,
    new_entry,
)
from verification.crypto.short_text import open_text, seal_text

__all__ = [
    "BadKeyring",
    "Keyring",
    "NotDecrypted",
    "NotUnwrapped",
    "Reader",
    "UnknownKey",
    "entries",
    "key_of",
    "new_data_key",
    "new_entry",
    "open_text",
    "seal",
    "seal_text",
]
