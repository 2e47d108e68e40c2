"""The databases of the scenarios. Each scenario runs once, and the tests check its report."""

from collections.abc import Iterator

import pytest

from tests.faults import runs


@pytest.fixture(scope="session")
def postgresql() -> Iterator[runs.Attempts]:
    yield from _attempts("postgresql")


@pytest.fixture(scope="session")
def sqlite() -> Iterator[runs.Attempts]:
    # On SQLite the default run only does the races, which need few attempts.
    yield from _attempts("sqlite", 4)


def _attempts(system: str, repetitions: int = runs.REPETITIONS) -> Iterator[runs.Attempts]:
    if reason := runs.reason_to_skip(system):
        pytest.skip(reason)
    with runs.attempts_on(system, repetitions) as attempts:
        yield attempts


@pytest.fixture(scope="session", params=["postgresql", "sqlite"])
def attempts(request: pytest.FixtureRequest) -> runs.Attempts:
    """Fresh attempts on each database in turn."""
    made: runs.Attempts = request.getfixturevalue(request.param)
    return made
