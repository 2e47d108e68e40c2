"""The databases that the scenarios run on. Each scenario runs once, and the tests look at its report."""

from collections.abc import Iterator

import pytest

from tests.faults import runs


@pytest.fixture(scope="session")
def postgresql() -> Iterator[runs.Attempts]:
    yield from _attempts("postgresql")


@pytest.fixture(scope="session")
def sqlite() -> Iterator[runs.Attempts]:
    # The races, which are all that is tried on it by day, want few.
    yield from _attempts("sqlite", 4)


def _attempts(system: str, repetitions: int = runs.REPETITIONS) -> Iterator[runs.Attempts]:
    if reason := runs.reason_to_skip(system):
        pytest.skip(reason)
    with runs.attempts_on(system, repetitions) as attempts:
        yield attempts


@pytest.fixture(scope="session", params=["postgresql", "sqlite"])
def attempts(request: pytest.FixtureRequest) -> runs.Attempts:
    """On both, one after the other."""
    made: runs.Attempts = request.getfixturevalue(request.param)
    return made
