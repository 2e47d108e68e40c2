"""The same RequestId for two calls: an alarm, and a person looks. No answer is lost over it."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from tests.conftest import NOW, Road
from tests.contract.vendor_socket import http
from tests.flow.tries import judge
from tests.flow.vendor_says import Say
from verification.liveness import LivenessClient
from verification.models import (
    AnswerKind,
    AuditEvent,
    CallState,
    ProviderCall,
    Verification,
    VerificationAttempt,
)
from verification.states import AttemptStatus, Outcome, Status
from verification.vendor_accounts import account_health, call_ledger
from verification.vendor_accounts.request_ids import EVENT
from verification.workflow import StaleAttempt

SAME: dict[str, Any] = {"RequestId": "r-same"}
PASS = {"Result": "Success", "Sim": 99, **SAME}


def case(attempt: VerificationAttempt) -> Verification:
    return Verification.objects.get(pk=attempt.verification_id)


def alarms() -> set[str]:
    """The calls whose trail has the alarm; each has it once."""
    found = list(AuditEvent.objects.filter(kind=EVENT).values_list("subject_id", flat=True))
    assert len(found) == len(set(found))
    return set(found)


def all_calls() -> set[str]:
    return set(ProviderCall.objects.values_list("public_id", flat=True))


@pytest.mark.parametrize(
    "result", [{"Result": "Success", "Sim": 99}, {"Result": "FailedOperation.ActionFirstAction"}]
)
def test_an_answer_whose_request_id_another_call_had_goes_to_a_person(
    road: Road, say: Say, result: dict[str, Any], caplog: Any
) -> None:
    first, second = road.ready(), road.ready()
    say(**PASS)
    judge(first)
    say(**result, **SAME)
    judge(second)
    assert case(first).status == Status.APPROVED
    assert (case(second).status, case(second).reasons) == (Status.IN_REVIEW, ["repeated_request_id"])
    assert (case(second).attempts_used, second.counted) == (0, False)
    assert alarms() == all_calls()
    assert EVENT in caplog.text


def test_a_call_that_replaced_credentials_spoiled_goes_to_nobody_over_its_request_id(
    road: Road, say: Say, settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    first, second = road.ready(), road.ready()
    say(**PASS)
    judge(first)
    (tmp_path / "key").write_text("old")
    account = {**settings.FACEID_ACCOUNTS["default"], "secret_key": "old"}
    settings.FACEID_ACCOUNTS = {"default": {**account, "files": {"secret_key": str(tmp_path / "key")}}}
    send = LivenessClient.send

    def replaced_meanwhile(*given: Any, **how: Any) -> Any:
        try:
            return send(*given, **how)
        finally:
            (tmp_path / "key").write_text("new")

    monkeypatch.setattr(LivenessClient, "send", replaced_meanwhile)
    say(Error={"Code": "AuthFailure.SignatureFailure", "Message": ""}, **SAME)
    judge(second)
    assert (second.status, case(second).reasons) == (AttemptStatus.READY, [])
    assert alarms() == all_calls()


def test_the_answer_is_kept_but_not_its_picture(road: Road, say: Say) -> None:
    first, second = road.ready(), road.ready()
    for attempt in (first, second):
        say(**PASS, BestFrameBase64="/9j/4AAQSkZJRg==")
        judge(attempt)
    call = second.calls.get()
    assert (call.state, call.answer, call.code) == (CallState.ANSWERED, AnswerKind.USABLE, "Success")
    assert (second.best_frame_source, second.best_frame_note) == ("video", "not_trusted")


def test_two_calls_that_end_at_the_same_moment_see_each_other(road: Road, say: Say, monkeypatch: Any) -> None:
    first, second = road.ready(), road.ready()
    say(**PASS)
    say(**PASS)
    real = account_health.after_call

    def the_other_is_judged_meanwhile(*args: Any, **options: Any) -> None:
        monkeypatch.setattr(account_health, "after_call", real)
        judge(second)

    monkeypatch.setattr(account_health, "after_call", the_other_is_judged_meanwhile)
    judge(first)
    assert case(first).reasons == case(second).reasons == ["repeated_request_id"]
    assert alarms() == all_calls()


def test_a_repetition_within_one_attempt_is_one_too(road: Road, say: Say) -> None:
    attempt = road.ready()
    say(Error={"Code": "InternalError", "Message": ""}, **SAME)
    say(**PASS)
    judge(attempt)
    judge(attempt, 60)
    assert case(attempt).reasons == ["repeated_request_id"]


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        ({"Error": {"Code": "InternalError", "Message": ""}}, 2),
        ({"Error": {"Code": "InvalidParameter", "Message": ""}}, 2),
        ({"Result": "Success"}, 2),
    ],
)
def test_a_failure_with_the_request_id_of_another_call_is_not_repeated(
    road: Road, say: Say, error: dict[str, Any], calls: int
) -> None:
    first, second = road.ready(), road.ready()
    say(**PASS)
    judge(first)
    say(**error, **SAME)
    judge(second)
    assert case(second).reasons == ["repeated_request_id"]
    assert case(second).attempts_used == 0
    assert (say.asked, alarms()) == (calls, all_calls())


def test_refusals_with_one_request_id_raise_the_alarm_and_the_work_goes_on(road: Road, say: Say) -> None:
    attempt = road.ready()
    for _ in range(2):
        say(Error={"Code": "RequestLimitExceeded", "Message": ""}, **SAME)
    say(Result="Success", Sim=99, RequestId="r-own")
    for minutes in range(3):
        judge(attempt, 60 * minutes)
    assert case(attempt).status == Status.APPROVED
    assert len(alarms()) == 2


def test_an_answer_that_comes_too_late_raises_the_alarm_as_well(
    road: Road, say: Say, monkeypatch: Any
) -> None:
    first, second = road.ready(), road.ready()
    say(**PASS)
    judge(first)
    say(**PASS)
    real = call_ledger.close_with_answer

    def close_late(call: ProviderCall, *args: Any, **options: Any) -> bool:
        call_ledger.close_lost(second, now=NOW)
        return real(call, *args, **options)

    monkeypatch.setattr(call_ledger, "close_with_answer", close_late)
    with pytest.raises(StaleAttempt):
        judge(second)
    assert alarms() == all_calls()


def test_calls_without_a_request_id_are_no_repetition(road: Road, say: Say) -> None:
    for _ in range(2):
        attempt = road.ready()
        for minutes in range(2):
            say(http(b"", "503 Busy"))
            judge(attempt, 60 * minutes)
    assert alarms() == set()


def test_both_cases_and_the_vendor_page_show_the_alarm(road: Road, say: Say, signed_in: Any) -> None:
    first, second = road.ready(), road.ready()
    for attempt in (first, second):
        say(**PASS)
        judge(attempt)
    client = signed_in("Senior reviewer")
    for attempt in (first, second):
        page = client.get(reverse("admin:case", args=[case(attempt).public_id])).content.decode()
        assert "RequestId came twice" in page
    assert "The vendor gave this RequestId to another call too" in page
    vendor_page = signed_in("Operator").get(reverse("admin:vendor")).content.decode()
    assert "RequestId came twice" in vendor_page
    assert "r-same" in vendor_page
    assert second.outcome == Outcome.PASSED
