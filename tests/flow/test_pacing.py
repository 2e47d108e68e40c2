"""Pacing of vendor calls: one row for each account holds rate, pause and budget for all processes."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import NOW
from verification.models import VendorAccount
from verification.vendor_accounts import pacing
from verification.vendor_accounts.pacing import slots as slots_module

LONG_AGO = NOW - timedelta(hours=1)
Configure = Callable[..., VendorAccount]


@pytest.fixture(autouse=True)
def _fresh_lead(monkeypatch: Any) -> None:
    """Resets the preparation time that calls of other tests have left."""
    monkeypatch.setattr("verification.vendor_accounts.pacing.slots._lead", slots_module._Lead())


@pytest.fixture
def configured(db: None, settings: Any) -> Configure:
    """Sets up accounts by name and rate; returns the first one's row."""

    def configure(*, daily_budget: int = 0, **rates: int) -> VendorAccount:
        default = settings.FACEID_ACCOUNTS["default"]
        settings.FACEID_ACCOUNTS = {
            name: {**default, "rate": rate, "daily_budget": daily_budget} for name, rate in rates.items()
        }
        return pacing.accounts()[0]

    return configure


def slots(count: int, *, now: datetime = NOW) -> list[pacing.Slot]:
    answers = [pacing.reserve(now=now) for _ in range(count)]
    return [answer for answer in answers if isinstance(answer, pacing.Slot)]


def most_in_a_second(times: list[datetime]) -> int:
    return max(sum(start <= other < start + timedelta(seconds=1) for other in times) for start in times)


def paused(account: VendorAccount, *, at: datetime = NOW) -> VendorAccount:
    pacing.pause(account, reason="UnauthorizedOperation.Arrears", called_at=LONG_AGO, now=at)
    account.refresh_from_db()
    return account


def test_no_second_ever_holds_more_slots_than_the_rate(configured: Configure) -> None:
    configured(default=20)
    taken = [slot.at for slot in slots(38)]
    assert len(taken) == 38
    assert most_in_a_second(taken) == 20


def test_a_slot_leaves_time_to_prepare_the_call(configured: Configure) -> None:
    configured(default=20)
    assert slots(1)[0].at == NOW + timedelta(seconds=0.04)


