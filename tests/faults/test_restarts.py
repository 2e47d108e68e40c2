"""The broker goes away under load and comes back: every worker goes on by itself, with whatever pool."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.faults.checker import violations
from tests.faults.runs import Attempts
from tests.rabbitmq import RabbitMQ
from tests.services import skip_reason

BROKERS = ("redis", "rabbitmq")
OUTAGES = ("1 s", "three times in 3 s", "killed and emptied")
CALLS = 30
# A page that sends a message waits for a broker that hangs no longer than this, in seconds.
DEADLINE = 6


def skip_without(broker: str) -> None:
    if broker == "rabbitmq" and (reason := skip_reason(RabbitMQ)):
        pytest.skip(reason)


@pytest.fixture(scope="module")
def runs(postgresql: Attempts) -> Iterator[dict[tuple[str, str], Future[Any]]]:
    """Both brokers side by side, because most of the time of an outage is spent waiting."""
    found = [broker for broker in BROKERS if broker == "redis" or not RabbitMQ.missing()]
    how = {"TEST_APP": "kyc_portal.celery", "TEST_OUTAGES": ",".join(OUTAGES)}
    with ThreadPoolExecutor() as side_by_side:
        yield {
            (scenario, broker): side_by_side.submit(
                postgresql.run, scenario, CALLS, TEST_BROKER=broker, **how
            )
            for broker in found
            for scenario in ("restarts", "publishers")
        }


@pytest.fixture(scope="module", params=BROKERS)
def restarts(request: pytest.FixtureRequest, runs: dict[tuple[str, str], Future[Any]]) -> Any:
    skip_without(request.param)
    return runs["restarts", request.param].result()


@pytest.fixture(scope="module", params=BROKERS)
def publishers(request: pytest.FixtureRequest, runs: dict[tuple[str, str], Future[Any]]) -> Any:
    skip_without(request.param)
    return runs["publishers", request.param].result()


def test_calls_were_under_way_at_each_outage(restarts: Any) -> None:
    assert [one["outage"] for one in restarts["outages"]] == list(OUTAGES)
    assert all(one["calls"] for one in restarts["outages"])


def test_every_worker_takes_messages_again_by_itself(restarts: Any) -> None:
    silent = [
        (one["outage"], pool)
        for one in restarts["outages"]
        for pool, seconds in one["took"].items()
        if seconds is None
    ]
    assert silent == []


def test_every_attempt_is_decided_once_and_none_is_lost(restarts: Any) -> None:
    assert [one["outage"] for one in restarts["outages"] if one["decided"] is None] == []
    assert violations(restarts["attempts"], restarts["vendor_calls"]) == []
    assert {attempt["case"]["status"] for attempt in restarts["attempts"].values()} == {"approved"}


def test_no_outage_of_the_broker_costs_a_second_call(restarts: Any) -> None:
    assert len(restarts["vendor_calls"]) == len(restarts["attempts"]) == CALLS * len(OUTAGES)


def test_beat_and_the_workers_write_down_that_they_answer(restarts: Any) -> None:
    assert restarts["queues"] == dict.fromkeys(("media", "liveness", "sweep", "beat"), "up")


def test_the_first_message_after_a_restart_arrives(publishers: Any) -> None:
    assert publishers["arrives at once"]
    assert publishers["restarted"]
    assert publishers["killed and started"]


def test_who_sends_a_message_does_not_wait_for_a_broker_that_is_gone_or_hangs(publishers: Any) -> None:
    assert publishers["gone"] < DEADLINE
    assert publishers["frozen"] < DEADLINE
    assert publishers["frozen from the start"] < DEADLINE


def test_a_sweep_finds_no_room_while_the_broker_is_gone(publishers: Any) -> None:
    assert publishers["room while gone"] == 0
