"""A program that lives as long as its `with` block; it must not know what any program is for.

What it prints goes to a file, which is shown on standard error when the block ends in an error. A fixture never
hears of the test's error: a test that wants to see the output has the `with` in its own body. Only processes that
were started here are ever signalled.
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
    """A program is not installed; the message says which package has it."""


class Ended(Exception):
    """A program ended, or was not ready in time; what it printed is shown on standard error."""


class Process:
    """A program in a process group of its own; `ready` is what it prints once it can be used, as a pattern."""

    def __init__(self, *command: str, environment: Mapping[str, str] | None = None, ready: str = "") -> None:
        self._command, self._environment, self._ready = command, environment, ready

    @classmethod
    def missing(cls) -> str:
        """What to install before this can start, as a sentence; empty when nothing is missing."""
        return ""

    def __enter__(self) -> Self:
        if reason := self.missing():
            raise Missing(reason)
        with ExitStack() as stack:
            # Not TMPDIR: other accounts may not enter that one, and a socket's path has to be short.
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
        self.wait_for_output(self._ready)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for_output(self, pattern: str, seconds: float = START_SECONDS) -> re.Match[str]:
        until = time.monotonic() + seconds
        while not (found := re.search(pattern, self.output)):
            if not self.alive:
                raise Ended(f"{self} ended with {self._popen.returncode}")
            if time.monotonic() > until:
                raise Ended(f"{self} did not print {pattern!r} within {seconds} s")
            time.sleep(0.02)
        return found

    def kill(self) -> None:
        """SIGKILL to all of its processes, as when the machine's memory is short; returns when it is dead."""
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
        """Asks it to end; after a few seconds ends it, and in any case what it left behind in its group."""
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
