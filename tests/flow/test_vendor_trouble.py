"""Faults of the vendor or an account: calls pause, no applicant loses an attempt, and calls resume automatically."""

from datetime import datetime
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, VENDOR_CLOCK, Road
from tests.flow.tries import at, judge
from verification import audit, storage, tasks
from verification.actions import cancel, probe, sweep
from verification.jobs import doorbell, leases
from verification.models import (
    AuditEvent,
    CallState,
    ProviderCall,
    VendorAccount,
    Verification,
    VerificationAttempt,
)
from verification.rules import decision
from verification.states import AttemptStatus, Status
from verification.vendor_accounts import account_health, clients, pacing
from verification.workflow import StaleAttempt

ARREARS = "UnauthorizedOperation.Arrears"
CLOSED_PORT = "http://127.0.0.1:9"


def kinds() -> list[str]:
    return list(AuditEvent.objects.filter(kind__startswith="account.").values_list("kind", flat=True))


@pytest.fixture
def paused(road: Road, emulator: EmulatorServer) -> VerificationAttempt:
    """An attempt whose call found the account in arrears."""
    attempt = road.ready()
    emulator.script(error=ARREARS)
    judge(attempt)
    return attempt


def test_an_account_at_fault_pauses_everybody_and_the_work_waits(paused: VerificationAttempt) -> None:
    account = VendorAccount.objects.get()
    assert (paused.status, paused.lease_until, paused.not_before) == (AttemptStatus.READY, None, None)
    assert (account.pause_reason, account.paused_at, kinds()) == (ARREARS, NOW, ["account.paused"])
    assert Verification.objects.get().attempts_used == 0


def test_while_it_lasts_nobody_calls(paused: VerificationAttempt, emulator: EmulatorServer) -> None:
    for seconds in (1, 60, 3600):
        judge(paused, seconds)
    assert len(emulator.calls()) == 1
    assert paused.status == AttemptStatus.READY


def test_while_it_lasts_the_sweep_rings_for_no_call(paused: VerificationAttempt, rung: Any) -> None:
    assert rung(lambda: sweep.sweep(now=at(1))) == []


def test_the_sweep_has_the_account_probed_when_that_is_due(paused: VerificationAttempt, rung: Any) -> None:
    assert rung(lambda: sweep.sweep(now=at(30))) == [doorbell.PROBE]


def test_a_probe_costs_nothing_and_its_answer_lets_one_call_through(
    paused: VerificationAttempt, emulator: EmulatorServer, rung: Any
) -> None:
    assert rung(lambda: probe.probe("default", now=at(30))) == [doorbell.ASSESS_NEXT]
    assert emulator.calls()[-1]["answer"] == "MissingParameter"
    judge(paused, 31)
    assert Verification.objects.get().status == Status.APPROVED
    assert kinds() == ["account.paused", "account.resumed"]
    assert VendorAccount.objects.get().paused_at is None


def test_when_the_account_is_well_again_all_that_waits_is_rung_for(
    paused: VerificationAttempt, road: Road, rung: Any
) -> None:
    road.ready()
    probe.probe("default", now=at(30))
    assert doorbell.ASSESS_NEXT in rung(lambda: judge(paused, 31))


def test_a_probe_that_meets_a_fault_leaves_the_account_paused(
    paused: VerificationAttempt, settings: Any
) -> None:
    account = {**settings.FACEID_ACCOUNTS["default"], "secret_id": "AKIDrevoked"}
    settings.FACEID_ACCOUNTS = {"default": account}
    probe.probe("default", now=at(30))
    row = VendorAccount.objects.get()
    assert (row.trial_at, row.pause_reason) == (None, "AuthFailure.SecretIdNotFound")
    assert row.probe_at == at(75)


def test_a_probe_that_gets_no_answer_leaves_the_account_paused(
    paused: VerificationAttempt, settings: Any
) -> None:
    settings.FACEID_ENDPOINT = CLOSED_PORT
    probe.probe("default", now=at(30))
    assert not pacing.is_open(now=at(31))


