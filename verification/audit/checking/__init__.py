"""Checking the whole trail against the database: what was changed, dropped or slipped in since it was sealed."""

from collections.abc import Iterator
from itertools import chain

from verification.audit.checking import records, sealed
from verification.audit.checking.finding import Finding
from verification.audit.checking.sealed import against

__all__ = ["Finding", "against", "findings"]


def findings() -> Iterator[Finding]:
    """What is wrong, as it is found; nothing if all holds. Run it in one snapshot of the database.

    Raises trail_keys.DeviceFailed if the portal's own key can't be read, without which nothing is certain.
    """
    return chain(sealed.findings(), records.findings())
