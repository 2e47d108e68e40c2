"""Two accounts: one that recovered is tried again within a minute, also when the other could do all the work."""

from datetime import timedelta
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import Road
from tests.contract.vendor_socket import http
from tests.flow import tries
from tests.flow.tries import at
from verification.actions import probe, sweep
from verification.jobs import doorbell
from verification.models import AuditEvent, ProviderCall, VendorAccount, VerificationAttempt
from verification.states import AttemptStatus
from verification.vendor_accounts import clients, pacing

ARREARS = "UnauthorizedOperation.Arrears"
DARK = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _two_accounts(db: None, emulator: EmulatorServer, settings: Any) -> None:
    default = settings.FACEID_ACCOUNTS["default"]
    settings.FACEID_ACCOUNTS = {"default": default, "second": default}
    pacing.accounts()


def judge(attempt: VerificationAttempt, seconds: float) -> str:
    """One try of a worker; returns the account that was called."""
    tries.judge(attempt, seconds)
    return str(attempt.calls.latest("pk").account.name)


def account(name: str) -> VendorAccount:
    return VendorAccount.objects.get(name=name)


def pause(name: str) -> None:
    now = at(0)
    pacing.pause(account(name), reason=ARREARS, called_at=now - timedelta(seconds=1), now=now)


def tend(seconds: float, monkeypatch: Any, callbacks: Any) -> None:
    """The sweep, and the probes that it asks for."""
    asked: list[str] = []
    monkeypatch.setattr(doorbell, "_send", lambda task, args, delay: asked.extend(args))
    with callbacks(execute=True):
        sweep.sweep(now=at(seconds))
    for name in asked:
        probe.probe(name, now=at(seconds))


@pytest.mark.parametrize("name", ["default", "second"])
def test_an_account_that_recovered_is_called_again_although_the_other_could_do_all(
    road: Road, name: str, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    pause(name)
    tend(30, monkeypatch, django_capture_on_commit_callbacks)
    assert judge(road.ready(), 31) == name
    assert account(name).paused_at is None
    assert list(AuditEvent.objects.filter(kind="account.resumed").values_list("subject_id", flat=True)) == [
        str(account(name).pk)
    ]


def test_however_long_it_was_away_it_is_tried_within_a_minute_of_being_well(
    road: Road,
    emulator: EmulatorServer,
    settings: Any,
    monkeypatch: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    pause("second")
    well = settings.FACEID_ACCOUNTS["second"]
    settings.FACEID_ACCOUNTS = {**settings.FACEID_ACCOUNTS, "second": {**well, "secret_id": "AKIDgone"}}
    for seconds in range(0, 600, 15):
        tend(seconds, monkeypatch, django_capture_on_commit_callbacks)
    assert account("second").trial_at is None
    assert account("second").failed_probes > 8
    settings.FACEID_ACCOUNTS = {**settings.FACEID_ACCOUNTS, "second": well}
    for seconds in range(600, 655, 5):
        tend(seconds, monkeypatch, django_capture_on_commit_callbacks)
    assert judge(road.ready(), 656) == "second"
    assert account("second").paused_at is None


def test_a_trial_that_meets_the_fault_again_costs_the_applicant_a_moment_only(
    road: Road, emulator: EmulatorServer
) -> None:
    pause("second")
    probe.probe("second", now=at(30))
    attempt = road.ready()
    emulator.script(error=ARREARS)
    assert judge(attempt, 31) == "second"
    assert (attempt.status, attempt.not_before) == (AttemptStatus.READY, None)
    assert judge(attempt, 31) == "default"
    assert attempt.status == AttemptStatus.FINISHED
    assert account("second").probe_at == at(31 + 45)


def test_a_trial_that_can_not_be_sent_takes_no_more_work_from_the_other(
    road: Road, settings: Any, monkeypatch: Any
) -> None:
    pause("second")
    probe.probe("second", now=at(30))
    attempt = road.ready()
    real, url = clients.client, settings.FACEID_ENDPOINT

    def client(name: str, region: str) -> Any:
        settings.FACEID_ENDPOINT = DARK if name == "second" else url
        return real(name, region)

    monkeypatch.setattr(clients, "client", client)
    assert judge(attempt, 31) == "second"
    assert judge(attempt, 60) == "default"
    assert attempt.status == AttemptStatus.FINISHED
    assert account("second").pause_reason == "ConnectError.ConnectionRefusedError"


def test_one_call_at_a_time_tries_the_account_again(road: Road) -> None:
    pause("second")
    probe.probe("second", now=at(30))
    found = [pacing.reserve(now=at(31)) for _ in range(5)]
    names = [slot.account.name for slot in found if isinstance(slot, pacing.Slot)]
    assert names == ["second", "default", "default", "default", "default"]


def test_a_trial_that_is_booked_out_stops_nobody(road: Road) -> None:
    pause("second")
    probe.probe("second", now=at(30))
    VendorAccount.objects.filter(name="second").update(next_slot_at=at(40))
    found = pacing.reserve(now=at(31))
    assert isinstance(found, pacing.Slot)
    assert found.account.name == "default"


def test_what_one_account_is_asked_to_wait_for_the_other_does(road: Road, say: Any) -> None:
    attempt = road.ready()
    say(http(b"", "429 Slow Down", Retry_After="120"))
    say(Result="Success", Sim=99)
    assert judge(attempt, 0) == "default"
    assert judge(attempt, 2) == "second"
    assert attempt.status == AttemptStatus.FINISHED
    assert ProviderCall.objects.filter(account__name="default").count() == 1
