"""The fault scenarios on both databases with 200 repetitions of each point, none of which may fail."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults import runs
from tests.faults.checker import RECOVERED, recovery, violations

ROUNDS = 200 // runs.REPETITIONS


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def attempts(request: pytest.FixtureRequest) -> Iterator[runs.Attempts]:
    if reason := runs.reason_to_skip(request.param):
        pytest.skip(reason)
    with runs.attempts_on(request.param) as attempts:
        yield attempts


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
@pytest.mark.parametrize("scenario", ["killed", "broker"])
def test_nothing_is_lost_decided_twice_sent_too_often_or_late(
    attempts: runs.Attempts, scenario: str, number: int, capsys: Any
) -> None:
    report = attempts.run(scenario)
    seconds = recovery(report["attempts"], report["faults"])
    with capsys.disabled():
        print(f"\n{scenario} {number}: decided again after " + ", ".join(_figures(seconds)))
    assert violations(report["attempts"], report["vendor_calls"]) == []
    assert {attempt["case"]["status"] for attempt in report["attempts"].values()} == {"approved"}
    assert max(seconds.values()) <= RECOVERED


def _figures(seconds: dict[str, float]) -> Iterator[str]:
    return (f"{longest:.1f} s ({fault})" for fault, longest in seconds.items())