def test_arrears_that_show_only_in_a_real_call_pause_again(
    paused: VerificationAttempt, emulator: EmulatorServer
) -> None:
    probe.probe("default", now=at(30))
    emulator.script(error=ARREARS)
    judge(paused, 31)
    assert (paused.status, pacing.is_open(now=at(32))) == (AttemptStatus.READY, False)
    assert kinds() == ["account.paused"]


def test_a_probe_that_is_not_due_is_not_made(paused: VerificationAttempt, emulator: EmulatorServer) -> None:
    probe.probe("default", now=at(29))
    probe.probe("unknown", now=at(60))
    assert len(emulator.calls()) == 1


def test_a_vendor_that_cannot_be_reached_is_paused_before_everybody_is_with_a_reviewer(
    road: Road, emulator: EmulatorServer, settings: Any
) -> None:
    attempt = road.ready()
    settings.FACEID_ENDPOINT = CLOSED_PORT
    for minute in range(account_health.FAILING_AFTER + 5):
        judge(attempt, 60 * minute)
    assert attempt.status == AttemptStatus.READY
    assert attempt.calls.count() == account_health.FAILING_AFTER
    assert VendorAccount.objects.get().pause_reason == "vendor_failing"


def test_after_an_outage_the_work_goes_on_by_itself(
    road: Road, emulator: EmulatorServer, settings: Any
) -> None:
    attempt = road.ready()
    settings.FACEID_ENDPOINT = CLOSED_PORT
    for minute in range(account_health.FAILING_AFTER):
        judge(attempt, 60 * minute)
    settings.FACEID_ENDPOINT = emulator.url
    probe.probe("default", now=at(3600))
    judge(attempt, 3601)
    assert Verification.objects.get().status == Status.APPROVED


def test_a_few_failures_among_answers_pause_nothing(road: Road, emulator: EmulatorServer) -> None:
    for _ in range(4):
        attempt = road.ready()
        emulator.script(fault="http_503", times=2)
        for minute in range(3):
            judge(attempt, 60 * minute)
    assert kinds() == []


def test_a_missed_slot_is_no_call(road: Road, emulator: EmulatorServer, monkeypatch: Any) -> None:
    attempt = road.ready()
    with monkeypatch.context() as late:
        late.setattr(pacing.Turn, "wait_to_send", lambda turn: False)
        judge(attempt)
    assert (attempt.status, attempt.lease_until, emulator.calls()) == (AttemptStatus.READY, None, [])
    judge(attempt, 1)
    assert Verification.objects.get().status == Status.APPROVED


def test_a_worker_finds_the_next_slots_taken_and_leaves_the_attempt_waiting(
    road: Road, emulator: EmulatorServer
) -> None:
    attempt = road.ready()
    VendorAccount.objects.update_or_create(name="default", defaults={"next_slot_at": at(3), "rate": 1000})
    judge(attempt)
    assert (attempt.status, attempt.lease_until, emulator.calls()) == (AttemptStatus.READY, None, [])


def test_a_worker_that_comes_free_takes_up_what_waits_longest(
    road: Road, emulator: EmulatorServer, rung: Any
) -> None:
    VENDOR_CLOCK.at = datetime.now(NOW.tzinfo)
    first, second = road.ready(), road.ready()
    # Each of the two is approved, and what is decided is sealed.
    assert rung(lambda: tasks.assess(first.public_id)) == [doorbell.SEAL, doorbell.ASSESS_NEXT]
    assert rung(tasks.assess_next) == [doorbell.SEAL]
    second.refresh_from_db()
    assert second.status == AttemptStatus.FINISHED


