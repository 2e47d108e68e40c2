"""Two reviewers who take the next case at once never get the same one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import MAX_SECONDS, NOBODY
from tests.processes import PROJECT
from tests.services import PostgreSQL, environment, skip_reason


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def races(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The report of the scenario."""
    folder = tmp_path_factory.mktemp("take-next")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'portal.sqlite3'}"
        if request.param == "postgresql":
            if reason := skip_reason(PostgreSQL):
                pytest.skip(reason)
            url = stack.enter_context(PostgreSQL()).url
        yield _report(url, folder)


def _report(url: str, folder: Path) -> Any:
    report = folder / "report.json"
    command = [sys.executable, "-m", "tests.faults", "take_next", "1", str(report)]
    portal = environment(url, "memory://localhost/", NOBODY, folder, LOG_LEVEL="ERROR")
    subprocess.run(command, cwd=PROJECT, env=portal, check=True, timeout=MAX_SECONDS)
    return json.loads(report.read_text(encoding="utf-8"))


def test_two_at_once_never_get_the_same_case(races: Any) -> None:
    one, two = races["several"]
    assert len(one) == len(two) == races["races"] == 200
    assert [first for first, second in zip(one, two, strict=True) if first == second] == []


def test_nobody_goes_away_empty_while_there_are_cases(races: Any) -> None:
    assert "" not in {case for got in races["several"] for case in got}


def test_the_last_case_goes_to_one_of_them(races: Any) -> None:
    pairs = list(zip(*races["for_the_last"], strict=True))
    assert [sorted(pair) for pair in pairs] == [["", races["last"]]] * 40


def test_each_case_taken_is_one_event(races: Any) -> None:
    taken = [case for got in (*races["several"], *races["for_the_last"]) for case in got if case]
    assert races["claimed"] == len(taken)