class Watch:
    """A clock that the test sets, and that `sleep` moves forward."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def watch(monkeypatch: Any) -> Watch:
    shown = Watch(NOW)

    def sleep(seconds: float) -> None:
        shown.at += timedelta(seconds=seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    return shown


def prepared(turn: pacing.Turn, watch: Watch, *, seconds: float) -> pacing.Turn:
    """Lets the turn open its connection, which takes `seconds`; returns the turn."""
    turn.wait_to_prepare()
    watch.at += timedelta(seconds=seconds)
    return turn


def first_turn(watch: Watch) -> pacing.Turn:
    (slot,) = slots(1, now=watch.at)
    return pacing.Turn(slot, clock=watch)


def test_a_call_leaves_in_its_slot(configured: Configure, watch: Watch) -> None:
    configured(default=20)
    turn = first_turn(watch)
    assert prepared(turn, watch, seconds=0.01).wait_to_send()
    assert watch.at == turn.slot.at == NOW + timedelta(seconds=0.04)


def test_a_call_may_leave_a_little_late(configured: Configure, watch: Watch) -> None:
    configured(default=20)
    turn = first_turn(watch)
    reserved = turn.slot
    assert prepared(turn, watch, seconds=0.05).wait_to_send()
    assert turn.slot is reserved


def test_a_call_that_is_late_takes_another_slot(configured: Configure, watch: Watch) -> None:
    account = configured(default=20)
    turn = first_turn(watch)
    reserved = turn.slot
    assert prepared(turn, watch, seconds=0.051).wait_to_send()
    assert turn.slot.at > reserved.at
    assert watch.at == turn.slot.at
    account.refresh_from_db()
    assert account.spent == 1


def test_a_call_that_is_late_time_and_again_is_not_made(
    configured: Configure, watch: Watch, monkeypatch: Any
) -> None:
    configured(default=20)
    turn = prepared(first_turn(watch), watch, seconds=0)

    def oversleep(seconds: float) -> None:
        watch.at += timedelta(seconds=seconds + 0.5)

    monkeypatch.setattr(time, "sleep", oversleep)
    assert not turn.wait_to_send()


def test_a_call_that_is_late_when_all_is_booked_is_not_made(configured: Configure, watch: Watch) -> None:
    configured(default=20)
    turn = prepared(first_turn(watch), watch, seconds=0.3)
    slots(100, now=watch.at)
    assert not turn.wait_to_send()


def test_a_vendor_that_is_far_away_is_connected_to_earlier(configured: Configure, watch: Watch) -> None:
    configured(default=20)
    assert prepared(first_turn(watch), watch, seconds=0.3).wait_to_send()
    watch.at = NOW + timedelta(minutes=1)
    assert first_turn(watch).slot.at == watch.at + timedelta(seconds=0.32)


def test_a_vendor_that_is_very_slow_to_connect_to_is_called_all_the_same(
    configured: Configure, watch: Watch
) -> None:
    configured(default=20)
    for _ in range(3):
        assert prepared(first_turn(watch), watch, seconds=4).wait_to_send()


def test_one_slow_connection_is_forgotten_in_time(configured: Configure, watch: Watch) -> None:
    configured(default=20)
    for seconds in (5.0, *[0.01] * 100):
        prepared(first_turn(watch), watch, seconds=seconds).wait_to_send()
    assert first_turn(watch).slot.at <= watch.at + timedelta(seconds=0.06)


def test_a_trial_is_not_missed_for_being_late(configured: Configure, watch: Watch) -> None:
    account = paused(configured(default=20), at=LONG_AGO)
    pacing.allow_trial(account, now=NOW)
    assert prepared(first_turn(watch), watch, seconds=3).wait_to_send()


def test_a_slot_is_void_once_the_account_is_paused(configured: Configure) -> None:
    account = configured(default=20)
    (slot,) = slots(1)
    assert pacing.still_open(slot)
    paused(account)
    assert not pacing.still_open(slot)


def test_a_row_from_a_clock_that_was_wrong_stops_nobody(configured: Configure) -> None:
    account = configured(default=20)
    VendorAccount.objects.filter(pk=account.pk).update(next_slot_at=NOW + timedelta(hours=1))
    assert slots(1)


def test_nobody_waits_in_line_for_more_than_two_seconds(configured: Configure) -> None:
    configured(default=20)
    assert len(slots(100)) == 39
    assert pacing.reserve(now=NOW) == pacing.must_wait(now=NOW) == pacing.Wait("busy")
    assert pacing.is_open(now=NOW)


def test_an_idle_account_saves_nothing_up(configured: Configure) -> None:
    configured(default=20)
    slots(1, now=LONG_AGO)
    assert [slot.at for slot in slots(2)][1] > NOW + timedelta(milliseconds=90)


def test_a_changed_rate_is_taken_over(configured: Configure) -> None:
    configured(default=20)
    assert configured(default=5).rate == 5


def test_the_rates_of_several_accounts_add_up(configured: Configure) -> None:
    configured(default=20, second=10)
    taken = slots(200)
    assert most_in_a_second([slot.at for slot in taken]) == 30
    of_second = [slot.at for slot in taken if slot.account.name == "second"]
    assert most_in_a_second(of_second) == 10


def test_the_pause_of_one_account_leaves_the_other_calling(configured: Configure) -> None:
    paused(configured(default=20, second=20))
    assert {slot.account.name for slot in slots(50)} == {"second"}


def test_a_row_of_an_account_that_is_not_configured_is_never_called(configured: Configure) -> None:
    VendorAccount.objects.create(name="former", rate=1000)
    configured(default=20)
    assert {slot.account.name for slot in slots(50)} == {"default"}


def test_a_pause_closes_the_account_for_everybody(configured: Configure) -> None:
    paused(configured(default=20))
    assert pacing.reserve(now=NOW + timedelta(days=1)) == pacing.Wait("closed")
    assert not pacing.is_open(now=NOW)


def test_an_account_that_is_not_configured_keeps_nothing_open(configured: Configure) -> None:
    VendorAccount.objects.create(name="former", rate=1000)
    paused(configured(default=20))
    assert not pacing.is_open(now=NOW)


def test_a_failure_during_a_pause_takes_the_trial_back(configured: Configure) -> None:
    account = paused(configured(default=20))
    pacing.allow_trial(account, now=NOW)
    account.refresh_from_db()
    pacing.prolong(account, reason="LimitExceeded", now=NOW)
    assert pacing.reserve(now=NOW) == pacing.Wait("closed")


def test_only_the_first_failure_begins_the_pause(configured: Configure) -> None:
    account = configured(default=20)
    begun = [pacing.pause(account, reason="LimitExceeded", called_at=LONG_AGO, now=NOW) for _ in range(60)]
    account.refresh_from_db()
    assert begun == [True] + [False] * 59
    assert account.failed_probes == 0


def test_a_probe_is_made_by_one_worker_and_only_when_it_is_due(configured: Configure) -> None:
    account = paused(configured(default=20))
    assert not pacing.claim_probe(account, now=NOW)
    due = account.probe_at
    assert pacing.claim_probe(account, now=due)
    assert not pacing.claim_probe(account, now=due)


def test_however_long_the_fault_lasts_the_account_is_tried_again_within_a_minute(
    configured: Configure,
) -> None:
    account = paused(configured(default=20))
    gaps = []
    for minutes in range(1, 7):
        now = NOW + timedelta(minutes=minutes)
        pacing.pause(account, reason="LimitExceeded", called_at=now, now=now)
        account.refresh_from_db()
        gaps.append((account.probe_at - now).total_seconds())
    sweep_and_probe = 10
    assert gaps == [45] * 6
    assert max(gaps) + sweep_and_probe < 60


def test_after_a_good_probe_one_call_is_tried_and_no_more(configured: Configure) -> None:
    account = paused(configured(default=20))
    pacing.allow_trial(account, now=NOW)
    assert len(slots(5)) == 1
    assert pacing.reserve(now=NOW) == pacing.Wait("closed")


def test_a_trial_that_is_answered_ends_the_pause(configured: Configure) -> None:
    account = paused(configured(default=20))
    pacing.allow_trial(account, now=NOW)
    assert pacing.resume(account, called_at=NOW + timedelta(seconds=1))
    assert len(slots(5)) == 5


def test_an_answer_to_a_call_from_before_the_pause_does_not_end_it(configured: Configure) -> None:
    account = paused(configured(default=20))
    assert not pacing.resume(account, called_at=NOW - timedelta(seconds=1))
    assert pacing.paused()


def test_a_trial_that_was_lost_is_followed_by_another_probe(configured: Configure) -> None:
    account = paused(configured(default=20))
    pacing.allow_trial(account, now=NOW)
    assert slots(1)
    account.refresh_from_db()
    assert pacing.claim_probe(account, now=account.probe_at)


def test_a_spent_budget_stops_the_calling_until_the_next_day(configured: Configure) -> None:
    configured(default=20, daily_budget=10)
    assert len(slots(30)) == 10
    assert pacing.reserve(now=NOW) == pacing.Wait("closed")
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    assert not pacing.is_open(now=midnight - timedelta(seconds=1))
    assert len(slots(30, now=midnight)) == 10


def alerts(account: VendorAccount, calls: int, *, now: datetime = NOW) -> list[int]:
    """The alerts after each of so many calls."""
    return [pacing.alert(account, day=now.date()) for _ in range(calls) if slots(1, now=now)]


def test_the_budget_tells_at_half_at_four_fifths_and_at_the_end_once_each(configured: Configure) -> None:
    account = configured(default=20, daily_budget=10)
    assert alerts(account, 10) == [0, 0, 0, 0, 50, 0, 0, 80, 0, 100]


def test_what_is_given_back_and_spent_again_is_told_once(configured: Configure) -> None:
    account = configured(default=20, daily_budget=10)
    assert alerts(account, 5)[-1] == 50
    pacing.give_back(slots(1)[0])
    assert alerts(account, 1) == [0]


def test_every_day_has_its_own_alerts(configured: Configure) -> None:
    account = configured(default=20, daily_budget=2)
    assert alerts(account, 2) == alerts(account, 2, now=NOW + timedelta(days=1)) == [50, 100]


def test_another_budget_has_its_own_alerts(configured: Configure) -> None:
    account = configured(default=20, daily_budget=2)
    alerts(account, 2)
    configured(default=20, daily_budget=4)
    assert alerts(account, 1) == [50]


def test_a_call_that_cost_nothing_goes_back_into_the_budget(configured: Configure) -> None:
    configured(default=20, daily_budget=10)
    pacing.give_back(slots(10)[0])
    assert len(slots(5)) == 1


def test_what_is_given_back_after_midnight_was_spent_the_day_before(configured: Configure) -> None:
    account = configured(default=20, daily_budget=10)
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    (slot,) = slots(1, now=midnight - timedelta(milliseconds=10))
    pacing.give_back(slot)
    account.refresh_from_db()
    assert (account.spent_on, account.spent) == (NOW.date(), 0)


def test_a_host_whose_clock_is_behind_does_not_bring_yesterday_back(configured: Configure) -> None:
    account = configured(default=20, daily_budget=10)
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    slots(1, now=midnight)
    slots(1, now=midnight - timedelta(milliseconds=500))
    account.refresh_from_db()
    assert (account.spent_on, account.spent) == (midnight.date(), 2)


def test_a_budget_of_zero_is_no_limit(configured: Configure) -> None:
    configured(default=1000)
    assert len(slots(500)) == 500