def test_a_spent_budget_lets_the_work_wait_until_tomorrow(
    road: Road, emulator: EmulatorServer, settings: Any
) -> None:
    settings.FACEID_ACCOUNTS = {"default": {**settings.FACEID_ACCOUNTS["default"], "daily_budget": 1}}
    first, second = road.ready(), road.ready()
    judge(first)
    judge(second)
    assert (first.status, second.status) == (AttemptStatus.FINISHED, AttemptStatus.READY)
    assert kinds() == ["account.budget_alert"]
    judge(second, 24 * 3600)
    assert second.status == AttemptStatus.FINISHED


def test_a_call_that_is_not_charged_spends_no_budget(road: Road, emulator: EmulatorServer) -> None:
    emulator.script(error=ARREARS)
    judge(road.ready())
    assert VendorAccount.objects.get().spent == 0


@pytest.fixture
def two_accounts(emulator: EmulatorServer, settings: Any) -> None:
    default = settings.FACEID_ACCOUNTS["default"]
    settings.FACEID_ACCOUNTS = {"default": default, "second": default}


def test_a_second_account_goes_on_when_the_first_is_paused(
    road: Road, emulator: EmulatorServer, two_accounts: None
) -> None:
    attempt = road.ready()
    emulator.script(error=ARREARS)
    judge(attempt)
    judge(attempt, 1)
    called = list(attempt.calls.values_list("account__name", flat=True))
    assert called == ["default", "second"]
    assert Verification.objects.get().status == Status.APPROVED


@pytest.fixture
def fallback(emulator: EmulatorServer, settings: Any) -> None:
    """Hong Kong is the fallback of an unreachable Singapore."""
    settings.FACEID_ENDPOINT = CLOSED_PORT
    settings.FACEID_FALLBACK_REGIONS = ["ap-hongkong"]
    settings.FACEID_REGION_ENDPOINT = emulator.url


def test_another_region_is_called_when_nothing_could_be_sent_to_the_first(
    road: Road, emulator: EmulatorServer, fallback: None
) -> None:
    attempt = road.ready()
    judge(attempt)
    assert attempt.not_before == NOW
    judge(attempt)
    calls = list(attempt.calls.values_list("region", "state"))
    assert calls == [("ap-singapore", CallState.NOT_SENT), ("ap-hongkong", CallState.ANSWERED)]
    assert [call["region"] for call in emulator.calls()] == ["ap-hongkong"]


def test_a_region_that_answers_is_not_left_for_another_whatever_it_says(
    road: Road, emulator: EmulatorServer, fallback: None, settings: Any
) -> None:
    settings.FACEID_ENDPOINT = emulator.url
    for fault in ("http_503", "truncated"):
        emulator.script(fault=fault)
        attempt = road.ready()
        judge(attempt)
        judge(attempt, 60)
        assert set(attempt.calls.values_list("region", flat=True)) == {"ap-singapore"}


def test_the_first_region_is_tried_again_by_one_call_after_a_while(
    road: Road, emulator: EmulatorServer, fallback: None
) -> None:
    judge(road.ready())
    account = VendorAccount.objects.get()

    def region(seconds: float) -> str:
        return clients.region_to_call(account, now=at(seconds))

    assert (region(29), region(30)) == ("ap-hongkong", "ap-singapore")
    trying = ProviderCall.objects.get()
    trying.pk, trying.public_id, trying.number = None, "call_trying", 2
    trying.state, trying.ended_at, trying.started_at = CallState.SENDING, None, at(30)
    trying.save()
    assert region(31) == "ap-hongkong"


def test_no_region_is_called_that_the_operator_did_not_name(
    road: Road, emulator: EmulatorServer, settings: Any
) -> None:
    settings.FACEID_ENDPOINT = CLOSED_PORT
    attempt = road.ready()
    for minute in range(3):
        judge(attempt, 60 * minute)
    assert set(attempt.calls.values_list("region", flat=True)) == {"ap-singapore"}
    assert emulator.calls() == []


def fail_ten_times(road: Road) -> None:
    """Ten calls that were in flight to the first region when it became unreachable."""
    calls = [judge_one(road) for _ in range(account_health.FAILING_AFTER)]
    ProviderCall.objects.update(region="ap-singapore", state=CallState.NOT_SENT, answer="", ended_at=NOW)
    assert len(calls) == account_health.FAILING_AFTER


