"""Brokers that go away under load, for a second up to two minutes, with the acknowledgement of before and of today.

The figures of before are printed to compare with (docs/adr/0017), and only today's may not fail.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest

from tests.faults import runs
from tests.faults.checker import violations
from tests.rabbitmq import RabbitMQ
from tests.services import skip_reason

CALLS = 30
OUTAGES = ("1 s", "three times in 3 s", "restarted", "killed and emptied")
LONG = ("10 s", "killed and emptied", "stopped for 2 s", "2 min")
LATE, TODAY = "tests.faults.late_acknowledgement", "kyc_portal.celery"
ROUNDS = (OUTAGES, OUTAGES, LONG)
AT_A_TIME = 2  # runs; each is a portal with four workers and a broker


@pytest.fixture(scope="module")
def outages() -> list[dict[str, Any]]:
    """The figures of every outage, with its broker and app, and the violations of its run."""
    if reason := skip_reason(*runs.NEEDED["postgresql"], RabbitMQ):
        pytest.skip(reason)
    with runs.attempts_on("postgresql") as attempts, ThreadPoolExecutor(AT_A_TIME) as side_by_side:
        started = [
            (broker, app, side_by_side.submit(_run, attempts, broker, app, names))
            for broker, names, app in product(("redis", "rabbitmq"), ROUNDS, (LATE, TODAY))
        ]
        return [{"broker": broker, "app": app, **one} for broker, app, run in started for one in run.result()]


def _run(attempts: runs.Attempts, broker: str, app: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    how = {"TEST_BROKER": broker, "TEST_APP": app, "TEST_OUTAGES": ",".join(names)}
    report = attempts.run("restarts", CALLS, **how)
    broken = violations(report["attempts"], report["vendor_calls"])
    return [{**one, "violations": broken} for one in report["outages"]]


def test_every_worker_goes_on_and_every_attempt_is_decided(outages: Any, capsys: Any) -> None:
    with capsys.disabled():
        for line in _table(outages):
            print(line)
    today = [one for one in outages if one["app"] == TODAY]
    assert [one for one in today if None in one["took"].values()] == []
    assert [one for one in today if one["decided"] is None] == []
    assert [one["violations"] for one in today if one["violations"]] == []


def _table(outages: list[dict[str, Any]]) -> list[str]:
    """For each broker, outage and app: how many workers went on by themselves, and the longest times."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for one in outages:
        groups.setdefault((one["broker"], one["outage"], one["app"]), []).append(one)
    head = "broker | outage | acknowledged | workers that went on | last one after | all decided after"
    return ["", head, *(_line(key, found) for key, found in sorted(groups.items()))]


def _line(key: tuple[str, str, str], found: list[dict[str, Any]]) -> str:
    broker, outage, app = key
    took = [seconds for one in found for seconds in one["took"].values()]
    when = "late" if app == LATE else "today"
    went_on = f"{len(took) - took.count(None)} of {len(took)}"
    decided = _longest([one["decided"] for one in found])
    return f"{broker} | {outage} | {when} | {went_on} | {_longest(took)} | {decided}"


def _longest(seconds: list[float | None]) -> str:
    return f"{max(one for one in seconds if one is not None):.1f} s" if None not in seconds else "never"
