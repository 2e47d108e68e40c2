"""The statistics of a period with ten thousand and with a million decided cases: seconds, and flat memory."""

import json
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import portals
from tests.services import PostgreSQL

CASES = {"10k": 10_000, "1m": 1_000_000}
TARGETS = {"1m.seconds": "<= 300", "1m.grown_mb": "<= 50"}


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kyc-bench-")))
        server = stack.enter_context(PostgreSQL())
        return {name: _collected(server, folder, name, count) for name, count in CASES.items()}


def _collected(server: PostgreSQL, folder: Path, name: str, count: int) -> dict[str, Any]:
    portal = portals.empty(server.create_database(f"of_{name}"), folder)
    portals.run(portal, "decided", count)
    found: dict[str, Any] = json.loads(portals.run(portal, "collecting"))
    return found
