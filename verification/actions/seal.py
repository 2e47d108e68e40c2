"""Sealing the trail: until what waited is sealed, or for a stretch of time."""

import time
from collections.abc import Callable
from datetime import datetime

import structlog

from verification import anchors
from verification.audit import log as trail
from verification.audit import sealing, trail_keys
from verification.audit.sealing import is_due
from verification.models import Checkpoint

__all__ = ["is_due", "seal"]

log = structlog.get_logger(__name__)


def seal(*, clock: Callable[[], datetime], stretch: float) -> Checkpoint | None:
    """Seal for `stretch` seconds at most; the newest checkpoint that was signed, or None.

    A batch that is not full ends it: while others write, there is always something more. First the log is compared with
    what lies outside: one that does not begin with it is a fork, and gets no checkpoint.
    """
    if places := anchors.compare(now=clock()):
        log.error("trail.not_sealed", reason="contradicted", places=[place.address for place in places])
        return None
    until = time.monotonic() + stretch
    before = trail.newest()
    size, newest = (before.size if before else 0), None
    while signed := _seal_some(clock()):
        grown, size, newest = signed.size - size, signed.size, signed
        if grown < sealing.MAX_AT_ONCE or time.monotonic() > until:
            break
    return newest


def _seal_some(now: datetime) -> Checkpoint | None:
    try:
        return sealing.seal(now=now)
    except (trail_keys.NotIntroduced, trail_keys.DeviceFailed) as reason:
        log.error("trail.not_sealed", reason=str(reason))
        return None
