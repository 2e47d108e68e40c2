"""The ciphers for what is stored: a keyring that wraps data keys, and the framed cipher for objects.

It knows keys and bytes, and nothing of Django, of rows, or of where keys and objects are stored.
"""

from verification.crypto.frames import NotDecrypted, Reader, seal
from verification.crypto.keyring import BadKeyring, Keyring, NotUnwrapped, UnknownKey, new_data_key, new_entry

__all__ = [
    "BadKeyring",
    "Keyring",
    "NotDecrypted",
    "NotUnwrapped",
    "Reader",
    "UnknownKey",
    "new_data_key",
    "new_entry",
    "seal",
]
