"""The two ways in which an object can't be had: it is not what was stored, or the store can't be reached."""


class IntegrityError(Exception):
    """A stored object is missing or is not the bytes that were stored. It must not be used.

    `code` is the word for it in reasons and logs.
    """

    code = "integrity_error"


class KeyDestroyed(IntegrityError):
    """The owner's key was destroyed: nobody can read this any more, and that is meant."""

    code = "erased"


class Unavailable(OSError):
    """The store, or the key that opens it, can't be reached now. It says nothing about the object."""
