"""What a finished attempt and each move leave behind: the event, and nothing of the queue on a case outside it."""

from datetime import timedelta
from typing import Any

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road
from tests.flow.reviewing import approve, decide, pass_on
from verification import audit, workflow
from verification.actions import cancel
from verification.models import AuditEvent, RiskFlag, Verdict, Verification, VerificationAttempt
from verification.states import FOR_A_PERSON, AttemptStatus, Flag, Status


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
