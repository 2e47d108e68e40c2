"""Runs programs that live as long as their `with` block. Knows no particular program.

The output goes to a file, which is copied to standard error if the block ends with an error. A fixture does not see
the test's error, so a test that wants the output needs the `with` in its own body. The module signals only processes
that it has started.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

PROJECT = Path(__file__).resolve().parents[1]
START_SECONDS = 60
STOP_SECONDS = 5
SHOWN_CHARACTERS = 20_000


class Missing(Exception):
    """A program is not installed; the message names the package that contains it."""


class Ended(Exception):
    """A program ended, or was not ready in time; its output is on standard error."""


class Process:
    """A program in its own process group; `ready` is a pattern of the output that it prints when it is ready."""

    def __init__(self, *command: str, environment: Mapping[str, str] | None = None, ready: str = "") -> None:
        self._command, self._environment, self._ready = command, environment, ready

    @classmethod
    def missing(cls) -> str:
        """A sentence that names what to install first; empty if nothing is missing."""
        return ""

    def __enter__(self) -> Self:
        if reason := self.missing():
            raise Missing(reason)
        with ExitStack() as stack:
            # Not TMPDIR: other accounts may have no access to it, and a socket's path has to be short.
            self.folder = Path(stack.enter_context(TemporaryDirectory(prefix="kyc-", dir="/tmp")))
            self.log = self.folder / "log"
            stack.push(self._leave)
            self.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def start(self) -> None:
        self._spawn(*self._command)

    def _spawn(self, *command: str, cwd: Path = PROJECT, **account: Any) -> None:
        with self.log.open("ab") as log:
            began = log.tell()
            self._popen = subprocess.Popen(
                command,
                cwd=cwd,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **account,
            )
        self.wait_for_output(self._ready, since=began)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for_output(self, pattern: str, seconds: float = START_SECONDS, since: int = 0) -> re.Match[str]:
        """Waits until the pattern is in the output after its first `since` bytes: a program may start again."""
        until = time.monotonic() + seconds
        while not (found := re.search(pattern, self.log.read_bytes()[since:].decode(errors="replace"))):
            if not self.alive:
                raise Ended(f"{self} ended with {self._popen.returncode}")
            if time.monotonic() > until:
                raise Ended(f"{self} did not print {pattern!r} within {seconds} s")
            time.sleep(0.02)
        return found

    def kill(self) -> None:
        """Sends SIGKILL to the whole process group, as the kernel does when memory runs out; waits for its end."""
        self._signal(signal.SIGKILL)
        self._popen.wait()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Sends SIGTERM, after a few seconds SIGKILL, and SIGKILL to what is left of its group."""
        if self.alive:
            self.thaw()
            self._popen.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(STOP_SECONDS)
        self.kill()

    def _leave(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(self, "_popen"):
            self.stop()
        if kind is not None and self.log.exists():
            print(f"--- {self} printed:\n{self.output[-SHOWN_CHARACTERS:]}", file=sys.stderr)

    def __str__(self) -> str:
        return " ".join(map(str, self._command)) or type(self).__name__
