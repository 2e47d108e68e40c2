"""Runs media work in a process that may crash, hang, or be taken over, without harm to this one.

A small helper (`server`) is started on first use, one for each process, and forks a limited child for each
call. It is our own and not multiprocessing's, because that imports the caller's main module into the child
and is refused to Celery's daemonic workers. Knows how to run work, not what it is; loads no decoder.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from verification.media import wire
from verification.media.errors import CODES, MediaUnavailable, UnusableMedia

TIMEOUT: Final = 30.0  # seconds
GRACE: Final = 15.0  # seconds the helper may take beyond, before it is given up
_ROOT: Final = Path(__file__).resolve().parents[2]


def run(function: str, *arguments: Any, timeout: float = TIMEOUT, threads: bool = False) -> Any:
    """What `function` ("package.module:name") returns for plain values and bytes, as plain values.

    Raises UnusableMedia for what the function says of the media, and when it crashes, runs out of memory or
    takes more than `timeout` seconds; MediaUnavailable when the fault is not the media's. Safe in threads; `threads`
    says whether the child may have some.
    """
    deadline = time.monotonic() + timeout + GRACE
    with _helper.start_job(timeout) as sock:
        request = {"function": function, "arguments": arguments, "threads": threads}
        return _result(*_converse(sock, wire.encode(wire.REQUEST, request), deadline))


def _converse(sock: socket.socket, request: bytes, deadline: float) -> tuple[Any, Any]:
    """Send the request; returns the child's answer and how it ended, None for what never came."""
    answer = end = None
    try:
        with suppress(ConnectionError):  # it died before reading all of it; how it did comes next
            wire.send(sock, request, deadline=deadline)
        while end is None and (message := wire.receive(sock, deadline=deadline)):
            if message[0] == wire.EXIT:
                end = message[1]
            else:
                answer = message[1]
    except wire.BadMessage:
        raise UnusableMedia("media_crashed") from None
    except TimeoutError:
        _helper.give_up()
        raise MediaUnavailable("helper_stuck") from None
    return answer, end


def _result(answer: Any, end: Any) -> Any:
    if end == wire.TIMED_OUT:
        raise UnusableMedia("media_timeout")
    if answer is None and end in (None, wire.NOT_STARTED):
        raise MediaUnavailable("child_not_started" if end else "helper_died")
    if end or not isinstance(answer, dict):
        raise UnusableMedia("media_crashed", {"exit": end} if isinstance(end, int) else None)
    if "value" in answer:
        return answer["value"]
    if "unavailable" in answer:
        raise MediaUnavailable(str(answer["unavailable"])[:100])
    raise UnusableMedia(*_reason(answer))


def _reason(answer: dict[str, Any]) -> tuple[str, dict[str, str | int | float]]:
    """Code and detail of a refusal, if they are ours; a child that makes up its own has been taken over."""
    code, detail = answer.get("unusable"), answer.get("detail")
    plain = isinstance(detail, dict) and all(isinstance(v, str | int | float) for v in detail.values())
    if not isinstance(code, str) or code not in CODES or not isinstance(detail, dict) or not plain:
        return "media_crashed", {}
    return code, detail


class _Helper:
    """This process's helper: started when first needed, again when it has died, anew after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.give_up)

    def _forget(self) -> None:
        """Leave the helper to the process that was forked; this one will start its own."""
        self._lock = threading.Lock()
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.returncode = 0  # not ours to wait for
        self._process = self._control = None

    def start_job(self, timeout: float) -> socket.socket:
        """A connection to a new child that will be killed after `timeout` seconds."""
        ours, theirs = socket.socketpair()
        order = wire.ORDER.pack(timeout)
        with theirs, self._lock:
            for _ in range(2):
                try:
                    socket.send_fds(self._running(), [order], [theirs.fileno()])
                except OSError:  # it has died since the last call
                    self._stop()
                else:
                    return ours
        ours.close()
        raise MediaUnavailable("helper_not_started")

    def give_up(self) -> None:
        """Kill a helper that no longer keeps its promises, and every child of it."""
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
    environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *filter(None, sys.path)])
    with theirs:
        process = subprocess.Popen(  # noqa: S603 (the command is all ours)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C at a terminal is for the portal to handle
        )
    return process, ours


_helper = _Helper()
