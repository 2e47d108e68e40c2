"""For pytest: runs the tests of a list and no others, in its order, and writes down how long each took.

Named with `-p`. In the environment: MUTANTS_TESTS is the list, MUTANTS_REPORT the file for the report (JSON with
`seconds` by test, and `failed`), MUTANTS_PREPARED a folder for what is the same in every run: the empty database, for
migrating it takes longer than most tests. With MUTANTS_SERVE it runs no list, but serves at that descriptor.
"""

import json
import os
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management.commands.migrate import Command
from django.db import connection

from tests.mutants.prepared import serve

_seconds: dict[str, float] = defaultdict(float)
_failed: list[str] = []
_migrate = Command.handle


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if listed := os.environ.get("MUTANTS_TESTS"):
        place = {name: number for number, name in enumerate(json.loads(Path(listed).read_text()))}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in place])
        items[:] = sorted(
            (item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid]
        )


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if descriptor := os.environ.get("MUTANTS_SERVE"):
        serve(session, int(descriptor))
        return True
    return None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] += report.duration
    if report.failed:
        _failed.append(report.nodeid)


def pytest_sessionfinish() -> None:
    if path := os.environ.get("MUTANTS_REPORT"):
        Path(path).write_text(json.dumps({"seconds": _seconds, "failed": list(dict.fromkeys(_failed))}))


def _take_the_prepared_one(command: Command, *arguments: Any, **options: Any) -> None:
    """The first migration of a run is that of the test database; those that a test makes are its own affair."""
    Command.handle = _migrate  # type: ignore[method-assign]
    prepared = Path(os.environ["MUTANTS_PREPARED"], "database")
    connection.ensure_connection()
    if prepared.exists():
        with closing(sqlite3.connect(prepared)) as database:
            database.backup(connection.connection)
        return
    _migrate(command, *arguments, **options)
    with closing(sqlite3.connect(prepared)) as database:
        connection.connection.backup(database)


Command.handle = _take_the_prepared_one  # type: ignore[assignment, method-assign]
