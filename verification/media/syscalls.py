"""Restricts a media child's system calls to memory, time, random numbers, its one open socket and its own exit.

A seccomp filter: a short program of the kernel's classic BPF that sees each system call's number and arguments. It is
an allow-list, so unknown calls are refused too: the child can't open, make or inspect a file, make a socket, start a
program or a process, signal or trace anything. It can't start a thread either, unless `threads` allows it. This module
knows call numbers, and nothing of media.

Refused calls answer EPERM, which Python's import system and FFmpeg take for a file they may not read. ENOSYS would
make callers try another call, which is refused too. The child is not killed, because libraries make calls that they
can do without, and a valid photo must not fail for that. Only a call in another architecture's numbers (32 bits, x32)
kills: no library makes one.
"""

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from errno import EFAULT, ENOSYS, EPERM
from typing import Any, Final

_PR_SET_SECCOMP, _FILTER_MODE = 22, 2
# SECCOMP_SET_MODE_FILTER and SECCOMP_FILTER_FLAG_TSYNC of the call `seccomp`.
_SET_FILTER, _OF_ALL_THREADS = 1, 1
_ALLOW, _KILL_PROCESS, _REFUSE, _ABSENT = 0x7FFF0000, 0x80000000, 0x00050000 | EPERM, 0x00050000 | ENOSYS
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16  # offsets in the kernel's struct seccomp_data
_PROT_EXEC: Final = 4
_PROTECTION: Final = 2  # which argument of mmap and mprotect says what the memory is for
_CLONE_THREAD: Final = 0x10000
_X32: Final = 0x40000000

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


@dataclass(frozen=True)
class _Architecture:
    """`audit` is the kernel's constant for it; `mapping` calls are allowed unless they make memory executable.

    `threading` are the further calls of a process with threads; `clone` and `clone3` start one.
    """

    audit: int
    allowed: dict[str, int]
    mapping: dict[str, int]
    threading: dict[str, int]
    clone: int
    seccomp: int
    clone3: int = 435


_ARCHITECTURES: Final = {
    "x86_64": _Architecture(
        0xC000003E,
        {
            "read": 0,
            "write": 1,
            "sendto": 44,
            "recvfrom": 45,
            "munmap": 11,
            "brk": 12,
            "mremap": 25,
            "madvise": 28,
            "futex": 202,
            "rt_sigaction": 13,
            "rt_sigprocmask": 14,
            "rt_sigreturn": 15,
            "restart_syscall": 219,
            "sched_yield": 24,
            "nanosleep": 35,
            "clock_nanosleep": 230,
            "clock_gettime": 228,
            "clock_getres": 229,
            "gettimeofday": 96,
            "time": 201,
            "getrandom": 318,
            "exit": 60,
            "exit_group": 231,
        },
        {"mmap": 9, "mprotect": 10},
        {"set_robust_list": 273, "rseq": 334},
        clone=56,
        seccomp=317,
    ),
    "aarch64": _Architecture(
        0xC00000B7,
        {
            "read": 63,
            "write": 64,
            "sendto": 206,
            "recvfrom": 207,
            "munmap": 215,
            "brk": 214,
            "mremap": 216,
            "madvise": 233,
            "futex": 98,
            "rt_sigaction": 134,
            "rt_sigprocmask": 135,
            "rt_sigreturn": 139,
            "restart_syscall": 128,
            "sched_yield": 124,
            "nanosleep": 101,
            "clock_nanosleep": 115,
            "clock_gettime": 113,
            "clock_getres": 114,
            "gettimeofday": 169,
            "getrandom": 278,
            "exit": 93,
            "exit_group": 94,
        },
        {"mmap": 222, "mprotect": 226},
        {"set_robust_list": 99, "rseq": 293},
        clone=220,
        seccomp=277,
    ),
}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def supported() -> bool:
    """Is there a filter for this system and processor? There is no partial filter for others."""
    # A 32-bit Python on a 64-bit kernel would use other numbers.
    return sys.platform == "linux" and platform.machine() in _ARCHITECTURES and sys.maxsize > 2**32


