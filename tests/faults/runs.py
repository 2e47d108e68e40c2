"""Runs a scenario in a separate process, with its own database and evidence, and returns its report.

Making the attempts takes long, so it is done once for each database system; each scenario gets a copy.
"""

import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from tests.processes import PROJECT
from tests.services import PostgreSQL, Redis, environment, give_tables, skip_reason

# The smallest number of attempts at a point from which a test may draw a conclusion.
REPETITIONS = 20
NEEDED = {"postgresql": (PostgreSQL, Redis), "sqlite": (Redis,)}
NOBODY = "http://127.0.0.1:9"
MAX_SECONDS = 900  # seconds; a scenario's own timeouts are shorter

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Attempts:
    """Attempts in an idle database, with their evidence in `folder`; `copy` returns the URL of a copy."""

    folder: Path
    copy: Callable[[str], str]

    def run(self, scenario: str, repetitions: int = REPETITIONS, **environment: str) -> dict[str, Any]:
        """The report of the scenario, which finds `environment` in its own. Its errors go to standard error."""
        number = next(_numbers)
        return _run(
            scenario, self.copy(f"{scenario}{number}"), self.folder, repetitions, str(number), environment
        )


def reason_to_skip(system: str) -> str:
    return skip_reason(*NEEDED[system])


@contextmanager
def attempts_on(system: str, repetitions: int = REPETITIONS) -> Iterator[Attempts]:
    """Fresh attempts on "postgresql" or "sqlite", enough for that many repetitions of every point. The end of the block
    deletes them and their evidence."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kyc-faults-")))
        if system == "sqlite":
            yield _on_sqlite(folder, repetitions)
        else:
            yield _on_postgresql(stack.enter_context(PostgreSQL()), folder, repetitions)


def _on_sqlite(folder: Path, repetitions: int) -> Attempts:
    file = folder / "attempts.sqlite3"
    give_tables(f"sqlite:///{file}")
    _run("build", f"sqlite:///{file}", folder, repetitions)
    return Attempts(folder, lambda name: f"sqlite:///{shutil.copy(file, folder / f'{name}.sqlite3')}")


def _on_postgresql(server: PostgreSQL, folder: Path, repetitions: int) -> Attempts:
    _run("build", server.url, folder, repetitions)
    return Attempts(folder, lambda name: server.create_database(name, template="portal"))


def _run(
    scenario: str,
    url: str,
    folder: Path,
    repetitions: int,
    number: str = "",
    more: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    report = folder / f"{scenario}{number}.json"
    command = [sys.executable, "-m", "tests.faults", scenario, str(repetitions), str(report)]
    # A killed process leaves temporary files behind.
    quiet = {"LOG_LEVEL": "ERROR", "TMPDIR": str(folder)}
    portal = environment(url, "memory://localhost/", NOBODY, folder, **quiet, **more)
    with subprocess.Popen(command, cwd=PROJECT, env=portal) as process:
        try:
            code = process.wait(MAX_SECONDS)
        finally:
            process.terminate()  # SIGTERM lets the scenario end its own processes; it does nothing to an ended process.
    assert code == 0, f"The scenario {scenario} ended with {code}."
    return dict(json.loads(report.read_text(encoding="utf-8")))
