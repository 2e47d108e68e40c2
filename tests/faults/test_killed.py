"""A worker dies or freezes at any point of a call: nothing is lost, nothing is decided or paid for twice."""

from typing import Any

import pytest

from tests.faults.checker import allowed, calls_for, recovery, unknown, violations
from tests.faults.runs import REPETITIONS, Attempts

# By point: the calls that the worker had entered and those that had arrived when it died; the calls that arrived in
# the end, and those whose outcome stays unknown.
POINTS = {
    "waiting for its slot": ([], 0, 1, 0),
    "before sending": (["sending"], 0, 1, 1),
    "after sending": (["sending"], 1, 2, 1),
    "before the answer is committed": (["sending"], 1, 2, 1),
    "after the answer is committed": (["answered"], 1, 1, 0),
    "in the midst of the decision": (["answered"], 1, 1, 0),
    "frozen": (["sending"], 1, 2, 1),
    "frozen in the midst of the decision": (["answered"], 1, 1, 0),
    "overtaken as it writes the answer": (["sending"], 1, 1, 0),
}
ANY = "at any moment"


@pytest.fixture(scope="module")
def killed(postgresql: Attempts) -> Any:
    """On PostgreSQL. The nightly run covers SQLite, whose single lock allows only some of the points."""
    return postgresql.run("killed")


def at_points(killed: Any) -> list[tuple[str, Any]]:
    return [(point, fates) for point, fates in killed["faults"].items() if point != ANY]


def test_every_worker_was_killed_at_its_point(killed: Any) -> None:
    assert POINTS.keys() | {ANY} == killed["faults"].keys()
    for point, fates in at_points(killed):
        entered, arrived, _, _ = POINTS[point]
        found = [(fate["status"], fate["entered"], fate["arrived"]) for fate in fates.values()]
        assert found == [("ready", entered, arrived)] * REPETITIONS, point


def test_workers_were_killed_at_any_other_moment_too(killed: Any) -> None:
    fates = killed["faults"][ANY].values()
    assert len({(fate["status"], *fate["entered"], fate["arrived"]) for fate in fates}) > 1


def test_no_attempt_is_lost_or_decided_twice_or_sent_too_often(killed: Any) -> None:
    assert violations(killed["attempts"], killed["vendor_calls"]) == []


def test_every_applicant_is_approved_in_the_end(killed: Any) -> None:
    assert {attempt["case"]["status"] for attempt in killed["attempts"].values()} == {"approved"}


def test_a_call_is_repeated_only_where_its_outcome_is_unknown(killed: Any) -> None:
    for point, fates in at_points(killed):
        attempts = [killed["attempts"][attempt_id] for attempt_id in fates]
        found = [(len(calls_for(one, killed["vendor_calls"])), unknown(one)) for one in attempts]
        assert found == [POINTS[point][2:]] * REPETITIONS, point


def test_another_worker_has_decided_within_30_seconds(killed: Any) -> None:
    found = recovery(killed["attempts"], killed["faults"])
    assert {
        point: seconds for point, seconds in found.items() if seconds > allowed(killed["undisturbed"])
    } == {}


def test_a_worker_that_comes_back_too_late_changes_nothing(killed: Any) -> None:
    for attempt_id in killed["attempts"]:
        before, after = (_decided(killed[when][attempt_id]) for when in ("before_thaw", "attempts"))
        assert before == after


def test_what_comes_back_too_late_is_on_record_once(killed: Any) -> None:
    for attempt_id in killed["faults"]["frozen"]:
        calls = killed["attempts"][attempt_id]["calls"]
        assert [call["events"] for call in calls if call["state"] == "unknown"] == [["call.answered_late"]]


def _decided(attempt: dict[str, Any]) -> dict[str, Any]:
    """The facts without what a late answer may change: the note at its call."""
    calls = [(call["id"], call["state"], call["answer"]) for call in attempt["calls"]]
    return {**attempt, "calls": calls}
