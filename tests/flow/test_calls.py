"""The cost of each outcome of a vendor call, against the emulator on a real socket."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from kyc_portal.sandbox.emulator import EmulatorServer
from tests import objects
from tests.conftest import NOW, VENDOR_CLOCK, Road
from tests.contract.vendor_socket import VendorSocket, answering, http
from tests.flow.tries import judge_after_a_death
from verification import audit, storage
from verification.actions import assess, cancel, prepare, sweep
from verification.evidence import best_frame, request_body
from verification.jobs import leases
from verification.models import (
    AuditEvent,
    CallState,
    Document,
    ProviderCall,
    VendorAccount,
    Verification,
    VerificationAttempt,
)
from verification.states import AttemptStatus, Status
from verification.vendor_accounts import call_ledger, clients, pacing
from verification.workflow import StaleAttempt

LONG_AGO = NOW - timedelta(hours=1)


def begin(attempt: VerificationAttempt) -> ProviderCall:
    """A ledger entry as a worker leaves it that dies during the call."""
    with request_body.of(attempt) as body:
        return call_ledger.begin(attempt, pacing.accounts()[0], "ap-singapore", body, now=NOW)


def run_until_judged(attempt_id: str) -> None:
    """Runs the worker's tries, each as soon as it is due."""
    for minutes in range(8):
        VENDOR_CLOCK.at = NOW + timedelta(minutes=minutes)
        assess.assess(attempt_id, clock=lambda: VENDOR_CLOCK.at)


def test_a_vendor_that_fails_twice_and_then_answers_costs_no_attempt(
    road: Road, emulator: EmulatorServer
) -> None:
    attempt = road.ready()
    emulator.script(fault="http_503", times=2)
    run_until_judged(attempt.public_id)
    verification = Verification.objects.get()
    assert (verification.status, ProviderCall.objects.count()) == (Status.APPROVED, 3)


