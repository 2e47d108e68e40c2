"""Secrets that lie in files, read again at each use: replacing them needs no restart.

Files that belong together may be replaced one after another, and a file may be half written when it is read. It does
not know what the secrets are for. No log line and no error holds a value.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

# Seconds that the last good values serve while a file can't be used. Then they count as withdrawn.
KEPT: Final = 600.0
# Seconds that a change of some files waits for the others, because an id with another id's key fits nothing.
SETTLED: Final = 5.0
# Seconds that a change of all files has to stay as it is, because a file may be half written.
WRITTEN: Final = 1.0
SIZE_LIMIT: Final = 16 * 1024  # bytes of a file

_ONE_WORD = re.compile(r"[!-~]+")  # what a header can carry
log = structlog.get_logger(__name__)

# Held while files are read, and across a fork, so that the child never gets it locked.
_reading = threading.Lock()
os.register_at_fork(
    before=_reading.acquire, after_in_parent=_reading.release, after_in_child=_reading.release
)


class Unreadable(Exception):
    """A file of the secrets has not been usable for KEPT seconds."""


class SecretFiles:
    """Secrets by name, as they were at the start-up, and the files of those that come from one.

    A file holds one secret of printable characters without spaces; white space around it does not count. It may be
    empty only if it was empty before. `fits` tells by a secret's name and text whether it can be one; a file whose text
    does not fit counts as half written. Safe to share between threads.
    """

    def __init__(
        self,
        values: Mapping[str, str],
        files: Mapping[str, str],
        *,
        fits: Callable[[str, str], bool] = lambda name, value: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._values = dict(values)
        self._files = dict(files)
        self._fits = fits
        self._clock = clock
        self._seen: dict[str, str | None] = {}
        self._seen_since = 0.0
        self._unusable_since: float | None = None

    def __repr__(self) -> str:
        return f"SecretFiles({', '.join(self._values)})"

    def current(self, *, settled: bool = True) -> dict[str, str]:
        """The secrets as the files hold them now.

        A change is used once it was seen unchanged for WRITTEN seconds, or its files are older than that. When only
        some of the files have changed, the old secrets serve on for SETTLED seconds. If `settled` is False, it is used
        at once, for a caller whom the old ones no longer serve. While a file is missing, empty or no secret, all of
        them serve on for KEPT seconds; then Unreadable.
        """
        if not self._files:
            return dict(self._values)
        with _reading:
            self._read_again(self._clock(), settled)
            return dict(self._values)

    def _read_again(self, now: float, settled: bool) -> None:
        found = {name: _read(path) for name, path in self._files.items()}
        if found != self._seen:
            self._seen, self._seen_since = found, now
        unusable = [name for name, value in found.items() if not self._is_usable(name, value)]
        if unusable:
            self._keep_last_good(unusable, now)
            return
        self._unusable_since = None
        changed = [name for name, value in found.items() if value != self._values[name]]
        if changed and not (settled and self._must_wait(changed, now)):
            self._values.update({name: value for name, value in found.items() if value is not None})
            log.info("secrets.replaced", files=[self._files[name] for name in changed])

    def _is_usable(self, name: str, value: str | None) -> bool:
        if value is None or value == self._values[name]:
            return value is not None
        return _ONE_WORD.fullmatch(value) is not None and self._fits(name, value)

    def _keep_last_good(self, unusable: list[str], now: float) -> None:
        """Warn when that begins; raise Unreadable when it has lasted for KEPT seconds."""
        if self._unusable_since is None:
            self._unusable_since = now
            log.warning("secrets.file_unusable", files=[self._files[name] for name in unusable])
        if now - self._unusable_since >= KEPT:
            raise Unreadable(", ".join(self._files[name] for name in unusable))

    def _must_wait(self, changed: list[str], now: float) -> bool:
        seen_for = now - self._seen_since
        if len(changed) < len(self._files):
            return seen_for < SETTLED
        return seen_for < WRITTEN and not all(_age(self._files[name]) > WRITTEN for name in changed)


def _age(path: str) -> float:
    """Seconds since the file was written to; 0 if that can't be told.

    Ask after reading: then it is at most the age of the text that was read.
    """
    try:
        return time.time() - os.stat(path).st_mtime
    except OSError:
        return 0.0


def _read(path: str) -> str | None:
    """The text of the file without white space around it; None if it can't be read or is too large."""
    try:
        with open(path, "rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
        return raw.decode("utf-8").strip() if len(raw) <= SIZE_LIMIT else None
    except (OSError, UnicodeDecodeError):
        return None
