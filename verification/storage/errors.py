"""The two ways in which reading an object fails: it is not what was stored, or the store can't be reached."""


class IntegrityError(Exception):
    """A stored object is missing or is not the bytes that were stored. It must not be used.

    `code` names it in reasons and logs.
    """

    code = "integrity_error"


class KeyDestroyed(IntegrityError):
    """The owner's key was destroyed on purpose: nobody can read this object any more."""

    code = "erased"


class Unavailable(OSError):
    """The store, or the key, can't be reached now. This proves nothing about the object."""
