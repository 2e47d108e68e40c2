"""A backlog of recordings that wait for the vendor, prepared once for all benches of a run; each takes copies of it.

The real actions submit the recordings, and two media workers prepare them. A copy is a database of its own with the
same rows. All copies read the same evidence, to which each adds best frames of its own.
"""

import atexit
import itertools
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.processes import PROJECT
from tests.services import PostgreSQL, Redis, environment, manage, worker

ATTEMPTS, MAX_SECONDS = 600, 400
NOBODY = "http://127.0.0.1:9"
# Counts the statements of each database.
COUNTING = "shared_preload_libraries=pg_stat_statements"
NOT_DUE = """
    UPDATE verification_verificationattempt SET not_before = now() + interval '1 day'
    WHERE id IN (SELECT id FROM verification_verificationattempt ORDER BY id OFFSET %s)
"""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Backlog:
    """`folder` is the data directory of every copy."""

    server: PostgreSQL
    folder: Path

    def copy(self, count: int) -> str:
        """The DATABASE_URL of a new copy, in which only so many attempts are due."""
        url = self.server.create_database(f"copy{next(_numbers)}", template="portal")
        with psycopg.connect(url) as connection:
            connection.execute(NOT_DUE, [count])
        return url


@cache
def backlog() -> Backlog:
    """Made at the first call, which takes a minute or two; deleted when the program ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    prepared = Backlog(
        stack.enter_context(PostgreSQL(COUNTING)), Path(stack.enter_context(TemporaryDirectory()))
    )
    with psycopg.connect(prepared.server.url_of("postgres")) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
    with Redis() as broker:
        portal = environment(prepared.server.url, broker.url, NOBODY, prepared.folder)
        manage(portal, "migrate", "-v0")
        with worker(portal, "media", "--concurrency", "2"):
            _hand_in(portal)
            wait_until(ATTEMPTS, "ready", prepared.server.url, MAX_SECONDS)
    return prepared


def _hand_in(portal: dict[str, str]) -> None:
    """Half of it in each of two processes, for two processors."""
    within = (sys.executable, "-m", "tests.bench.in_portal")
    subprocess.run([*within, "policy"], cwd=PROJECT, env=portal, check=True)
    fill = (*within, "backlog")
    halves = (0, ATTEMPTS // 2), (ATTEMPTS // 2, ATTEMPTS)
    handing_in = [
        subprocess.Popen([*fill, str(first), str(end)], cwd=PROJECT, env=portal) for first, end in halves
    ]
    if {process.wait() for process in handing_in} != {0}:
        raise RuntimeError("Not every recording was handed in.")


def wait_until(count: int, status: str, url: str, seconds: float) -> None:
    """Wait until so many attempts have the status."""
    until = time.monotonic() + seconds
    query = "SELECT count(*) FROM verification_verificationattempt WHERE status = %s"
    with psycopg.connect(url, autocommit=True) as connection:
        while one_number(connection, query, status) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"Not {count} attempts were {status} after {seconds} s.")
            time.sleep(0.5)


def one_number(connection: psycopg.Connection[Any], query: Any, *values: str) -> int:
    row = connection.execute(query, values).fetchone()
    return int(row[0]) if row else 0
