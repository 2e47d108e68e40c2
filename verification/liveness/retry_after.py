"""How long the vendor, or a gateway before it, asks not to be called: the header Retry-After (RFC 9110, 10.2.3)."""

import re
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER = 300  # seconds; a longer wait is cut to this
_MAX_LENGTH = 64  # characters; a date has at most 33

_SECONDS = re.compile(r"[0-9]+")


def seconds_to_wait(header: str | None, now: Callable[[], float]) -> float:
    """From 0 to MAX_RETRY_AFTER; 0 without the header, or with one that is neither seconds nor a date.

    `now` is a clock in seconds since 1970, which is read for a date only.
    """
    text = (header or "").strip()
    if len(text) > _MAX_LENGTH:
        return 0.0
    asked = float(text) if _SECONDS.fullmatch(text) else _seconds_until(text, now)
    return min(max(0.0, asked), MAX_RETRY_AFTER)


def _seconds_until(date: str, now: Callable[[], float]) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
    # Without a zone it is the old asctime form, which is in UTC too.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now()
