"""What a finished attempt and each move leave behind: the event, and nothing of the queue on a case outside it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road
from tests.flow.reviewing import approve, decide, pass_on
from verification import audit, storage, workflow
from verification.actions import cancel
from verification.models import AuditEvent, RiskFlag, Verdict, Verification, VerificationAttempt
from verification.states import FOR_A_PERSON, AttemptStatus, Flag, Outcome, Status


def cancelled(case: Verification) -> Verification:
    case.refresh_from_db()
    cancel.cancel(case, reason="no_longer_needed", by=audit.By.shell(), now=NOW)
    case.refresh_from_db()
    return case


def test_a_finished_attempt_is_an_event_with_its_result(road: Road, emulator: EmulatorServer) -> None:
    case = road.judged(emulator, {"sim": 91.25})
    attempt = case.attempts.get()
    event = AuditEvent.objects.get(kind="attempt.finished")
    assert event.subject_id == attempt.public_id
    call = attempt.calls.get()
    committed = {f"verificationattempt:{attempt.public_id}", f"providercall:{call.public_id}"}
    assert set(event.data.pop("commits")) == committed
    assert event.data == {
        "attempt": attempt.public_id,
        "number": 1,
        "outcome": "passed",
        "code": "Success",
        "similarity": "91.25",
        "best_frame": "vendor",
    }


def test_a_case_that_ends_keeps_no_open_proposal(road: Road, emulator: EmulatorServer, staff: Any) -> None:
    case = road.in_review(emulator)
    approve(case, by=staff("Reviewer"))
    case.refresh_from_db()
    assert case.proposal is not None
    assert cancelled(case).proposal is None


def test_a_case_that_ends_waits_for_no_applicant(road: Road, emulator: EmulatorServer, staff: Any) -> None:
    case = road.in_review(emulator)
    decide(case, Verdict.ASK_AGAIN, "photo_unclear", by=staff("Reviewer"))
    case.refresh_from_db()
    assert (case.status, case.asked_again_at is not None) == (Status.COLLECTING, True)
    assert cancelled(case).asked_again_at is None


def test_a_case_that_ends_is_escalated_no_more(road: Road, emulator: EmulatorServer, staff: Any) -> None:
    case = road.in_review(emulator)
    pass_on(case, Verdict.ESCALATE, "unusual_document", by=staff("Reviewer"))
    case.refresh_from_db()
    assert case.escalated_at is not None
    assert cancelled(case).escalated_at is None


def test_an_attempt_that_goes_on_waits_for_no_earlier_retry(road: Road) -> None:
    attempt = road.submit(road.with_photo())
    attempt.not_before = NOW + timedelta(hours=1)
    attempt.save()
    workflow.advance(attempt, AttemptStatus.READY)
    assert VerificationAttempt.objects.get().not_before is None


def test_a_hint_for_the_reviewer_sends_no_case_to_one(road: Road, emulator: EmulatorServer) -> None:
    """Only a flag that a person must judge counts in a decision."""
    attempt = road.ready()
    for code in Flag.values:
        RiskFlag.objects.create(
            public_id=f"flg_{code}",
            verification=attempt.verification,
            attempt=attempt,
            code=code,
            raised_at=NOW,
        )
    assert set(workflow.decision_inputs(attempt)[1].flags) == FOR_A_PERSON
    assert set(Flag.values) > FOR_A_PERSON


def inputs(case: Verification) -> workflow.Inputs:
    return workflow.decision_inputs(VerificationAttempt.objects.filter(verification=case).latest("pk"))


def flagged(case: Verification, code: Flag, *, at: datetime = NOW) -> None:
    RiskFlag.objects.create(verification=case, attempt=case.attempts.latest("pk"), code=code, raised_at=at)


A_FLAG = min(FOR_A_PERSON)


def test_a_decision_is_made_on_the_policy_and_on_the_case_so_far(
    road: Road, emulator: EmulatorServer
) -> None:
    low = {"result": "FailedOperation.LifePhotoPoorQuality"}
    case = road.judged(emulator, low)
    case.refresh_from_db()
    terms, history, repeated, key = inputs(case)
    assert (terms.approve_at, terms.max_attempts) == (case.policy.approve_at, case.policy.max_attempts)
    assert (history.counted, history.flags) == (case.attempts_used, ())
    assert (repeated, key) == (False, case.applicant.data_key)


def test_attempts_that_the_vendor_failed_do_not_count(road: Road, emulator: EmulatorServer) -> None:
    case = road.judged(emulator, {"result": "FailedOperation.LifePhotoPoorQuality"})
    tried = inputs(case)[1].finished
    VerificationAttempt.objects.filter(verification=case).update(outcome=Outcome.VENDOR_FAILED)
    assert (tried, inputs(case)[1].finished) == (1, 0)


def test_flags_of_this_case_count_once_each_and_those_of_others_do_not(
    road: Road, emulator: EmulatorServer
) -> None:
    case, other = road.in_review(emulator), road.in_review(emulator)
    flagged(case, A_FLAG)
    flagged(case, A_FLAG)
    assert (inputs(case)[1].flags, inputs(other)[1].flags) == ((A_FLAG,), ())


@pytest.mark.parametrize("takes_two", [False, True])
def test_a_flag_that_a_reviewer_saw_counts_again_only_if_an_approval_past_it_takes_two(
    road: Road, emulator: EmulatorServer, staff: Any, takes_two: bool
) -> None:
    case = road.in_review(emulator)
    flagged(case, A_FLAG)
    decide(case, Verdict.ASK_AGAIN, "photo_unclear", by=staff("Reviewer"))
    attempt = case.attempts.get()
    attempt.verification.policy.second_for_flags = takes_two
    assert workflow.decision_inputs(attempt)[1].flags == ((A_FLAG,) if takes_two else ())
    flagged(case, A_FLAG, at=case.reviews.latest("at").at + timedelta(seconds=1))
    assert workflow.decision_inputs(attempt)[1].flags == (A_FLAG,)


def test_another_call_with_the_same_request_id_is_noticed_in_the_same_statement(
    road: Road, emulator: EmulatorServer, django_assert_num_queries: Any
) -> None:
    first, second = (
        road.judged(emulator).attempts.select_related("verification__policy").get() for _ in range(2)
    )
    mine, other = first.calls.get(), second.calls.get()
    with django_assert_num_queries(2):
        alone = workflow.decision_inputs(first, call=mine, request_id=mine.request_id)
        repeated = workflow.decision_inputs(first, call=mine, request_id=other.request_id)
    assert (alone.repeated, repeated.repeated) == (False, True)


def test_calls_without_a_request_id_repeat_none(road: Road, emulator: EmulatorServer) -> None:
    first, second = (road.judged(emulator).attempts.get() for _ in range(2))
    second.calls.update(request_id="")
    assert not workflow.decision_inputs(first, call=first.calls.get(), request_id="").repeated


def test_the_key_of_one_who_was_erased_is_not_at_hand(road: Road, emulator: EmulatorServer) -> None:
    case = road.judged(emulator)
    storage.destroy(storage.key_of(case.applicant), now=NOW)
    assert inputs(case).key is None
