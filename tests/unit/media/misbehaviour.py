"""Forbidden acts of a media child, for `test_child`.

The child loads this module before it is confined; the functions run afterwards.
"""

import ctypes
import importlib
import mmap
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from verification.media import wire
from verification.media.errors import UnusableMedia

MACHINE = os.uname().machine
PTRACE = {"x86_64": 101, "aarch64": 117}
PROCESS_VM_READV = {"x86_64": 310, "aarch64": 270}
CONNECT, LISTEN = {"x86_64": 42, "aarch64": 203}, {"x86_64": 50, "aarch64": 201}
ATTACH = 16
X32 = 0x40000000
# Machine code: `int 0x80` on x86, with which a 64-bit process makes a 32-bit system call, here getpid.
OTHER_NUMBERS = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
LIBC = ctypes.CDLL(None, use_errno=True)
PARENT = os.getppid()
PAGE = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
PAGE.write(OTHER_NUMBERS)


def crash() -> None:
    os._exit(3)


def crash_in_c() -> None:
    ctypes.string_at(0)


def trip() -> None:
    """Raises an unexpected exception, as a decoder may on a malformed file."""
    raise ZeroDivisionError


def hang() -> None:
    while True:
        time.sleep(60)


def burn() -> None:
    while True:
        pass


def answer_twice() -> None:
    """Writes two complete answers to the parent."""
    answer = wire.encode(wire.ANSWER, {"value": "one of two"})
    for number in range(3, 32):
        try:
            os.write(number, answer + answer)
        except OSError:
            continue
    os._exit(0)


def eat_memory() -> int:
    return len(bytearray(2 * 1024**3))


def echo(value: object) -> object:
    return value


def see_environment() -> dict[str, str]:
    return dict(os.environ)


def load_a_module() -> None:
    importlib.import_module("wave")


def speak_nonsense() -> None:
    """Writes to every open descriptor, including the parent's, and exits."""
    for number in range(3, 32):
        try:
            os.write(number, b"\xff" * 64)
        except OSError:
            continue
    os._exit(0)


def refuse_with(code: str) -> None:
    """Refuses the file with an unknown code."""
    error = UnusableMedia("video_corrupt")
    error.code = code
    raise error


def use_32_bit_numbers() -> int:
    """Makes a 32-bit system call, which only a compromised process would do."""
    code = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(PAGE)))
    return int(code())


def use_x32_numbers() -> None:
    LIBC.syscall(X32 + 39)


def call(number: int, *arguments: int) -> None:
    if LIBC.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")


# What a compromised child would try.
ATTEMPTS: dict[str, Callable[[], object]] = {
    "read a file": lambda: Path("/etc/passwd").read_bytes(),
    "read its parent's environment": lambda: Path(f"/proc/{PARENT}/environ").read_bytes(),
    "read its own environment": lambda: Path("/proc/self/environ").read_bytes(),
    "look at a file": lambda: os.stat("/etc/passwd"),
    "list a directory": lambda: os.listdir("/"),
    "write a file": lambda: Path("/tmp/left-behind").write_bytes(b"x"),
    "make a directory": lambda: os.mkdir("/tmp/left-behind"),
    "remove a file": lambda: os.unlink("/tmp/left-behind"),
    "make an internet socket": lambda: socket.socket(socket.AF_INET),
    "connect": lambda: call(CONNECT[MACHINE], 0, 0, 0),
    "listen": lambda: call(LISTEN[MACHINE], 0, 1),
    "make a local socket": lambda: socket.socket(socket.AF_UNIX),
    "make a pair of sockets": socket.socketpair,
    "make a pipe": os.pipe,
    "make another descriptor": lambda: os.dup(0),
    "fork": os.fork,
    "start a thread": threading.Thread(target=int).start,
    "execute a program": lambda: os.execv("/bin/true", ["true"]),
    "ask whether its parent lives": lambda: os.kill(PARENT, 0),
    "kill its parent": lambda: os.kill(PARENT, signal.SIGKILL),
    "kill its group": lambda: os.killpg(0, signal.SIGKILL),
    "trace its parent": lambda: call(PTRACE[MACHINE], ATTACH, PARENT, 0, 0),
    "read its parent's memory": lambda: call(PROCESS_VM_READV[MACHINE], PARENT, 0, 0, 0, 0, 0),
    "set itself other limits": lambda: resource.setrlimit(resource.RLIMIT_CPU, (1, 1)),
    "become somebody else": lambda: os.setuid(65534),
    "make memory executable": lambda: mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_EXEC),
}


def attempt(name: str) -> str:
    """The result of the attempt: the exception's name, or "done"."""
    try:
        ATTEMPTS[name]()
    except Exception as error:
        return type(error).__name__
    return "done"
