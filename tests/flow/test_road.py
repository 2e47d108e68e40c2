"""The road from invitation to outcome, one rule at a time, against the emulator on a real socket."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, VENDOR_CLOCK, Road, clip
from verification import audit, media, queue, storage
from verification.actions import assess, cancel, challenge, document, invite, prepare, submit, sweep
from verification.models import AuditEvent, CallState, ProviderCall, VendorAccount, Verification
from verification.states import AttemptStatus, Mode, Outcome, Status
from verification.workflow import IllegalMove, StaleAttempt


def test_a_clean_recording_is_approved_after_exactly_one_call(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator)
    assert verification.status == Status.APPROVED
    assert verification.passing_call.state == CallState.ANSWERED
    assert len(emulator.calls()) == 1


@pytest.mark.parametrize("mode", list(Mode))
def test_the_vendor_gets_what_was_drawn_and_kept(road: Road, emulator: EmulatorServer, mode: Mode) -> None:
    verification = road.judged(emulator, mode=mode)
    attempt, call = verification.attempts.get(), emulator.calls()[0]
    assert (call["liveness_type"], call["validate_data"] or "") == (mode, attempt.actions)
    assert (call["video_sha256"], call["image_sha256"]) == (
        attempt.normalised_sha256,
        attempt.document.normalised_sha256,
    )
    assert call["body_sha256"] == verification.passing_call.body_sha256


def test_a_success_below_the_policy_waits_for_a_reviewer(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, {"sim": 74.2})
    assert (verification.status, verification.reasons) == (Status.IN_REVIEW, ["similarity_band"])
    assert verification.due_at == verification.queued_at + timedelta(hours=verification.policy.review_hours)


def test_a_missed_movement_costs_an_attempt_and_leaves_a_hint(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, {"result": "FailedOperation.ActionFirstAction"})
    assert (verification.status, verification.attempts_used) == (Status.COLLECTING, 1)
    assert verification.hint == "follow_prompts"


def test_three_missed_movements_go_to_a_reviewer(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, *[{"result": "FailedOperation.ActionFirstAction"}] * 3)
    assert (verification.status, verification.reasons) == (Status.IN_REVIEW, ["attempts_used_up"])


def test_a_photo_without_a_face_asks_for_another_photo(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, {"result": "FailedOperation.LifePhotoDetectNoFaces"})
    assert (verification.status, verification.attempts_used) == (Status.COLLECTING, 0)
    assert not verification.documents.filter(superseded_at__isnull=True).exists()


def run_until_judged(attempt_id: str) -> None:
    """The worker's tries, each as soon as its time has come."""
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


def test_an_account_at_fault_pauses_everybody_and_the_work_waits(
    road: Road, emulator: EmulatorServer
) -> None:
    attempt = road.ready()
    emulator.script(error="UnauthorizedOperation.Arrears")
    assess.assess(attempt.public_id, clock=lambda: NOW)
    attempt.refresh_from_db()
    assert attempt.status == AttemptStatus.READY
    assert VendorAccount.objects.get().pause_reason == "UnauthorizedOperation.Arrears"


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
    account = VendorAccount.objects.create(name="default")
    ProviderCall.objects.create(
        attempt=attempt, account=account, number=1, region="ap-singapore", body_size=1, started_at=NOW
    )
    assess.assess(attempt.public_id, clock=lambda: NOW + timedelta(minutes=2))
    states = list(attempt.calls.values_list("state", flat=True))
    assert states == [CallState.UNKNOWN, CallState.ANSWERED]


