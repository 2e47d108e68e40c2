"""The limits of a media child: the child applies them to itself before it reads a byte.

Linux has all of them. Elsewhere (a developer's laptop) those that the system lacks are left out. If a limit that the
system has can't be set, confine raises, and the child does not start.
"""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

from verification.media import syscalls

MEMORY: Final = 768 * 1024 * 1024  # bytes of address space; with less, valid photos of 50 megapixels fail
CPU_SECONDS: Final = 20  # at most: checking a file gets less than rewriting it
FILE_SIZE: Final = 0  # bytes: the child writes no file
OPEN_FILES: Final = 3  # the standard ones, on /dev/null; the kept socket is open before
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
    """Limit this process for good, among others to `cpu_seconds` of processor time.

    It closes all descriptors but `keep` and puts the standard ones on /dev/null. The kernel kills the process when
    `parent` ends. `threads` allows it to start threads. Raises OSError if a limit can't be set.
    """
    has_threads = _has_threads()  # no folder can be read under the limits
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
        syscalls.refuse_others(threads=threads, has_threads=has_threads)


def _has_threads() -> bool:
    """Has a library started a thread while it was loaded?"""
    return sys.platform == "linux" and len(os.listdir("/proc/self/task")) > 1


def _limit(kind: int, value: int, *, grace: int = 0) -> None:
    """Set the soft limit, and the hard one `grace` above it; never above a lower limit of the administrator's."""
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

    A core dump may hold a face, and a core collector gets it whatever the size limit for core files is.
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
    if os.getppid() != parent:  # the parent died before prctl was called
        raise ProcessLookupError


# Loaded once in the helper, so that each child finds it there.
_libc = ctypes.CDLL(None, use_errno=True)
