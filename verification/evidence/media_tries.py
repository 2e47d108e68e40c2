"""How many photos and recordings of one browser may be refused: each costs a media child's processor time.

A try is counted before the check, so that files sent at once are counted too. It is forgotten if the file is accepted,
or if the portal is at fault. Files of one case are checked one after the other in each process, and few may wait for
that, so that one person's files never take every child or every thread from the others.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from verification import media
from verification.models import MediaTry, Verification

PHOTO, RECORDING = "photo", "recording"
# In an hour, of each kind. Somebody who can't find the right file or light has tried in every way by then.
MAX_REFUSED: Final = 10
HOUR: Final = timedelta(hours=1)
# The file of a case that is being checked, and one that waits: the page sends one, and again if the answer was lost.
MAX_AT_ONCE: Final = 2


class TooManyRefused(Exception):
    """Too many files of this browser were of no use in the last hour."""


class TooManyAtOnce(Exception):
    """A file of this case is being checked, and another one waits for that."""


@contextmanager
def counted(verification: Verification, kind: str, *, now: datetime) -> Iterator[None]:
    """For the check of a file: counts it, and keeps the count if the block raises UnusableMedia.

    Raises TooManyRefused, TooManyAtOnce, or MediaUnavailable if its turn does not come in time.
    """
    with _turns.of(verification.pk):
        tried = _begin(verification, kind, now)
        try:
            yield
        except media.UnusableMedia as error:
            MediaTry.objects.filter(pk=tried.pk).update(code=error.code)
            raise
        except BaseException:
            tried.delete()
            raise
        tried.delete()


@transaction.atomic(durable=True)
def _begin(verification: Verification, kind: str, now: datetime) -> MediaTry:
    # The lock lets no two files sent at once both be the last one.
    locked = Verification.objects.locked_alone(verification.pk)
    # Another browser with a copy of the link uses up nothing of this one's.
    own = locked.media_tries.filter(kind=kind, browser_hash=verification.browser_hash)
    if own.filter(at__gt=now - HOUR).count() >= MAX_REFUSED:
        raise TooManyRefused("Too many files were of no use in the last hour.")
    return locked.media_tries.create(kind=kind, browser_hash=verification.browser_hash, at=now)


def forget_old(*, now: datetime) -> None:
    """Delete the tries that no longer count."""
    MediaTry.objects.filter(at__lte=now - HOUR).delete()


class _Turns:
    """One file of a case at a time, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[int, threading.Lock] = {}
        self._waiting: Counter[int] = Counter()

    @contextmanager
    def of(self, case: int) -> Iterator[None]:
        """A turn for the length of the block. Raises TooManyAtOnce, or MediaUnavailable if it does not come in time."""
        with self._lock:
            if self._waiting[case] >= MAX_AT_ONCE:
                raise TooManyAtOnce("Other files of this case are being checked.")
            turn = self._locks.setdefault(case, threading.Lock())
            self._waiting[case] += 1
        try:
            if not turn.acquire(timeout=media.PATIENCE):
                raise media.MediaUnavailable("busy")
            try:
                yield
            finally:
                turn.release()
        finally:
            with self._lock:
                self._waiting[case] -= 1
                if not self._waiting[case]:
                    del self._waiting[case], self._locks[case]


_turns = _Turns()
