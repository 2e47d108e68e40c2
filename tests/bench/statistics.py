"""The statistics of a period with ten thousand and with a million decided cases: seconds, and flat memory."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.processes import PROJECT
from tests.services import PostgreSQL, environment, manage

CASES = {"10k": 10_000, "1m": 1_000_000}
TARGETS = {"1m.seconds": "<= 300", "1m.grown_mb": "<= 50"}


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kyc-bench-")))
        server = stack.enter_context(PostgreSQL())
        return {name: _collected(server, folder, name, count) for name, count in CASES.items()}


def _collected(server: PostgreSQL, folder: Path, name: str, count: int) -> dict[str, Any]:
    url = server.create_database(f"of_{name}")
    portal = environment(url, "memory://localhost/", "http://127.0.0.1:9", folder, LOG_LEVEL="ERROR")
    manage(portal, "migrate", "-v0")
    _in_portal(portal, "decided", str(count))
    found: dict[str, Any] = json.loads(_in_portal(portal, "collecting"))
    return found


def _in_portal(portal: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "tests.bench.in_portal", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=portal, check=True, capture_output=True, text=True).stdout
