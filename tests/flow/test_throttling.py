"""A vendor that asks for fewer calls gets fewer, step by step, and Retry-After is heeded. Staff read what is true."""

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.urls import reverse

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import Road
from tests.contract.vendor_socket import http
from tests.flow import tries
from tests.flow.tries import at
from tests.flow.vendor_says import Say
from verification.actions import probe
from verification.models import AuditEvent, VendorAccount, Verification, VerificationAttempt
from verification.states import AttemptStatus, Status
from verification.vendor_accounts import pacing
from verification.vendor_accounts.pacing.throttle import MAX_SLOWDOWN

THROTTLED = "RequestLimitExceeded.UinLimitExceeded"
ERROR = json.dumps({"Response": {"Error": {"Code": THROTTLED, "Message": ""}, "RequestId": "r-0"}}).encode()


def judge(attempt: VerificationAttempt, seconds: float) -> None:
    VerificationAttempt.objects.filter(pk=attempt.pk).update(not_before=None)
    tries.judge(attempt, seconds)


def account() -> VendorAccount:
    return VendorAccount.objects.get()


def slowed_by() -> float:
    return 1000 / pacing.pace_of(account())


def kinds() -> list[str]:
    return list(AuditEvent.objects.filter(kind__startswith="account.").values_list("kind", flat=True))


def throttle(road: Road, emulator: EmulatorServer, *seconds: float) -> VerificationAttempt:
    """Throttled calls at these times, of one attempt."""
    attempt = road.ready()
    emulator.script(error=THROTTLED, times=len(seconds))
    for moment in seconds:
        judge(attempt, moment)
    return attempt


def test_one_throttled_call_is_an_accident(road: Road, emulator: EmulatorServer) -> None:
    throttle(road, emulator, 0, 61)
    assert (slowed_by(), kinds()) == (1, [])


def test_throttling_that_lasts_halves_the_pace_again_and_again(road: Road, emulator: EmulatorServer) -> None:
    slower = []
    attempt = road.ready()
    emulator.script(error=THROTTLED, times=9)
    for seconds in (0, 1, 4, 7, 10):
        judge(attempt, seconds)
        slower.append(slowed_by())
    assert slower == [1, 2, 4, 8, 16]
    told = AuditEvent.objects.filter(kind="account.slowed").values_list("data__per_cent", flat=True)
    assert list(told) == [50, 25, 12, 6]


def test_calls_that_were_booked_before_a_step_bring_no_second_one(
    road: Road, emulator: EmulatorServer
) -> None:
    throttle(road, emulator, 0, 1, 1.5, 2, 3.9)
    assert slowed_by() == 2


def test_the_slots_lie_as_far_apart_as_the_pace_says(
    road: Road, emulator: EmulatorServer, settings: Any
) -> None:
    throttle(road, emulator, 0, 1, 4)
    settings.FACEID_ACCOUNTS = {"default": {**settings.FACEID_ACCOUNTS["default"], "rate": 20}}
    found = [pacing.reserve(now=at(60)) for _ in range(50)]
    slots = [slot.at for slot in found if isinstance(slot, pacing.Slot)]
    assert len(slots) == 10
    assert min(b - a for a, b in pairwise(slots)) > timedelta(seconds=1 / 5)


def test_throttling_at_the_slowest_pace_pauses_the_account(road: Road, emulator: EmulatorServer) -> None:
    attempt = throttle(road, emulator, 0, 1, 4, 7, 10, 13)
    assert (account().pause_reason, attempt.status) == (THROTTLED, AttemptStatus.READY)
    assert kinds()[-1] == "account.paused"
    judge(attempt, 14)
    assert len(emulator.calls()) == 6
    probe.probe("default", now=at(43))
    judge(attempt, 44)
    assert Verification.objects.get().status == Status.APPROVED
    assert (account().paused_at, account().slowdown) == (None, 3)


def test_an_account_that_still_serves_some_calls_is_not_paused(road: Road, emulator: EmulatorServer) -> None:
    attempt = throttle(road, emulator, 0, 1, 4, 7, 10)
    judge(road.ready(), 11)
    emulator.script(error=THROTTLED, times=4)
    paused_at = []
    for seconds in (14, 30, 60, 75):
        judge(attempt, seconds)
        paused_at.append(account().paused_at)
    assert paused_at == [None, None, None, at(75)]


def test_the_pace_comes_back_step_by_step_while_calls_are_served(
    road: Road, emulator: EmulatorServer
) -> None:
    throttle(road, emulator, 0, 1, 4)
    faster = []
    for seconds in (5, 13.9, 14, 15, 23, 24, 34):
        judge(road.ready(), seconds)
        faster.append(slowed_by())
    assert faster == [4, 4, 2, 2, 2, 1, 1]
    assert kinds() == ["account.slowed", "account.slowed", "account.full_pace"]