def test_changed_evidence_is_never_sent(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    storage.delete(attempt.normalised_name)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert Verification.objects.get().reasons == ["integrity_error"]
    assert emulator.calls() == []


def test_two_workers_never_hold_the_same_attempt(road: Road) -> None:
    attempt = road.ready()
    assert queue.claim(attempt.public_id, AttemptStatus.READY, now=NOW) is not None
    assert queue.claim(attempt.public_id, AttemptStatus.READY, now=NOW) is None


def test_a_worker_that_lost_its_lease_changes_nothing(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()
    late = NOW + queue.LEASE + timedelta(seconds=1)

    def overtaken(*args: Any) -> dict[str, Any]:
        assert queue.claim(attempt.public_id, AttemptStatus.READY, now=late) is not None
        return {}

    monkeypatch.setattr(assess, "_best_frame", overtaken)
    with pytest.raises(StaleAttempt):
        assess.assess(attempt.public_id, clock=lambda: NOW)
    assert Verification.objects.get().status == Status.CHECKING


def test_a_task_that_comes_twice_calls_once(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    for _ in range(3):
        assess.assess(attempt.public_id, clock=lambda: NOW)
    assert len(emulator.calls()) == 1


def test_the_sweeper_finds_work_whose_bell_was_lost(road: Road) -> None:
    attempt = road.submit(road.with_photo())
    assert queue.waiting(NOW) == [(queue.PREPARE, attempt.public_id)]
    prepare.prepare(attempt.public_id, now=NOW)
    assert queue.waiting(NOW) == [(queue.ASSESS, attempt.public_id)]


def test_the_sweeper_ends_cases_whose_link_ran_out(road: Road) -> None:
    verification = road.invited()
    sweep.sweep(now=verification.link_expires_at)
    verification.refresh_from_db()
    assert verification.status == Status.EXPIRED


def test_a_challenge_runs_out_after_ninety_seconds(road: Road) -> None:
    verification = road.with_photo()
    drawn = challenge.issue(verification, now=NOW)
    with pytest.raises(submit.ChallengeExpired):
        send(verification, drawn, now=NOW + timedelta(seconds=90))


def test_a_challenge_is_used_once(road: Road) -> None:
    verification = road.with_photo()
    drawn = challenge.issue(verification, now=NOW)
    send(verification, drawn)
    with pytest.raises(submit.AlreadySubmitted):
        send(verification, drawn)


def test_a_challenge_of_another_case_is_unknown(road: Road) -> None:
    drawn = challenge.issue(road.with_photo(), now=NOW)
    with pytest.raises(submit.UnknownChallenge):
        send(road.with_photo(), drawn)


def test_a_new_challenge_ends_the_open_one(road: Road) -> None:
    verification = road.with_photo()
    first = challenge.issue(verification, now=NOW)
    challenge.issue(verification, now=NOW)
    with pytest.raises(submit.ChallengeExpired):
        send(verification, first)


def test_movements_can_not_be_drawn_until_they_suit(road: Road) -> None:
    verification = road.with_photo()
    for _ in range(challenge.MOST_IN_AN_HOUR):
        challenge.issue(verification, now=NOW)
    with pytest.raises(challenge.TooManyRecordings):
        challenge.issue(verification, now=NOW)


def test_a_recording_that_is_no_video_leaves_the_challenge_open(road: Road) -> None:
    verification = road.with_photo()
    drawn = challenge.issue(verification, now=NOW)
    with pytest.raises(submit.media.UnusableMedia):
        send(verification, drawn, recording=b"no video at all")
    assert send(verification, drawn).status == AttemptStatus.SUBMITTED


def send(verification: Verification, drawn: challenge.Challenge, **changes: Any) -> Any:
    options = {"recording": clip(), "signals": {}, "now": NOW, **changes}
    return submit.submit(verification, attempt_id=drawn.attempt.public_id, nonce=drawn.nonce, **options)


def test_a_new_photo_leaves_the_old_one_as_it_was(road: Road) -> None:
    verification = road.with_photo(seed=1)
    first = verification.documents.get()
    document.upload(verification, storage.read(first.original_name, sha256=first.original_sha256), now=NOW)
    first.refresh_from_db()
    assert (first.superseded_at, verification.documents.count()) == (NOW, 2)


def test_no_photo_is_taken_while_a_recording_is_judged(road: Road) -> None:
    attempt = road.submit(road.with_photo())
    with pytest.raises(IllegalMove):
        document.upload(attempt.verification, b"", now=NOW)


def test_a_reference_is_not_invited_twice_at_a_time(road: Road) -> None:
    road.invited(reference="SAME")
    with pytest.raises(invite.DuplicateReference):
        road.invited(reference="SAME")


def test_every_change_of_status_has_its_event(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator)
    kinds = list(AuditEvent.objects.filter(subject_id=verification.public_id).values_list("kind", flat=True))
    assert kinds == [
        "verification.invited",
        "consent.given",
        "document.uploaded",
        "attempt.submitted",
        "decision.approved_by_policy",
    ]


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_the_trail(road: Road, change: str) -> None:
    road.invited()
    events = AuditEvent.objects.all()
    make_it = {
        "update": lambda: events.update(kind="nothing"),
        "delete": lambda: events._raw_delete(events.db),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        make_it[change]()


def test_the_database_refuses_an_approval_without_a_proof(road: Road) -> None:
    verification = road.invited()
    with pytest.raises(IntegrityError), transaction.atomic():
        Verification.objects.filter(pk=verification.pk).update(status=Status.APPROVED, decided_at=NOW)


def test_the_database_refuses_to_change_an_active_policy(road: Road) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE verification_policy SET approve_at = 70")


def test_no_name_reaches_the_trail(road: Road, emulator: EmulatorServer) -> None:
    road.judged(emulator, name="Distinctive Surname")
    assert "Distinctive" not in str(list(AuditEvent.objects.values()))


def test_a_recording_that_is_gone_goes_to_a_reviewer(road: Road) -> None:
    attempt = road.submit(road.with_photo())
    storage.delete(attempt.original_name)
    prepare.prepare(attempt.public_id, now=NOW)
    attempt.refresh_from_db()
    assert attempt.outcome == Outcome.VENDOR_FAILED
    assert Verification.objects.get().reasons == ["integrity_error"]


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
    assert Verification.objects.get().reasons == ["request_too_large"]
    assert emulator.calls() == []


def test_a_request_that_the_vendor_rejects_goes_to_a_reviewer(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, {"error": "InvalidParameterValue"})
    assert (verification.reasons, verification.attempts_used) == (["rejected"], 0)


def test_two_lost_calls_go_to_a_reviewer(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    account = VendorAccount.objects.create(name="default")
    facts = {"attempt": attempt, "account": account, "body_size": 1, "started_at": NOW}
    ProviderCall.objects.create(number=1, state=CallState.UNKNOWN, ended_at=NOW, **facts)
    ProviderCall.objects.create(number=2, **facts)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    assert Verification.objects.get().reasons == ["unknown_outcome"]
    assert emulator.calls() == []


def test_a_paused_account_is_not_called(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    until = datetime.now(UTC) + timedelta(minutes=1)
    VendorAccount.objects.create(name="default", paused_until=until, pause_reason="AuthFailure.TokenFailure")
    assess.assess(attempt.public_id, clock=lambda: NOW)
    attempt.refresh_from_db()
    assert (attempt.status, emulator.calls()) == (AttemptStatus.READY, [])


def test_a_similarity_is_never_rounded_up(road: Road, emulator: EmulatorServer) -> None:
    verification = road.judged(emulator, {"sim": 79.999})
    attempt = verification.attempts.get()
    assert (verification.status, str(attempt.similarity)) == (Status.IN_REVIEW, "79.99")


def test_a_case_that_was_cancelled_meanwhile_stays_cancelled(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    verification = Verification.objects.get()
    cancel.cancel(verification, reason="customer_request", by=audit.By.shell(), now=NOW)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    attempt.refresh_from_db()
    verification.refresh_from_db()
    assert (attempt.status, verification.status) == (AttemptStatus.FINISHED, Status.CANCELLED)


def test_a_recording_that_can_not_be_prepared_brings_the_person_back(road: Road, monkeypatch: Any) -> None:
    attempt = road.submit(road.with_photo())

    def refuse(*args: Any) -> None:
        raise media.UnusableMedia("video_corrupt")

    monkeypatch.setattr(prepare.media, "prepare_video", refuse)
    prepare.prepare(attempt.public_id, now=NOW)
    verification = Verification.objects.get()
    assert (verification.status, verification.attempts_used) == (Status.COLLECTING, 0)
    assert verification.hint == "record_again"


def test_a_machine_at_fault_lets_the_recording_wait(road: Road, monkeypatch: Any) -> None:
    attempt = road.submit(road.with_photo())

    def fail(*args: Any) -> None:
        raise media.MediaUnavailable("helper_died")

    monkeypatch.setattr(prepare.media, "prepare_video", fail)
    prepare.prepare(attempt.public_id, now=NOW)
    attempt.refresh_from_db()
    assert (attempt.status, attempt.not_before) == (AttemptStatus.SUBMITTED, NOW + prepare.LATER)


def test_a_photo_is_needed_before_a_recording(road: Road) -> None:
    with pytest.raises(challenge.PhotoMissing):
        challenge.issue(road.consented(), now=NOW)


def test_a_lost_broker_loses_nothing(
    road: Road, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(queue.current_app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        attempt = road.submit(road.with_photo())
    assert queue.waiting(NOW) == [(queue.PREPARE, attempt.public_id)]