def accepted() -> bool:
    """Whether the kernel takes filters. It is offered one at no address, which changes nothing: it answers EFAULT."""
    return _prctl(_PR_SET_SECCOMP, _FILTER_MODE, None, 0, 0) != 0 and ctypes.get_errno() == EFAULT


def refuse_others(*, threads: bool = False, has_threads: bool = False) -> None:
    """Refuse this process every system call that is not on the list, for good; raises OSError if the kernel won't.

    With `threads` it may start threads, which are under the same filter, but no process. `has_threads`: it has more
    than one already, and the filter is set for all of them. PR_SET_NO_NEW_PRIVS must be set.
    """
    instructions = b"".join(
        struct.pack("=HBBI", *each) for each in program(_ARCHITECTURES[platform.machine()], threads=threads)
    )
    filtered = _Program(len(instructions) // 8, instructions)
    if _set_filter(ctypes.byref(filtered), of_all=has_threads) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def program(architecture: _Architecture, *, threads: bool = False) -> list[Instruction]:
    """The filter's instructions: architecture first, then the numbers one by one."""
    starting = _thread_start(architecture) if threads else ()
    return [*_guard(architecture.audit), *starting, *_numbers(architecture)]


def _guard(audit: int) -> Iterator[Instruction]:
    yield _LOAD, 0, 0, _ARCHITECTURE_AT
    yield _EQUAL, 1, 0, audit
    yield _RETURN, 0, 0, _KILL_PROCESS
    yield _LOAD, 0, 0, _NUMBER_AT
    yield _AT_LEAST, 0, 1, _X32
    yield _RETURN, 0, 0, _KILL_PROCESS


def _thread_start(architecture: _Architecture) -> Iterator[Instruction]:
    yield from _allowed(architecture.threading)
    # The flags of clone3 lie in memory, which a filter can't read. After ENOSYS the C library falls back to clone.
    yield _EQUAL, 0, 1, architecture.clone3
    yield _RETURN, 0, 0, _ABSENT
    yield from _by_argument(architecture.clone, 0, _CLONE_THREAD, having=_ALLOW, lacking=_REFUSE)


def _numbers(architecture: _Architecture) -> Iterator[Instruction]:
    yield from _allowed(architecture.allowed)
    for number in architecture.mapping.values():
        yield from _by_argument(number, _PROTECTION, _PROT_EXEC, having=_REFUSE, lacking=_ALLOW)
    yield _RETURN, 0, 0, _REFUSE


def _allowed(calls: dict[str, int]) -> Iterator[Instruction]:
    for number in calls.values():
        yield _EQUAL, 0, 1, number
        yield _RETURN, 0, 0, _ALLOW


def _by_argument(number: int, argument: int, bit: int, *, having: int, lacking: int) -> Iterator[Instruction]:
    """One answer for the call when that argument has the bit, another when it lacks it."""
    yield _EQUAL, 0, 4, number
    yield _LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument  # its lower half; both processors are little-endian
    yield _ANY_BIT, 0, 1, bit
    yield _RETURN, 0, 0, having
    yield _RETURN, 0, 0, lacking


def _set_filter(address: Any, *, of_all: bool) -> int:
    """What the kernel answers: 0, or what is at fault. systemd's usual services may make the second call alone."""
    if of_all:
        number = _ARCHITECTURES[platform.machine()].seccomp
        return int(_syscall(number, _SET_FILTER, _OF_ALL_THREADS, address))
    return int(_prctl(_PR_SET_SECCOMP, _FILTER_MODE, address, 0, 0))


# Looked up at import, in the helper: a confined child can open no library.
_libc: Any = ctypes.CDLL(None, use_errno=True)
_prctl: Callable[..., Any] = getattr(_libc, "prctl", lambda *_: -1)
_syscall: Callable[..., Any] = getattr(_libc, "syscall", lambda *_: -1)