def test_two_workers_that_were_throttled_at_once_make_one_step(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    throttle(road, emulator, 0, 1)
    stale, called_at = account(), at(4)
    assert pacing.slow_down(account(), called_at=called_at, now=called_at) == pacing.Step.SLOWER
    monkeypatch.setattr(VendorAccount, "refresh_from_db", lambda account: None)
    assert pacing.slow_down(stale, called_at=called_at, now=called_at) == pacing.Step.NONE
    assert slowed_by() == 4


RETRY_AFTER = {
    "429": http(b"", "429 Slow Down", Retry_After="90"),
    "503": http(b"", "503 Busy", Retry_After="90"),
    "an error of the vendor": http(ERROR, Retry_After="90"),
    "a date": http(b"", "503 Busy", Retry_After="Mon, 23 Nov 2026 09:01:30 GMT"),
}


@pytest.mark.parametrize("answer", RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_nobody_is_called_before_the_vendor_wants_to_be(road: Road, say: Say, answer: bytes) -> None:
    attempt, other = road.ready(), road.ready()
    say(answer)
    judge(attempt, 0)
    for seconds in (1, 30, 89):
        judge(attempt, seconds)
        judge(other, seconds)
    assert (say.asked, attempt.status, other.status) == (1, AttemptStatus.READY, AttemptStatus.READY)
    assert not pacing.is_open(now=at(89))
    say(Result="Success", Sim=99)
    judge(attempt, 90)
    assert attempt.status == AttemptStatus.FINISHED


@pytest.mark.parametrize("header", ["-1", "soon", "1e9", "", "90, 90"])
def test_rubbish_makes_nobody_wait(road: Road, say: Say, header: str) -> None:
    attempt = road.ready()
    say(http(b"", "503 Busy", Retry_After=header))
    say(Result="Success", Sim=99)
    judge(attempt, 0)
    judge(attempt, 1)
    assert attempt.status == AttemptStatus.FINISHED


def test_nobody_waits_for_longer_than_five_minutes(road: Road, say: Say) -> None:
    attempt = road.ready()
    say(http(b"", "503 Busy", Retry_After="86400"))
    judge(attempt, 0)
    assert (pacing.is_open(now=at(299)), pacing.is_open(now=at(300))) == (False, True)


def test_a_redirect_has_no_say_in_it(road: Road, say: Say) -> None:
    say(http(b"", "301 Moved", Retry_After="90", Location="/"))
    judge(road.ready(), 0)
    assert pacing.is_open(now=at(1))


def test_a_call_that_was_booked_before_is_not_made_meanwhile(road: Road, emulator: EmulatorServer) -> None:
    pacing.accounts()
    slot = pacing.reserve(now=at(0))
    assert isinstance(slot, pacing.Slot)
    assert pacing.still_open(slot)
    pacing.wait(account(), seconds=60, now=at(0))
    assert not pacing.still_open(slot)


def test_a_shorter_wait_does_not_shorten_a_longer_one(db: None) -> None:
    pacing.accounts()
    for seconds in (90, 10):
        pacing.wait(account(), seconds=seconds, now=at(0))
    assert account().wait_until == at(90)


def test_a_wait_that_a_wrong_clock_wrote_is_ignored(road: Road, emulator: EmulatorServer) -> None:
    attempt = road.ready()
    pacing.accounts()
    pacing.wait(account(), seconds=60, now=at(24 * 3600))
    judge(attempt, 0)
    assert attempt.status == AttemptStatus.FINISHED


def test_a_wait_that_a_wrong_clock_wrote_gives_way_to_a_true_one(db: None) -> None:
    pacing.accounts()
    pacing.wait(account(), seconds=60, now=at(24 * 3600))
    pacing.wait(account(), seconds=60, now=at(0))
    assert not pacing.is_open(now=at(59))


def test_the_longest_wait_is_not_shortened_by_a_host_whose_clock_is_a_little_behind(db: None) -> None:
    pacing.accounts()
    pacing.wait(account(), seconds=300, now=at(0))
    pacing.wait(account(), seconds=1, now=at(-1))
    assert not pacing.is_open(now=at(299))


def test_a_pace_that_a_wrong_clock_changed_pauses_no_account_that_still_serves(
    road: Road, emulator: EmulatorServer
) -> None:
    pacing.accounts()
    VendorAccount.objects.update(slowdown=MAX_SLOWDOWN, slowed_at=at(24 * 3600))
    judge(road.ready(), 0)
    VendorAccount.objects.update(slowdown=MAX_SLOWDOWN, slowed_at=at(24 * 3600))
    throttle(road, emulator, 1, 2)
    assert account().paused_at is None


def test_a_pace_that_a_wrong_clock_changed_still_changes(road: Road, emulator: EmulatorServer) -> None:
    pacing.accounts()
    VendorAccount.objects.update(slowdown=1, slowed_at=at(24 * 3600))
    throttle(road, emulator, 0, 1)
    assert slowed_by() == 4
    VendorAccount.objects.update(slowed_at=at(24 * 3600))
    judge(road.ready(), 30)
    assert slowed_by() == 2


@pytest.mark.parametrize("kind", ["429", "an error of the vendor"])
def test_a_paused_account_is_not_probed_before_that_either(road: Road, say: Say, kind: str) -> None:
    pacing.accounts()
    pacing.pause(account(), reason=THROTTLED, called_at=at(-1), now=at(0))
    say(RETRY_AFTER[kind])
    probe.probe("default", now=at(30))
    probe.probe("default", now=at(119))
    assert (say.asked, account().probe_at) == (1, at(120))


@pytest.mark.usefixtures("an_hour_later")
def test_the_vendor_page_says_how_often_and_until_when(
    road: Road, emulator: EmulatorServer, signed_in: Any
) -> None:
    throttle(road, emulator, 3597, 3598)
    client = signed_in("Operator")
    page = client.get(reverse("admin:vendor"))
    assert "slowed to 500</b> since 09:59 UTC" in page.content.decode()
    assert [event["what"] for event in page.context["events"]] == ["Called less often"]
    assert page.context["rows"][0]["state"] == "calling"
    pacing.wait(account(), seconds=90, now=at(3600))
    page = client.get(reverse("admin:vendor"))
    assert page.context["rows"][0]["state"] == "waiting"
    assert "asked us to wait until 10:01:30 UTC" in page.content.decode()
    assert "asked us to wait" in client.get(reverse("admin:index")).content.decode()
