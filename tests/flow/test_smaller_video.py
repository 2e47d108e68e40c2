"""A recording that the vendor can't read or finds too large is sent once more as a smaller copy, by itself."""

import hashlib
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road, clip
from tests.contract.vendor_socket import http
from tests.flow.tries import at, judge, judge_after_a_death
from tests.flow.vendor_says import Say
from verification import media, storage
from verification.actions import assess, prepare, sweep
from verification.jobs import doorbell
from verification.models import AnswerKind, AuditEvent, ProviderCall, Verification, VerificationAttempt
from verification.states import AttemptStatus, Status

CODE = "FailedOperation.CompressVideoError"


@pytest.fixture
def attempt(road: Road, emulator: EmulatorServer) -> VerificationAttempt:
    """One with a recording as large as a phone makes it."""
    made = road.submit(road.with_photo(), recording=clip(size=(1280, 720), fps=30, take=1))
    prepare.prepare(made.public_id, now=NOW)
    made.refresh_from_db()
    return made


def work(attempt: VerificationAttempt, *, tries: int = 4) -> Verification:
    for seconds in range(tries):
        assess.assess(attempt.public_id, clock=lambda: at(seconds))  # noqa: B023 (called at once)
        prepare.prepare(attempt.public_id, now=at(seconds))
    attempt.refresh_from_db()
    return Verification.objects.get()


@pytest.mark.parametrize(
    "step",
    [
        {"error": CODE},
        {"result": CODE},
        {"error": "InternalError.CompressVideoError"},
        {"result": "FailedOperation.VideoDecodeFailed"},
        {"error": "RequestSizeLimitExceeded"},
    ],
    ids=lambda step: "-".join(*step.items()),
)
def test_the_system_sends_a_smaller_copy_by_itself(
    attempt: VerificationAttempt, emulator: EmulatorServer, step: dict[str, Any]
) -> None:
    refused, size = attempt.normalised_sha256, attempt.normalised_size
    emulator.script(**step)
    verification = work(attempt)
    assert (verification.status, verification.attempts_used) == (Status.APPROVED, 1)
    assert attempt.normalised_size < size
    sent = [call["video_sha256"] for call in emulator.calls()]
    assert sent == [refused, attempt.normalised_sha256]
    stored = storage.read(attempt.normalised_name, sha256=attempt.normalised_sha256)
    assert hashlib.sha256(stored).hexdigest() == sent[-1]
    assert attempt.facts["prepared"]["method"] == "transcode"


def test_the_trail_holds_both_copies_and_why(attempt: VerificationAttempt, emulator: EmulatorServer) -> None:
    refused = attempt.normalised_sha256
    emulator.script(error=CODE)
    work(attempt)
    (back,) = AuditEvent.objects.filter(kind="attempt.sent_back")
    assert back.data == {"smaller_because": CODE, "refused_sha256": refused}
    first, second = AuditEvent.objects.filter(kind="attempt.prepared").order_by("pk")
    assert (first.data["normalised_sha256"], "smaller_because" in first.data) == (refused, False)
    assert second.data["normalised_sha256"] == attempt.normalised_sha256
    assert second.data["smaller_because"] == CODE
    calls = ProviderCall.objects.order_by("pk")
    assert [call.answer for call in calls] == [AnswerKind.VIDEO, AnswerKind.USABLE]
    assert calls[0].body_size > calls[1].body_size
    assert [call.body_sha256 for call in calls] == [call["body_sha256"] for call in emulator.calls()]


def test_a_second_refusal_goes_to_a_person_and_costs_no_attempt(
    attempt: VerificationAttempt, emulator: EmulatorServer
) -> None:
    emulator.script(error=CODE, times=9)
    verification = work(attempt, tries=6)
    assert (verification.status, verification.reasons) == (Status.IN_REVIEW, ["video_refused"])
    assert (verification.attempts_used, len(emulator.calls())) == (0, 2)


def test_the_applicant_is_not_asked_to_record_again_meanwhile(
    attempt: VerificationAttempt, emulator: EmulatorServer
) -> None:
    emulator.script(error=CODE)
    judge(attempt)
    verification = Verification.objects.get()
    assert (attempt.status, verification.status) == (AttemptStatus.SUBMITTED, Status.CHECKING)
    assert verification.hint == ""


def test_the_work_is_rung_for_and_the_sweep_finds_it_if_the_message_is_lost(
    attempt: VerificationAttempt, emulator: EmulatorServer, rung: Any
) -> None:
    emulator.script(error=CODE)
    assert rung(lambda: judge(attempt)) == [doorbell.PREPARE]
    assert rung(lambda: sweep.sweep(now=at(5))) == [doorbell.PREPARE]


def test_a_worker_that_dies_after_the_refusal_costs_no_second_call_of_the_same_bytes(
    attempt: VerificationAttempt, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    emulator.script(error=CODE)
    judge_after_a_death(attempt, monkeypatch, assess, "_retry_or_give_up")
    assert (attempt.status, len(emulator.calls())) == (AttemptStatus.SUBMITTED, 1)


def test_a_gateway_that_finds_the_request_too_large_gets_a_smaller_one(
    attempt: VerificationAttempt, say: Say
) -> None:
    say(http(b"", "413 Content Too Large"))
    say(Result="Success", Sim=99)
    assert work(attempt).status == Status.APPROVED
    assert say.asked == 2


def test_a_photo_and_a_recording_that_are_too_large_together_go_with_a_smaller_recording(
    attempt: VerificationAttempt, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    photo = attempt.document.normalised_size if attempt.document else 0
    limit = (photo + attempt.normalised_size) * 4 // 3 - 1000
    monkeypatch.setattr("verification.liveness.body.BODY_LIMIT", limit)
    assert work(attempt).status == Status.APPROVED
    assert len(emulator.calls()) == 1


def test_a_photo_that_is_too_large_is_no_reason_for_a_smaller_recording(
    attempt: VerificationAttempt, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("verification.liveness.body.IMAGE_LIMIT", 1000)
    assert work(attempt).reasons == ["request_too_large"]
    assert not AuditEvent.objects.filter(kind="attempt.sent_back").exists()


def test_a_copy_that_can_not_be_made_costs_no_attempt(
    attempt: VerificationAttempt, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    def refuse(*args: Any) -> Any:
        raise media.UnusableMedia("video_cannot_fit")

    monkeypatch.setattr(media, "shrink_video", refuse)
    emulator.script(error=CODE)
    verification = work(attempt)
    assert (verification.attempts_used, attempt.counted) == (0, False)
    assert len(emulator.calls()) == 1
