"""Copies of the project in which one module at a time is wrong. The checkout itself is never touched."""

import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes import PROJECT

PLUGINS = ("-p", "tests.mutants.plugin", "-p", "no:cacheprovider", "--hypothesis-seed=0")
MEMORY = 3 * 1024**3  # bytes for each process: a change may make a loop collect for ever
_stamps = itertools.count(int(time.time()) - 1_000_000)


@dataclass(frozen=True)
class Outcome:
    """How a run of tests ended; `passed` is False, too, when the project could not even be imported."""

    passed: bool
    timed_out: bool
    seconds: dict[str, float]
    failed: list[str]
    output: str


def project_files() -> list[str]:
    """What git knows or would take up, with the changes that are not committed yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return sorted(name for name in set(names.split("\0")) if name and (PROJECT / name).is_file())


class Tree:
    """One copy of the project in `folder`, and the runs of its tests."""

    def __init__(self, folder: Path) -> None:
        self.project, self._output = folder / "project", folder / "output"
        self._prepared, self._temporary = folder / "prepared", folder / "tmp"
        for place in (self._prepared, self._temporary):
            place.mkdir(parents=True)
        for name in project_files():
            target = self.project / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target)

    @contextmanager
    def changed(self, path: str, source: str) -> Iterator[None]:
        """The module at `path` has this source while the block runs."""
        original = (self.project / path).read_text()
        self._write(path, source)
        try:
            yield
        finally:
            self._write(path, original)

    def _write(self, path: str, source: str) -> None:
        """With a time of its own: by time and size Python knows whether the compiled module is still the right one."""
        target, stamp = self.project / path, next(_stamps)
        target.write_text(source)
        os.utime(target, (stamp, stamp))

    def run(self, tests: Sequence[str], *options: str, timeout: float) -> Outcome:
        """These tests, in this order; `timeout` in seconds."""
        listed, report = (self.project.parent / name for name in ("tests.json", "report.json"))
        listed.write_text(json.dumps(tests))
        report.unlink(missing_ok=True)
        files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
        names = {"MUTANTS_REPORT": str(report)}
        names |= {"MUTANTS_TESTS": str(listed)} if any("::" in test for test in tests) else {}
        process = self.start(files, *options, environment=names)
        timed_out = _wait(process, timeout)
        found: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
        passed = process.returncode == 0
        words = self._output.read_text(errors="replace")
        return Outcome(passed, timed_out, found.get("seconds", {}), found.get("failed", []), words)

    def start(
        self,
        files: Sequence[str],
        *options: str,
        environment: Mapping[str, str],
        pass_fds: tuple[int, ...] = (),
    ) -> "subprocess.Popen[bytes]":
        """pytest with these files, in a process group of its own."""
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.mutants.plugin",
            "-p",
            "no:cacheprovider",
        ]
        names = {"MUTANTS_PREPARED": str(self._prepared), "TMPDIR": str(self._temporary), "DATABASE_URL": ""}
        with self._output.open("wb") as file:
            process = subprocess.Popen(
                [*command, *options, *files],
                cwd=self.project,
                env={**os.environ, **names, **environment},
                stdout=file,
                stderr=file,
                pass_fds=pass_fds,
                start_new_session=True,
            )
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
        return process


def _wait(process: "subprocess.Popen[bytes]", timeout: float) -> bool:
    """Did it have to be ended? Whatever it started is ended with it."""
    try:
        process.wait(timeout)
        return False
    except subprocess.TimeoutExpired:
        return True
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