def judge_one(road: Road) -> VerificationAttempt:
    attempt = road.ready()
    judge(attempt)
    return attempt


def test_a_dark_region_pauses_nothing_while_another_stands_in(
    road: Road, emulator: EmulatorServer, fallback: None
) -> None:
    fail_ten_times(road)
    attempt = road.ready()
    for seconds in (31, 32):
        judge(attempt, seconds)
    assert attempt.status == AttemptStatus.FINISHED
    assert kinds() == []


def test_a_pause_ends_through_another_region_when_the_first_stays_dark(
    road: Road, emulator: EmulatorServer, fallback: None, settings: Any
) -> None:
    attempt = road.ready()
    settings.FACEID_FALLBACK_REGIONS = []
    for minute in range(account_health.FAILING_AFTER):
        judge(attempt, 60 * minute)
    settings.FACEID_FALLBACK_REGIONS = ["ap-hongkong"]
    probe.probe("default", now=at(3600))
    for seconds in (3601, 3602):
        judge(attempt, seconds)
    assert Verification.objects.get().status == Status.APPROVED
    assert kinds() == ["account.paused", "account.resumed"]


def test_a_call_whose_account_was_paused_meanwhile_is_not_made(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()

    def pause_first(turn: pacing.Turn) -> None:
        pacing.pause(turn.slot.account, reason=ARREARS, called_at=NOW, now=NOW)

    monkeypatch.setattr(pacing.Turn, "wait_to_prepare", pause_first)
    judge(attempt)
    assert (attempt.status, attempt.calls.count(), emulator.calls()) == (AttemptStatus.READY, 0, [])
    assert VendorAccount.objects.get().spent == 0


def test_a_throttled_call_ends_no_pause(paused: VerificationAttempt, emulator: EmulatorServer) -> None:
    probe.probe("default", now=at(30))
    emulator.script(error="RequestLimitExceeded")
    judge(paused, 31)
    assert VendorAccount.objects.get().pause_reason == ARREARS


def test_a_probe_that_fails_after_the_account_was_resumed_pauses_nothing(paused: VerificationAttempt) -> None:
    account = VendorAccount.objects.get()
    pacing.resume(account, called_at=at(1))
    pacing.prolong(account, reason=ARREARS, now=at(2))
    assert pacing.is_open(now=at(3))


def test_a_case_that_is_cancelled_while_it_waits_for_its_turn_is_not_sent(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()

    def cancel_first(turn: pacing.Turn) -> None:
        by, case = audit.By.shell(), Verification.objects.get()
        cancel.cancel(case, reason="applicant_withdrew", by=by, now=NOW)

    monkeypatch.setattr(pacing.Turn, "wait_to_prepare", cancel_first)
    with pytest.raises(StaleAttempt):
        judge(attempt)
    assert emulator.calls() == []


def test_evidence_that_the_machine_cannot_read_now_is_tried_again_later(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()

    def refuse(name: str, key: Any) -> Any:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as crowded:
        crowded.setattr(storage, "open_unchecked", refuse)
        judge(attempt)
    assert (attempt.status, attempt.not_before) == (AttemptStatus.READY, NOW + leases.RETRY_AFTER)
    judge(attempt, 15)
    assert attempt.status == AttemptStatus.FINISHED


def test_an_answer_that_nothing_can_be_made_of_ends_with_a_reviewer(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    attempt = road.ready()

    def trip(*args: Any) -> Any:
        raise KeyError

    with monkeypatch.context() as broken:
        broken.setattr(decision, "decide", trip)
        for tries in range(2 * leases.MAX_LOST_LEASES):
            with pytest.raises(KeyError):
                judge(attempt, 60 * tries)
        judge(attempt, 3600)
        judge(attempt, 3660)
    assert Verification.objects.get().reasons == ["cannot_process"]
    assert len(emulator.calls()) == 1
