"""Credentials in files are replaced while the portal runs: no restart, no lost attempt, no account paused for good."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY, EmulatorServer
from tests.conftest import NOW, Road
from tests.flow.tries import at, judge
from verification.actions import probe
from verification.liveness import LivenessClient
from verification.models import ProviderCall, VendorAccount, Verification
from verification.secret_files import KEPT, SETTLED, SecretFiles
from verification.states import AttemptStatus, Status
from verification.vendor_accounts import clients

RIGHT = {"secret_id": SANDBOX_SECRET_ID, "secret_key": SANDBOX_SECRET_KEY}
REVOKED = {"secret_id": "AKIDrevoked", "secret_key": "revoked-key"}
Write = Callable[..., None]


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the files' reader, in its only element."""
    at = [1000.0]
    monkeypatch.setattr(clients, "SecretFiles", lambda *given: SecretFiles(*given, clock=lambda: at[0]))
    return at


@pytest.fixture
def write(emulator: EmulatorServer, settings: Any, tmp_path: Path, time: list[float]) -> Write:
    """Writes the files of the account, which began with the revoked credentials."""

    def write(values: dict[str, str]) -> None:
        for name, value in values.items():
            (tmp_path / name).write_text(value)
            os.utime(tmp_path / name, (0, 0))  # a while ago, so that they are not half written

    write(REVOKED)
    files = {name: str(tmp_path / name) for name in REVOKED}
    account = {**settings.FACEID_ACCOUNTS["default"], **REVOKED, "files": files}
    settings.FACEID_ACCOUNTS = {"default": account}
    return write


def codes() -> list[str]:
    return list(ProviderCall.objects.order_by("number").values_list("code", flat=True))


def test_files_that_changed_are_used_at_the_next_call(road: Road, write: Write) -> None:
    attempt = road.ready()
    write(RIGHT)
    judge(attempt)
    assert (codes(), Verification.objects.get().status) == (["Success"], Status.APPROVED)


@pytest.fixture
def replaced_meanwhile(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are replaced while the first call is under way."""
    send = LivenessClient.send

    def send_slowly(client: LivenessClient, *given: Any, **how: Any) -> Any:
        try:
            return send(client, *given, **how)
        finally:
            write(RIGHT)

    monkeypatch.setattr(LivenessClient, "send", send_slowly)


def test_a_call_that_the_old_ones_spoiled_is_made_again_without_a_pause(
    road: Road, replaced_meanwhile: None
) -> None:
    attempt = road.ready()
    judge(attempt)
    assert VendorAccount.objects.get().paused_at is None
    assert attempt.status == AttemptStatus.READY
    judge(attempt, 2)
    assert codes() == ["AuthFailure.SecretIdNotFound", "Success"]
    verification = Verification.objects.get()
    assert (verification.status, verification.attempts_used) == (Status.APPROVED, 1)
    assert VendorAccount.objects.get().spent == 1


def test_however_often_they_are_replaced_the_attempt_goes_to_no_reviewer(
    road: Road, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, send = road.ready(), LivenessClient.send

    def send_slowly(client: LivenessClient, *given: Any, **how: Any) -> Any:
        try:
            return send(client, *given, **how)
        finally:
            write({"secret_id": f"AKIDnumber{len(codes())}", "secret_key": f"key-{len(codes())}"})

    monkeypatch.setattr(LivenessClient, "send", send_slowly)
    for minute in range(6):
        judge(attempt, 60 * minute)
    assert codes() == ["AuthFailure.SecretIdNotFound"] * 6
    assert (attempt.status, VendorAccount.objects.get().paused_at) == (AttemptStatus.READY, None)


def test_a_probe_takes_up_one_corrected_file_at_once(road: Road, write: Write) -> None:
    attempt = road.ready()
    write({"secret_id": SANDBOX_SECRET_ID, "secret_key": "mistyped"})
    judge(attempt)
    assert VendorAccount.objects.get().pause_reason == "AuthFailure.SignatureFailure"
    write(RIGHT)  # the key alone is new
    probe.probe("default", now=at(30))
    judge(attempt, 31)
    assert Verification.objects.get().status == Status.APPROVED


def test_a_paused_account_is_probed_with_the_new_ones_and_opens_again(road: Road, write: Write) -> None:
    attempt = road.ready()
    judge(attempt)
    assert VendorAccount.objects.get().pause_reason == "AuthFailure.SecretIdNotFound"
    write(RIGHT)
    probe.probe("default", now=at(30))
    judge(attempt, 31)
    assert (Verification.objects.get().status, VendorAccount.objects.get().paused_at) == (
        Status.APPROVED,
        None,
    )


def test_a_trial_call_that_the_old_ones_spoiled_is_tried_again(
    road: Road, replaced_meanwhile: None, emulator: EmulatorServer
) -> None:
    attempt = road.ready()
    pause = {"paused_at": NOW, "pause_reason": "vendor_failing", "probe_at": at(60), "trial_at": NOW}
    VendorAccount.objects.update_or_create(name="default", defaults=pause)
    judge(attempt, 1)
    judge(attempt, 4)
    assert Verification.objects.get().status == Status.APPROVED
    assert VendorAccount.objects.get().paused_at is None


def test_files_replaced_one_after_another_spoil_no_call(
    road: Road, write: Write, time: list[float], emulator: EmulatorServer
) -> None:
    write(RIGHT)
    judge(road.ready())
    write({"secret_id": "AKIDnext"})
    time[0] += SETTLED - 1
    judge(road.ready(), 1)
    assert codes() == ["Success", "Success"]


def test_a_file_that_is_gone_pauses_the_account_only_after_a_while(
    road: Road, write: Write, time: list[float], tmp_path: Path
) -> None:
    write(RIGHT)
    judge(road.ready())
    (tmp_path / "secret_key").unlink()
    judge(road.ready(), 1)
    time[0] += KEPT
    attempt = road.ready()
    judge(attempt, 2)
    assert (attempt.status, codes()) == (
        AttemptStatus.READY,
        ["Success", "Success", "credentials_unreadable"],
    )
    assert VendorAccount.objects.get().pause_reason == "credentials_unreadable"
    write(RIGHT)
    probe.probe("default", now=at(40))
    judge(attempt, 41)
    assert attempt.status == AttemptStatus.FINISHED


def test_refused_credentials_that_nobody_replaced_pause_the_account(road: Road, write: Write) -> None:
    attempt = road.ready()
    judge(attempt)
    judge(attempt, 1)
    assert codes() == ["AuthFailure.SecretIdNotFound"]
