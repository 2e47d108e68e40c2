"""A case from invitation to outcome, one rule at a time, against the emulator on a real socket."""

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import OperationalError

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road
from verification import media, storage, workflow
from verification.actions import document, invite, prepare, sweep
from verification.jobs import leases
from verification.models import AuditEvent, CallState, Verification
from verification.states import AttemptStatus, Mode, Outcome, Status
from verification.workflow import IllegalMove


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


def test_the_sweeper_finds_work_whose_bell_was_lost(road: Road) -> None:
    attempt = road.submit(road.with_photo())
    assert leases.waiting_longest(AttemptStatus.SUBMITTED, now=NOW) == [attempt.public_id]
    prepare.prepare(attempt.public_id, now=NOW)
    assert leases.waiting_longest(AttemptStatus.READY, now=NOW) == [attempt.public_id]


def test_the_sweeper_ends_cases_whose_link_ran_out(road: Road) -> None:
    verification = road.invited()
    sweep.sweep(now=verification.link_expires_at)
    verification.refresh_from_db()
    assert verification.status == Status.EXPIRED


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


def test_a_recording_that_can_not_be_prepared_brings_the_person_back(road: Road, monkeypatch: Any) -> None:
    attempt = road.submit(road.with_photo())

    def refuse(*args: Any) -> None:
        raise media.UnusableMedia("video_corrupt")

    monkeypatch.setattr(media, "prepare_video", refuse)
    prepare.prepare(attempt.public_id, now=NOW)
    verification = Verification.objects.get()
    assert (verification.status, verification.attempts_used) == (Status.COLLECTING, 0)
    assert verification.hint == "record_again"


@pytest.mark.parametrize("counted", [True, False])
def test_preparing_hears_how_many_pictures_the_check_decoded(
    road: Road, monkeypatch: Any, counted: bool
) -> None:
    attempt, told, really = road.submit(road.with_photo()), [], media.prepare_video
    frames = attempt.facts["recorded"]["frames"]
    if not counted:  # an earlier version received it
        attempt.facts.pop("pictures")
        attempt.save(update_fields=["facts"])

    def prepare_video(data: bytes, *args: Any) -> media.NormalisedVideo:
        told.append(args)
        return really(data, *args)

    monkeypatch.setattr(media, "prepare_video", prepare_video)
    prepare.prepare(attempt.public_id, now=NOW)
    attempt.refresh_from_db()
    assert told == [(frames if counted else 0, "yuv420p")]
    assert attempt.status == AttemptStatus.READY
    assert attempt.facts["prepared"]["method"] == "remux"


def test_a_machine_at_fault_lets_the_recording_wait(road: Road, monkeypatch: Any) -> None:
    attempt = road.submit(road.with_photo())

    def fail(*args: Any) -> None:
        raise media.MediaUnavailable("helper_died")

    monkeypatch.setattr(media, "prepare_video", fail)
    prepare.prepare(attempt.public_id, now=NOW)
    attempt.refresh_from_db()
    assert (attempt.status, attempt.not_before) == (AttemptStatus.SUBMITTED, NOW + leases.RETRY_AFTER)


def test_a_recording_does_not_wait_for_better_times_for_ever(road: Road, monkeypatch: Any) -> None:
    attempt = road.submit(road.with_photo())

    def fail(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(media, "prepare_video", fail)
    for now in (NOW, NOW + leases.MAX_RETRYING + timedelta(seconds=1)):
        prepare.prepare(attempt.public_id, now=now)
    verification = Verification.objects.get()
    assert (verification.reasons, verification.attempts_used) == (["cannot_process"], 0)


def test_evidence_whose_row_may_have_been_written_is_kept(road: Road, monkeypatch: Any) -> None:
    attempt = road.submit(road.with_photo())
    kept: list[str] = []

    def die(row: Any, target: Any, **fields: Any) -> None:
        kept.append(fields["normalised_name"])
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(workflow, "advance", die)
    with pytest.raises(OperationalError):
        prepare.prepare(attempt.public_id, now=NOW)
    storage.open_unchecked(kept[0]).close()


def test_a_lost_broker_loses_nothing(
    road: Road, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(current_app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        attempt = road.submit(road.with_photo())
    assert leases.waiting_longest(AttemptStatus.SUBMITTED, now=NOW) == [attempt.public_id]
