"""The helper process: forks a limited child for each piece of media work, and kills those that take too long.

`child` starts it as `python -m verification.media.server <descriptor>`. It has loaded the decoders, so a fork costs
milliseconds and the child needs no file; it never decodes media itself. When the process that started it ends, it ends
too, and its children with it. It knows nothing of Django or the portal.
"""

import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, NoReturn

import av.logging
import av.subtitles.codeccontext
import av.subtitles.stream
from PIL import ImageFilter, ImageOps

from verification.media import confinement, logo, photo, photo_advice, prints, sheet, video, wire
from verification.media.errors import MediaUnavailable, UnusableMedia

# Decoding can wait; a call to the vendor on the same cores has to leave in its slot.
NICENESS: Final = 10
# A confined child can open no file, so it can import no module. Pillow and PyAV import these inside functions; `photo`
# and `video` preload others.
PRELOADED: Final = (
    *(av.logging, av.subtitles.codeccontext, av.subtitles.stream),
    *(ImageFilter, ImageOps),
    *(logo, photo, photo_advice, prints, sheet, video),
)


@dataclass(frozen=True)
class _Job:
    sock: socket.socket
    deadline: float
    cpu_seconds: int


def main() -> None:
    """Serve orders from the descriptor on the command line until the other end closes it."""
    control = socket.socket(fileno=int(sys.argv[1]))
    awake, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.freeze()
    jobs: dict[int, _Job] = {}
    while True:
        ready, _, _ = select.select([control, awake], [], [], _patience(jobs))
        if awake in ready:
            awake.recv(4096)
        if control in ready and not _take_order(control, jobs):
            break
        _kill_late(jobs)
        _reap(jobs)
    for pid in jobs:
        os.kill(pid, signal.SIGKILL)


def _patience(jobs: dict[int, _Job]) -> float | None:
    if not jobs:
        return None
    return max(0.0, min(job.deadline for job in jobs.values()) - time.monotonic())


def _take_order(control: socket.socket, jobs: dict[int, _Job]) -> bool:
    """Fork a child for the next order; False if the other end is closed."""
    order, descriptors, _, _ = socket.recv_fds(control, wire.ORDER.size, 1)
    if len(order) < wire.ORDER.size or not descriptors:
        return False
    sock = socket.socket(fileno=descriptors[0])
    timeout, cpu_seconds = wire.ORDER.unpack(order)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _be_child(sock, parent, cpu_seconds)
    jobs[pid] = _Job(sock, time.monotonic() + timeout, cpu_seconds)
    return True


def _kill_late(jobs: dict[int, _Job]) -> None:
    for pid, job in jobs.items():
        if job.deadline <= time.monotonic():
            os.kill(pid, signal.SIGKILL)


def _reap(jobs: dict[int, _Job]) -> None:
    """Send each dead child's exit to its caller."""
    while jobs:
        pid, status, used = os.wait4(-1, os.WNOHANG)
        if not pid:
            return
        job = jobs.pop(pid)
        ending = _ending(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, job)
        message = wire.encode(wire.EXIT, ending)
        with job.sock:
            job.sock.setblocking(False)
            try:
                job.sock.send(message)
            except OSError:  # the caller has left, or its socket is full of an answer it has not read
                continue


def _ending(exit_code: int, cpu_seconds: float, job: _Job) -> int | str:
    """The child's exit code (a signal's number negated), TIMED_OUT or STARVED."""
    if exit_code == -signal.SIGXCPU:
        return wire.TIMED_OUT
    if exit_code != -signal.SIGKILL or job.deadline > time.monotonic():
        return exit_code
    return wire.STARVED if cpu_seconds < job.cpu_seconds - 1 else wire.TIMED_OUT


def _be_child(sock: socket.socket, parent: int, cpu_seconds: int) -> NoReturn:
    """Do one piece of work and exit in any case, without the helper's exit handlers."""
    ending = wire.NOT_STARTED
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.nice(NICENESS)
        _, request = wire.receive(sock) or (b"", {})
        function = _function(request["function"])  # before confine, after which no module can be loaded
        threads = request["threads"] is True
        confinement.confine(parent, keep=sock.fileno(), cpu_seconds=cpu_seconds, threads=threads)
        ending = 0
        # Not wire.send: it sets a timeout, which is a system call that the filter refuses.
        sock.sendall(_answer(function, request["arguments"]))
    finally:
        os._exit(ending)


def _answer(function: Callable[..., Any], arguments: list[Any]) -> bytes:
    try:
        return wire.encode(wire.ANSWER, {"value": function(*arguments)})
    except UnusableMedia as error:
        return wire.encode(wire.ANSWER, {"unusable": error.code, "detail": error.detail})
    except MemoryError:
        return wire.encode(wire.ANSWER, {"unusable": "media_out_of_memory", "detail": {}})
    except MediaUnavailable as error:
        return wire.encode(wire.ANSWER, {"unavailable": error.reason})
    except ImportError:
        # A module that is missing or was not preloaded: it would fail for every file.
        return wire.encode(wire.ANSWER, {"unavailable": "ImportError"})
    except OSError as error:
        # The machine is at fault: no descriptors, or a refused call. The class is reported, never the text.
        return wire.encode(wire.ANSWER, {"unavailable": type(error).__name__})
    except Exception:
        # The outermost edge of the process. Any other error of a decoder is the file's fault, and would come again.
        return wire.encode(wire.ANSWER, {"unusable": "media_crashed", "detail": {}})


def _function(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), attribute)
    return function


if __name__ == "__main__":
    main()
