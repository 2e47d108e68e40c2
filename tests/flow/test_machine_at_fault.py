"""Work that fails because of the machine: it is retried, and goes to review in the end. It costs no vendor call."""

from datetime import timedelta
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road
from verification import liveness, media, storage
from verification.actions import assess, prepare
from verification.crypto import Reader, new_entry
from verification.liveness import source
from verification.models import VerificationAttempt
from verification.states import AttemptStatus, Status
from verification.vendor_accounts import account_health


@pytest.fixture
def submitted(road: Road) -> VerificationAttempt:
    return road.submit(road.with_photo())


def kill_children(monkeypatch: Any, code: str) -> None:
    def killed(*args: Any) -> media.NormalisedVideo:
        raise media.UnusableMedia(code)

    monkeypatch.setattr(media, "prepare_video", killed)


@pytest.mark.parametrize("code", sorted(prepare.KILLS))
def test_three_kills_for_one_recording_end_with_a_person(
    submitted: VerificationAttempt, monkeypatch: Any, code: str
) -> None:
    kill_children(monkeypatch, code)
    for tries in range(4):
        submitted.refresh_from_db()
        assert submitted.status == AttemptStatus.SUBMITTED
        prepare.prepare(submitted.public_id, now=NOW + tries * timedelta(minutes=1))
    submitted.refresh_from_db()
    case = submitted.verification
    assert (submitted.status, submitted.counted) == (AttemptStatus.FINISHED, False)
    assert (case.status, case.reasons) == (Status.IN_REVIEW, ["cannot_process"])


def test_a_child_killed_once_costs_nobody_anything(submitted: VerificationAttempt, monkeypatch: Any) -> None:
    with monkeypatch.context() as patched:
        kill_children(patched, "media_timeout")
        prepare.prepare(submitted.public_id, now=NOW)
    prepare.prepare(submitted.public_id, now=NOW + timedelta(seconds=10))
    submitted.refresh_from_db()
    assert submitted.status == AttemptStatus.SUBMITTED  # not before the retry is due
    prepare.prepare(submitted.public_id, now=NOW + timedelta(seconds=20))
    submitted.refresh_from_db()
    assert submitted.status == AttemptStatus.READY


@pytest.mark.parametrize("hours", [5, 7])
def test_evidence_that_can_not_be_read_waits_but_not_for_ever(
    road: Road, emulator: EmulatorServer, settings: Any, hours: int
) -> None:
    attempt = road.ready()
    settings.KEYRING = new_entry("another")
    assess.assess(attempt.public_id, clock=lambda: NOW + timedelta(hours=hours))
    attempt.refresh_from_db()
    assert attempt.status == (AttemptStatus.READY if hours < 6 else AttemptStatus.FINISHED)
    assert emulator.calls() == []


def test_a_store_that_fails_in_mid_call_is_not_the_vendors_fault(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    """The evidence is read again to send it where there is no room to keep it."""
    monkeypatch.setattr(source, "KEPT_MOST", 0)
    attempt = road.ready()
    reads = iter(range(1000))
    read = Reader.read

    def failing(self: Reader, size: int | None = -1, /) -> bytes:
        if next(reads) >= 3:
            raise OSError("the disk is gone")
        return read(self, size)

    monkeypatch.setattr(Reader, "read", failing)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    call = attempt.calls.get()
    assert call.code == liveness.MEDIA_UNREADABLE
    assert not account_health.failing(call.account, call.region)


def test_an_applicant_erased_meanwhile_is_no_damaged_file(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    storage.erase(storage.key_of(attempt.verification.applicant), now=NOW)
    assess.assess(attempt.public_id, clock=lambda: NOW)
    attempt.refresh_from_db()
    assert (attempt.status, attempt.result_code) == (AttemptStatus.FINISHED, "erased")
    assert not attempt.calls.exists()
