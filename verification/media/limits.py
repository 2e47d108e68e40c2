"""What a media child may use, and what it may see: applied by the child to itself before it reads a byte.

Linux gives all of it; elsewhere (a developer's laptop) some of it does not exist and is left out.
"""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

MEMORY: Final = 768 * 1024 * 1024  # bytes of address space; less makes honest 25-megapixel photos fail
CPU_SECONDS: Final = 20
FILE_SIZE: Final = 16 * 1024 * 1024  # bytes of any one file written
OPEN_FILES: Final = 32
KEPT_ENVIRONMENT: Final = ("PATH", "LANG")
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


def confine(directory: str, *, keep: int) -> None:
    """Limit this process for good; of its descriptors only `keep` stays, the standard ones go nowhere."""
    _close_descriptors(keep)
    _die_with_parent()
    os.umask(0o077)
    os.chdir(directory)
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    os.environ.clear()
    os.environ.update(environment, TMPDIR=directory)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, CPU_SECONDS, kill_at=CPU_SECONDS + 1)
    _limit(resource.RLIMIT_FSIZE, FILE_SIZE)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, MEMORY)


def _limit(kind: int, value: int, *, kill_at: int | None = None) -> None:
    """Set soft and hard limit, or lower ones where the administrator already has."""
    hard = resource.getrlimit(kind)[1]
    ceiling = sys.maxsize if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(kind, (min(value, ceiling), min(kill_at or value, ceiling)))


def _close_descriptors(keep: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, keep)
    os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX"))


def _die_with_parent() -> None:
    """Ask the kernel to kill this process when the one that forked it dies; take no new privileges."""
    if sys.platform != "linux":
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


# Loaded once in the helper, so that each child finds it there.
_libc = ctypes.CDLL(None)
