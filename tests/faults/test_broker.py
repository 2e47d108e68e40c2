"""The broker loses or repeats messages, or a whole worker dies: nothing is lost, because the rows are the queue."""

from typing import Any

import pytest

from tests.faults.checker import allowed, calls_for, recovery, unknown, violations
from tests.faults.runs import REPETITIONS, Attempts


@pytest.fixture(scope="module")
def broker(postgresql: Attempts) -> Any:
    return postgresql.run("broker")


def sent(broker: Any, fault: str) -> list[tuple[int, int]]:
    """For each attempt: the number of calls sent, and of calls with an unknown outcome."""
    attempts = [broker["attempts"][attempt_id] for attempt_id in broker["faults"][fault]]
    return sorted((len(calls_for(one, broker["vendor_calls"])), unknown(one)) for one in attempts)


@pytest.mark.parametrize("fault", ["broker emptied", "broker killed", "worker killed"])
def test_calls_were_in_flight_and_as_many_waited(broker: Any, fault: str) -> None:
    assert broker["in_flight"][fault] == REPETITIONS
    assert len(broker["faults"][fault]) == 2 * REPETITIONS


def test_no_attempt_is_lost_or_decided_twice_or_sent_too_often(broker: Any) -> None:
    assert violations(broker["attempts"], broker["vendor_calls"]) == []


def test_every_applicant_is_approved_in_the_end(broker: Any) -> None:
    assert {attempt["case"]["status"] for attempt in broker["attempts"].values()} == {"approved"}


@pytest.mark.parametrize("fault", ["broker emptied", "broker killed"])
def test_a_broker_that_loses_everything_costs_no_call(broker: Any, fault: str) -> None:
    assert sent(broker, fault) == [(1, 0)] * 2 * REPETITIONS


def test_every_message_came_five_times(broker: Any) -> None:
    received = broker["received"]
    for task, times in {
        "prepare": REPETITIONS,
        "assess": REPETITIONS,
        "assess_next": 1,
        "sweep": 1,
        "probe": 1,
    }.items():
        assert received[f"verification.{task}"] >= 5 * times


def test_what_is_delivered_five_times_is_done_once(broker: Any) -> None:
    assert sent(broker, "delivered again and again") == [(1, 0)] * 2 * REPETITIONS
    ids = broker["faults"]["delivered again and again"]
    assert [broker["attempts"][one]["events"].count("attempt.prepared") for one in ids] == [1] * len(ids)


def test_a_killed_worker_costs_one_more_call_for_each_that_was_in_flight(broker: Any) -> None:
    assert sent(broker, "worker killed") == [(1, 0)] * REPETITIONS + [(2, 1)] * REPETITIONS


def test_everything_is_decided_within_30_seconds_of_the_fault(broker: Any) -> None:
    found = recovery(broker["attempts"], broker["faults"])
    assert {
        fault: seconds for fault, seconds in found.items() if seconds > allowed(broker["undisturbed"])
    } == {}
