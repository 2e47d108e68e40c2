"""Runs media work in a process that may crash, hang, or be taken over, without harm to this one.

Each process starts one small helper (`server`) on first use, which forks a limited child for each call. It is not
multiprocessing's fork server, because that imports the caller's main module into the child and refuses to run in
Celery's daemonic workers. This module knows how to run work, not what the work is; it loads no decoder.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from verification.media import wire
from verification.media.confinement import CPU_SECONDS
from verification.media.errors import CODES, MediaUnavailable, UnusableMedia

TIMEOUT: Final = 30.0  # seconds
GRACE: Final = 15.0  # seconds that the helper may take beyond TIMEOUT before it is killed
CHILDREN: Final = max(2, os.cpu_count() or 1)  # at a time; more would only make each other late
PATIENCE: Final = 20.0  # seconds a call waits for its turn
# Limits on a refusal, because a hostile file may have taken the child over. A size in it may have 64 bits.
MAX_DETAILS, MAX_WORD, MAX_NUMBER = 10, 100, 1 << 65
_ROOT: Final = Path(__file__).resolve().parents[2]


def run(
    function: str,
    *arguments: Any,
    timeout: float = TIMEOUT,
    cpu_seconds: int = CPU_SECONDS,
    threads: bool = False,
    patience: float = PATIENCE,
) -> Any:
    """What `function` ("package.module:name") returns for plain values and bytes, as plain values.

    Raises UnusableMedia if the function refuses the media, crashes, runs out of memory or uses more than `cpu_seconds`
    of processor time. Raises MediaUnavailable if the machine is at fault, or did not give the child that much processor
    time within `timeout` seconds, or if there is no turn within `patience` seconds. Thread-safe; `threads` allows the
    child to start threads.
    """
    with _helper.turn(patience), _helper.start_job(timeout, cpu_seconds) as sock:
        deadline = time.monotonic() + timeout + GRACE
        request = {"function": function, "arguments": arguments, "threads": threads}
        return _result(*_converse(sock, wire.encode(wire.REQUEST, request), deadline))


def _converse(sock: socket.socket, request: bytes, deadline: float) -> tuple[Any, Any]:
    """Send the request. Returns the child's answer and its exit, each None if it did not arrive."""
    answer = end = None
    try:
        with suppress(ConnectionError):  # the child died before it read everything; its exit follows
            wire.send(sock, request, deadline=deadline)
        while end is None and (message := wire.receive(sock, deadline=deadline)):
            if message[0] == wire.EXIT:
                end = message[1]
            elif message[0] == wire.ANSWER and answer is None:
                answer = message[1]
            else:
                raise wire.BadMessage
    except wire.BadMessage:
        raise UnusableMedia("media_crashed") from None
    except TimeoutError:
        if _helper.answers():
            raise MediaUnavailable("child_stuck") from None
        _helper.give_up()
        raise MediaUnavailable("helper_stuck") from None
    return answer, end


def _result(answer: Any, end: Any) -> Any:
    if end == wire.TIMED_OUT:
        raise UnusableMedia("media_timeout")
    if end == wire.STARVED:
        raise MediaUnavailable("starved")
    if answer is None and end in (None, wire.NOT_STARTED):
        raise MediaUnavailable("child_not_started" if end else "helper_died")
    if end or not isinstance(answer, dict):
        raise UnusableMedia("media_crashed", {"exit": end} if isinstance(end, int) else None)
    if "value" in answer:
        return answer["value"]
    if "unavailable" in answer:
        reason = answer["unavailable"]
        raise MediaUnavailable(reason if _short(reason) and isinstance(reason, str) else "unknown")
    raise UnusableMedia(*_reason(answer))


def _reason(answer: dict[str, Any]) -> tuple[str, dict[str, str | int | float]]:
    """Code and detail of a refusal. A child that sends a code which is not in CODES has been taken over."""
    code, detail = answer.get("unusable"), answer.get("detail")
    if (
        not isinstance(code, str)
        or code not in CODES
        or not isinstance(detail, dict)
        or len(detail) > MAX_DETAILS
    ):
        return "media_crashed", {}
    if not all(map(_short, (*detail, *detail.values()))):
        return "media_crashed", {}
    return code, detail


def _short(value: object) -> bool:
    """Is it a word or a number that is short enough to show?"""
    if isinstance(value, str):
        return len(value) <= MAX_WORD and value.isascii() and value.isprintable()
    return isinstance(value, int | float) and abs(value) < MAX_NUMBER


class _Helper:
    """This process's helper. It is started on first use, after it died, and after a fork of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(CHILDREN)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.give_up)

    def _forget(self) -> None:
        """After a fork: the helper belongs to the parent process, and this one will start its own."""
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(CHILDREN)
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.returncode = 0  # the parent's child: this process can't wait for it
        self._process = self._control = None

    @contextmanager
    def turn(self, patience: float) -> Iterator[None]:
        """Wait until fewer than CHILDREN run. The wait does not count towards the timeout of the child to come."""
        turns = self._turns
        if not turns.acquire(timeout=patience):
            raise MediaUnavailable("busy")
        try:
            yield
        finally:
            turns.release()

    def answers(self) -> bool:
        """Does the helper still start a child and report its exit? The child gets no work."""
        deadline = time.monotonic() + GRACE
        try:
            with self.start_job(GRACE, 1) as sock:
                sock.shutdown(socket.SHUT_WR)
                return wire.receive(sock, deadline=deadline) is not None
        except (OSError, wire.BadMessage, MediaUnavailable):
            return False

    def start_job(self, timeout: float, cpu_seconds: int) -> socket.socket:
        """A connection to a new child that will be killed after `timeout` seconds."""
        ours, theirs = socket.socketpair()
        order = wire.ORDER.pack(timeout, cpu_seconds)
        with theirs, self._lock:
            for _ in range(2):
                try:
                    socket.send_fds(self._running(), [order], [theirs.fileno()])
                except OSError:  # the helper has died since the last call
                    self._stop()
                else:
                    return ours
        ours.close()
        raise MediaUnavailable("helper_not_started")

    def give_up(self) -> None:
        """Kill a helper that no longer answers, and all its children."""
        with self._lock:
            self._stop()

    def _running(self) -> socket.socket:
        if self._control is None or self._process is None or self._process.poll() is not None:
            self._stop()
            self._process, self._control = _start()
        return self._control

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._control = None


def _start() -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    ours.settimeout(GRACE)
    command = [sys.executable, "-P", "-m", "verification.media.server", str(theirs.fileno())]
    environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    # The face detector would work in as many threads as there are cores, and the child may start none. The library that
    # starts them ends the process when it can't.
    environment["OMP_NUM_THREADS"] = "1"
    # A child lives for one file, and most of its memory is new to it: with large pages preparing H.264 takes a fifth
    # less.
    environment["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
    environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *filter(None, sys.path)])
    with theirs:
        process = subprocess.Popen(  # noqa: S603 (the command is all ours)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C at a terminal must reach the portal alone
        )
    return process, ours


_helper = _Helper()
