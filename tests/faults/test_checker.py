"""The checker finds each kind of violation: each run here has exactly one."""

from copy import deepcopy
from typing import Any

import pytest

from tests.faults.checker import RECOVERED, allowed, recovery, violations

SENT = {
    "number": 1,
    "image_sha256": "photo",
    "video_sha256": "video",
    "body_sha256": "body",
    "request_id": "request",
    "verdict": "Success",
}
CALL = {
    "id": "call_1",
    "state": "answered",
    "answer": "usable",
    "code": "Success",
    "request_id": "request",
    "body_sha256": "body",
    "events": [],
}
ATTEMPT = {
    "status": "finished",
    "outcome": "passed",
    "finished_at": "2026-11-23T09:00:20+00:00",
    "lost_leases": 0,
    "photo_sha256": "photo",
    "video_sha256": "video",
    "events": ["attempt.prepared", "attempt.finished"],
    "calls": [CALL],
    "case": {
        "status": "approved",
        "attempts_used": 1,
        "passing_call": "call_1",
        "events": ["decision.approved_by_policy"],
    },
}


@pytest.fixture
def attempt() -> dict[str, Any]:
    return deepcopy(ATTEMPT)


def found(attempt: dict[str, Any], *sent: dict[str, Any]) -> list[str]:
    return violations({"att_1": attempt}, list(sent or [SENT]))


def test_a_run_in_which_all_went_well_has_no_violation(attempt: dict[str, Any]) -> None:
    assert found(attempt) == []


def test_a_repeated_call_is_fine_when_nobody_knows_what_became_of_the_first(attempt: dict[str, Any]) -> None:
    attempt["calls"].insert(0, {**CALL, "id": "call_0", "state": "unknown", "request_id": ""})
    assert found(attempt, {**SENT, "request_id": "lost"}, SENT) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"status": "ready", "finished_at": None}, "is lost: it is ready"),
        (
            {"events": ["attempt.prepared", "attempt.finished", "attempt.finished"]},
            "2 events attempt.finished",
        ),
        (
            {"events": ["attempt.prepared", "attempt.prepared", "attempt.finished"]},
            "2 events attempt.prepared",
        ),
        ({"events": ["attempt.prepared"]}, "0 events attempt.finished"),
        ({"calls": [CALL, {**CALL, "id": "call_2", "state": "sending"}]}, "never closed"),
        ({"calls": [{**CALL, "request_id": "made up"}]}, "never given"),
        ({"calls": [{**CALL, "body_sha256": "another"}]}, "without an entry"),
        ({"calls": [{**CALL, "state": "not_sent"}]}, "without an entry"),
        ({"calls": [{**CALL, "events": ["call.answered_late"] * 2}]}, "2 late answers"),
        ({"video_sha256": "another"}, "without a Success"),
    ],
)
def test_each_trouble_of_an_attempt_is_found(
    attempt: dict[str, Any], changed: dict[str, Any], words: str
) -> None:
    assert any(words in sentence for sentence in found({**attempt, **changed}))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"status": "checking", "events": []}, "never decided"),
        ({"events": ["decision.approved_by_policy", "decision.sent_to_review"]}, "decided 2 times"),
        ({"events": []}, "decided 0 times"),
        ({"attempts_used": 2}, "counted twice"),
        ({"passing_call": None}, "without a Success"),
    ],
)
def test_each_trouble_of_a_case_is_found(
    attempt: dict[str, Any], changed: dict[str, Any], words: str
) -> None:
    attempt["case"] |= changed
    assert any(words in sentence for sentence in found(attempt))


def test_a_call_too_many_is_found(attempt: dict[str, Any]) -> None:
    assert "att_1 was sent 2 times with 0 unknown outcomes." in found(attempt, SENT, {**SENT, "number": 2})


def test_more_than_three_calls_are_too_many_whatever_became_of_them(attempt: dict[str, Any]) -> None:
    attempt["calls"] += [{**CALL, "id": f"call_{n}", "state": "unknown"} for n in (2, 3, 4)]
    assert any("was sent 4 times" in sentence for sentence in found(attempt, *[SENT] * 4))


def test_an_approval_after_another_verdict_is_found(attempt: dict[str, Any]) -> None:
    assert any("without a Success" in sentence for sentence in found(attempt, {**SENT, "verdict": "Unlike"}))


def test_a_call_for_nobody_is_found(attempt: dict[str, Any]) -> None:
    stranger = {**SENT, "number": 7, "image_sha256": "somebody's"}
    assert found(attempt, SENT, stranger) == ["The vendor's call 7 belongs to no attempt."]


def test_the_slowest_recovery_counts() -> None:
    attempts = {
        "att_1": ATTEMPT,
        "att_2": {**ATTEMPT, "finished_at": "2026-11-23T09:00:25.500+00:00"},
    }
    faults = {"killed": {name: {"at": "2026-11-23T09:00:00+00:00"} for name in attempts}}
    assert recovery(attempts, faults) == {"killed": 25.5}


def test_thirty_seconds_are_promised_and_a_slow_machine_gets_more() -> None:
    assert allowed([0.5, 1.9]) == RECOVERED == 30
    assert allowed([0.5, 4.0]) == 40
