"""Things a media child should not do, or should not manage to do, for `test_child`."""

import os
import resource
import signal
from pathlib import Path

from verification.media.errors import UnusableMedia


def crash() -> None:
    os._exit(3)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def trip() -> None:
    """What no decoder should do with a strange file, and one will."""
    raise ZeroDivisionError


def hang() -> None:
    while True:
        signal.pause()


def burn_cpu() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
    while True:
        pass


def eat_memory() -> int:
    return len(bytearray(2 * 1024**3))


def write_too_much() -> None:
    with Path("large").open("wb") as file:
        for _ in range(32):
            file.write(bytes(1024 * 1024))


def see_surroundings() -> dict[str, object]:
    """What a child that has been taken over would find."""
    Path("left-behind").write_bytes(b"x")
    return {
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "descriptors": [int(name) for name in os.listdir("/proc/self/fd")],
    }


def echo(value: object) -> object:
    return value


def speak_nonsense() -> None:
    """Write to every descriptor there is, the way to the parent among them, and leave."""
    for number in range(3, 32):
        try:
            os.write(number, b"\xff" * 64)
        except OSError:
            continue
    os._exit(0)


def refuse_with(code: str) -> None:
    """Refuse for a reason that is not on the list."""
    error = UnusableMedia("video_corrupt")
    error.code = code
    raise error


def hold_open(fifo: str) -> None:
    """Keep a named pipe open for as long as this process lives."""
    with Path(fifo).open("wb", buffering=0) as pipe:
        pipe.write(b"here\n")
        hang()
