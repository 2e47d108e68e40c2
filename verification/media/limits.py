"""What a media child may use, and what it may see: applied by the child to itself before it reads a byte.

Linux gives all of it; elsewhere (a developer's laptop) some of it does not exist and is left out. What should work and
does not is raised, and the child does not start.
"""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

from verification.media import syscalls

MEMORY: Final = 768 * 1024 * 1024  # bytes of address space; less makes honest 25-megapixel photos fail
CPU_SECONDS: Final = 20  # at most; looking at a file is given less than rewriting it
FILE_SIZE: Final = 0  # bytes of any file written: there is none to write
OPEN_FILES: Final = 3  # the standard ones, which lead nowhere; the kept one is open already and may be higher
KEPT_ENVIRONMENT: Final = ("PATH", "LANG")
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38


def confinement() -> str:
    """How this machine confines children.

    "seccomp": no files, sockets or processes. "rlimits": memory and time alone, on a system that has no filter here.
    "refused": the kernel takes no filter, so no child starts.
    """
    if not syscalls.supported():
        return "rlimits"
    return "seccomp" if syscalls.accepted() else "refused"


def confine(parent: int, *, keep: int, cpu_seconds: int = CPU_SECONDS, threads: bool = False) -> None:
    """Limit this process for good, to so many seconds of processor time among others.

    Of its descriptors only `keep` stays, the standard ones go nowhere. It ends with the process `parent`, and starts
    threads only if it may. Raises OSError if a limit can't be set.
    """
    _close_descriptors(keep)
    _die_with(parent)
    os.chdir("/")
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    os.environ.clear()
    os.environ.update(environment)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, min(cpu_seconds, CPU_SECONDS), grace=1)
    _limit(resource.RLIMIT_FSIZE, FILE_SIZE)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, MEMORY)
    if syscalls.supported():
        syscalls.refuse_others(threads=threads)


def _limit(kind: int, value: int, *, grace: int = 0) -> None:
    """Set the limit and, `grace` beyond it, the one that kills; lower ones where the administrator already has."""
    hard = resource.getrlimit(kind)[1]
    ceiling = sys.maxsize if hard == resource.RLIM_INFINITY else hard
    end = min(value + grace, ceiling)
    resource.setrlimit(kind, (max(0, end - grace), end))


def _close_descriptors(keep: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, keep)
    os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX"))


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when the one that forked it dies; take no new privileges, leave no core.

    A program that collects cores is given them whatever their size limit, and there may be a face in one.
    """
    if sys.platform != "linux":
        return
    for option, value in (
        (_PR_SET_PDEATHSIG, signal.SIGKILL),
        (_PR_SET_DUMPABLE, 0),
        (_PR_SET_NO_NEW_PRIVS, 1),
    ):
        if _libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before the kernel was asked
        raise ProcessLookupError


# Loaded once in the helper, so that each child finds it there.
_libc = ctypes.CDLL(None, use_errno=True)