def test_nothing_is_sent_from_within_another_transaction(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        assess.assess(attempt.public_id, clock=lambda: NOW)
    assert (emulator.calls(), ProviderCall.objects.count()) == ([], 0)


def test_a_vendor_that_goes_on_failing_ends_with_a_reviewer_after_three_calls(
    road: Road, emulator: EmulatorServer
) -> None:
    attempt = road.ready()
    emulator.script(fault="http_500", times=9)
    run_until_judged(attempt.public_id)
    verification = Verification.objects.get()
    assert (verification.status, verification.attempts_used) == (Status.IN_REVIEW, 0)
    assert len(emulator.calls()) == 3


def test_a_call_without_an_answer_is_repeated_once_only(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    emulator.script(fault="truncated", times=9)
    run_until_judged(attempt.public_id)
    assert Verification.objects.get().reasons == ["unknown_outcome"]
    assert len(emulator.calls()) == 2


@pytest.mark.parametrize("status", ["408", "499", "502", "504", "520", "522", "524"])
def test_a_gateway_that_got_no_answer_from_the_vendor_is_asked_once_more_only(
    road: Road, emulator: EmulatorServer, settings: Any, status: str
) -> None:
    attempt = road.ready()
    with VendorSocket(answering(http(b"<html>", f"{status} From A Gateway"))) as gateway:
        settings.FACEID_ENDPOINT = gateway.url
        run_until_judged(attempt.public_id)
    assert (Verification.objects.get().reasons, len(gateway.requests)) == (["unknown_outcome"], 2)
    assert set(attempt.calls.values_list("state", "code")) == {(CallState.UNKNOWN, f"http_{status}")}


def test_a_throttled_call_is_tried_again_and_counts_for_nothing(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    emulator.script(error="RequestLimitExceeded", times=4)
    run_until_judged(attempt.public_id)
    assert Verification.objects.get().status == Status.APPROVED


def test_an_unreadable_answer_never_passes(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, {"fault": "sim_nan"})
    assert (verification.status, verification.reasons) == (Status.IN_REVIEW, ["bad_answer"])


def test_a_call_lost_with_its_worker_is_unknown_and_repeated_once(
    road: Road, emulator: EmulatorServer
) -> None:
    attempt = road.ready()
    begin(attempt)
    assess.assess(attempt.public_id, clock=lambda: NOW + timedelta(minutes=2))
    states = list(attempt.calls.values_list("state", flat=True))
    assert states == [CallState.UNKNOWN, CallState.ANSWERED]


def test_changed_evidence_is_never_sent(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    storage.delete(attempt.normalised_name)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert Verification.objects.get().reasons == ["integrity_error"]
    assert emulator.calls() == []


def test_a_worker_that_lost_its_lease_changes_nothing(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()
    late = NOW + leases.LEASE + timedelta(seconds=1)

    def overtaken(*args: Any) -> dict[str, Any]:
        assert leases.claim(attempt.public_id, AttemptStatus.READY, now=late) is not None
        return {}

    monkeypatch.setattr(best_frame, "keep", overtaken)
    with pytest.raises(StaleAttempt):
        assess.assess(attempt.public_id, clock=lambda: NOW)
    assert Verification.objects.get().status == Status.CHECKING


def test_a_task_that_comes_twice_calls_once(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    for _ in range(3):
        assess.assess(attempt.public_id, clock=lambda: NOW)
    assert len(emulator.calls()) == 1


def test_a_frame_comes_from_the_recording_when_the_vendor_sent_none(
    road: Road, emulator: EmulatorServer
) -> None:
    verification = road.judged(emulator, {"fault": "null_frame"})
    attempt = verification.attempts.get()
    assert (verification.status, attempt.best_frame_source) == (Status.APPROVED, "video")
    assert storage.read(attempt.best_frame_name, sha256=attempt.best_frame_sha256).startswith(b"\xff\xd8")


def test_a_frame_that_is_no_picture_changes_nothing(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, {"fault": "bad_frame"})
    assert verification.status == Status.APPROVED
    assert verification.attempts.get().best_frame_source == "video"


def test_a_call_that_never_left_is_tried_again_and_costs_no_call(
    road: Road, emulator: EmulatorServer, settings: Any
) -> None:
    attempt = road.ready()
    settings.FACEID_ENDPOINT = "http://127.0.0.1:9"
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert attempt.calls.get().state == CallState.NOT_SENT
    settings.FACEID_ENDPOINT = emulator.url
    run_until_judged(attempt.public_id)
    assert Verification.objects.get().status == Status.APPROVED


def test_a_request_that_breaks_a_limit_is_not_sent(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()
    monkeypatch.setattr("verification.liveness.body.VIDEO_LIMIT", 1000)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    prepare.prepare(attempt.public_id, now=NOW)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert Verification.objects.get().reasons == ["request_too_large"]
    assert emulator.calls() == []


def test_a_request_that_the_vendor_rejects_goes_to_a_reviewer(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, {"error": "InvalidParameterValue"})
    assert (verification.reasons, verification.attempts_used) == (["rejected"], 0)


def test_two_lost_calls_go_to_a_reviewer(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    for _ in range(2):
        begin(attempt)
        call_ledger.close_lost(attempt, now=NOW)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert Verification.objects.get().reasons == ["unknown_outcome"]
    assert emulator.calls() == []


def test_a_similarity_is_never_rounded_up(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, {"sim": 79.999})
    attempt = verification.attempts.get()
    assert (verification.status, str(attempt.similarity)) == (Status.IN_REVIEW, "79.99")


def test_nothing_of_a_cancelled_case_is_sent(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    verification = Verification.objects.get()
    cancel.cancel(verification, reason="applicant_withdrew", by=audit.By.shell(), now=NOW)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    attempt.refresh_from_db()
    verification.refresh_from_db()
    assert (attempt.status, verification.status) == (AttemptStatus.FINISHED, Status.CANCELLED)
    assert emulator.calls() == []


def test_an_answer_is_not_paid_for_twice_when_its_worker_dies_after_it(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()
    judge_after_a_death(attempt, monkeypatch)
    verification = Verification.objects.get()
    assert (verification.status, len(emulator.calls())) == (Status.APPROVED, 1)
    assert verification.passing_call.request_id == emulator.calls()[0]["request_id"]


def test_an_answer_that_comes_too_late_is_noted_and_decides_nothing(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()
    client = clients.client("default", "ap-singapore")

    class Slow:
        def send(self, body: Any, **options: Any) -> Any:
            answer = client.send(body, **options)
            call_ledger.close_lost(attempt, now=NOW)
            return answer

    monkeypatch.setattr(clients, "client", lambda *names: Slow())
    with pytest.raises(StaleAttempt):
        assess.assess(attempt.public_id, clock=lambda: NOW)
    call = attempt.calls.get()
    assert (call.state, call.code, call.answer) == (CallState.UNKNOWN, "Success", "")
    assert AuditEvent.objects.filter(kind="call.answered_late", subject_id=call.public_id).exists()
    assert Verification.objects.get().status == Status.CHECKING


def test_a_worker_whose_lease_ran_out_before_the_call_does_not_call(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()
    late = NOW + leases.LEASE + timedelta(seconds=1)

    def stall(turn: pacing.Turn) -> None:
        assert leases.claim(attempt.public_id, AttemptStatus.READY, now=late) is not None

    monkeypatch.setattr(pacing.Turn, "wait_to_prepare", stall)
    with pytest.raises(StaleAttempt):
        assess.assess(attempt.public_id, clock=lambda: NOW)
    assert (emulator.calls(), attempt.calls.count()) == ([], 0)


def test_an_attempt_over_which_workers_keep_dying_goes_to_a_reviewer(
    road: Road, emulator: EmulatorServer
) -> None:
    attempt = road.ready()
    for hours in range(leases.MAX_LOST_LEASES):
        leases.claim(attempt.public_id, AttemptStatus.READY, now=NOW + timedelta(hours=hours))
    assess.assess(attempt.public_id, clock=lambda: NOW + timedelta(hours=leases.MAX_LOST_LEASES))
    assert Verification.objects.get().reasons == ["cannot_process"]
    assert emulator.calls() == []


def test_a_call_that_nobody_comes_back_for_is_closed_by_the_sweep(road: Road) -> None:
    attempt = road.ready()
    call = begin(attempt)
    sweep.sweep(now=NOW + timedelta(seconds=119))
    call.refresh_from_db()
    assert call.state == CallState.SENDING
    sweep.sweep(now=NOW + timedelta(seconds=120))
    call.refresh_from_db()
    assert call.state == CallState.UNKNOWN


def test_the_request_that_was_hashed_when_it_was_prepared_is_the_one_that_is_sent(
    road: Road, emulator: EmulatorServer
) -> None:
    attempt = road.ready()
    assess.assess(attempt.public_id, clock=lambda: NOW)
    (sent,) = emulator.calls()
    assert attempt.request_sha256 == attempt.calls.get().body_sha256 == sent["body_sha256"]


@pytest.mark.parametrize("part", ["photo", "recording"])
def test_evidence_that_was_damaged_after_it_was_prepared_is_not_sent(
    road: Road, emulator: EmulatorServer, part: str
) -> None:
    attempt = road.ready()
    objects.damage(attempt.document.normalised_name if part == "photo" else attempt.normalised_name)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert_nothing_was_sent(attempt, emulator)


def test_a_request_that_is_not_the_one_that_was_prepared_is_not_sent(
    road: Road, emulator: EmulatorServer
) -> None:
    """Another recording of the same person, under a key that opens: only the hash tells them apart."""
    attempt, other = road.ready(), road.ready()
    VerificationAttempt.objects.filter(pk=attempt.pk).update(request_sha256=other.request_sha256)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert_nothing_was_sent(attempt, emulator)


@pytest.mark.parametrize("changed", ["photo", "recording"])
def test_an_attempt_that_an_earlier_version_prepared_is_proved_by_the_hashes_of_its_parts(
    road: Road, emulator: EmulatorServer, changed: str
) -> None:
    attempt, sound = road.ready(), road.ready()
    VerificationAttempt.objects.update(request_sha256="")
    if changed == "photo":
        Document.objects.filter(pk=attempt.document.pk).update(normalised_sha256="0" * 64)
    else:
        VerificationAttempt.objects.filter(pk=attempt.pk).update(normalised_sha256="0" * 64)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert_nothing_was_sent(attempt, emulator)
    assess.assess(sound.public_id, clock=lambda: NOW)
    assert len(emulator.calls()) == 1


def test_a_photo_that_can_not_be_read_when_the_recording_is_prepared_is_found_out_when_it_is_sent(
    road: Road, emulator: EmulatorServer
) -> None:
    attempt = road.submit(road.with_photo())
    objects.damage(attempt.document.normalised_name)
    prepare.prepare(attempt.public_id, now=NOW)
    attempt.refresh_from_db()
    assert (attempt.status, attempt.request_sha256) == (AttemptStatus.READY, "")
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert_nothing_was_sent(attempt, emulator)


def assert_nothing_was_sent(attempt: VerificationAttempt, emulator: EmulatorServer) -> None:
    attempt.refresh_from_db()
    assert emulator.calls() == []
    assert not attempt.calls.exists()
    assert (attempt.status, attempt.verification.reasons) == (AttemptStatus.FINISHED, ["integrity_error"])


def test_a_charged_call_stays_on_the_budget_whatever_fails_afterwards(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    def fail(*arguments: Any) -> Any:
        raise storage.Unavailable("full")

    attempt = road.ready()
    monkeypatch.setattr(best_frame, "keep", fail)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert (len(emulator.calls()), VendorAccount.objects.get().spent) == (1, 1)


def test_evidence_that_is_gone_leaves_the_trial_to_another_attempt(
    road: Road, emulator: EmulatorServer
) -> None:
    attempt, account = road.ready(), pacing.accounts()[0]
    pacing.pause(account, reason="UnauthorizedOperation.Arrears", called_at=LONG_AGO, now=LONG_AGO)
    account.refresh_from_db()
    pacing.allow_trial(account, now=NOW)
    storage.delete(attempt.normalised_name)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    account.refresh_from_db()
    assert (account.trial_at, account.spent, emulator.calls()) == (NOW, 0, [])


def test_a_call_that_was_not_sent_is_closed_despite_an_outage_of_the_database(
    road: Road, monkeypatch: Any
) -> None:
    call, failures = begin(road.ready()), [OperationalError("gone"), OperationalError("gone")]
    update = QuerySet.update

    def outage(rows: Any, **changes: Any) -> int:
        if failures:
            raise failures.pop()
        return update(rows, **changes)

    monkeypatch.setattr(QuerySet, "update", outage)
    monkeypatch.setattr(call_ledger, "RETRY_DELAYS", (0, 0, 0))
    monkeypatch.setattr(connection, "close", lambda: None)  # the test's transaction is in it
    assert call_ledger.close_unsent(call, now=NOW)
    call.refresh_from_db()
    assert (failures, call.state, call.slot_missed) == ([], CallState.NOT_SENT, True)
