"""When the vendor may be called: one row an account holds pace, pause and budget for everybody."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import NOW
from verification import pacing
from verification.models import VendorAccount
from verification.pacing import slots as slots_module

LONG_AGO = NOW - timedelta(hours=1)
Configure = Callable[..., VendorAccount]


@pytest.fixture(autouse=True)
def _fresh_lead(monkeypatch: Any) -> None:
    """What other tests' calls took to prepare is forgotten."""
    monkeypatch.setattr("verification.pacing.slots._lead", slots_module._Lead())


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


def test_a_vendor_that_is_far_away_is_connected_to_earlier(configured: Configure) -> None:
    configured(default=20)
    (slot,) = slots(1)
    pacing.wait_to_send(slot, prepared_since=NOW - timedelta(seconds=0.3), clock=lambda: NOW)
    (later,) = slots(1, now=NOW + timedelta(minutes=1))
    assert later.at == NOW + timedelta(minutes=1, seconds=0.32)


def test_one_slow_connection_is_forgotten_in_time(configured: Configure) -> None:
    configured(default=20)
    (slot,) = slots(1)
    for seconds in (5.0, *[0.01] * 100):
        pacing.wait_to_send(slot, prepared_since=slot.at - timedelta(seconds=seconds), clock=lambda: slot.at)
    (later,) = slots(1, now=NOW + timedelta(minutes=1))
    assert later.at == NOW + timedelta(minutes=1, seconds=0.04)


def test_nobody_waits_in_line_for_more_than_two_seconds(configured: Configure) -> None:
    configured(default=20)
    assert len(slots(100)) == 39
    assert pacing.reserve(now=NOW) == pacing.room(now=NOW) == pacing.Wait("busy")
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


def test_probes_grow_rarer_the_longer_the_fault_lasts(configured: Configure) -> None:
    account = paused(configured(default=20))
    gaps = []
    for minutes in range(1, 7):
        now = NOW + timedelta(minutes=minutes)
        pacing.pause(account, reason="LimitExceeded", called_at=now, now=now)
        account.refresh_from_db()
        gaps.append((account.probe_at - now).total_seconds())
    assert gaps == [60, 120, 240, 300, 300, 300]


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


def test_the_budget_tells_at_half_at_four_fifths_and_at_the_end_once_each(configured: Configure) -> None:
    account = configured(default=20, daily_budget=10)
    alerts = []
    for _ in range(5):
        alerts += [slot.alert for slot in slots(2)]
        pacing.give_back(account, NOW)
    assert sorted(filter(None, alerts)) == [50]
    alerts = [slot.alert for slot in slots(30)]
    assert list(filter(None, alerts)) == [80, 100]


def test_every_day_has_its_own_alerts(configured: Configure) -> None:
    configured(default=20, daily_budget=2)
    assert [slot.alert for slot in slots(2)] == [50, 100]
    assert [slot.alert for slot in slots(2, now=NOW + timedelta(days=1))] == [50, 100]


def test_a_call_that_cost_nothing_goes_back_into_the_budget(configured: Configure) -> None:
    account = configured(default=20, daily_budget=10)
    slots(10)
    pacing.give_back(account, NOW)
    assert len(slots(5)) == 1


def test_a_budget_of_zero_is_no_limit(configured: Configure) -> None:
    configured(default=1000)
    assert len(slots(500)) == 500


def test_a_slot_that_was_slept_through_is_missed(configured: Configure) -> None:
    configured(default=20)
    (slot,) = slots(1)
    assert not pacing.missed(slot, now=slot.at + timedelta(milliseconds=13))
    assert pacing.missed(slot, now=slot.at + timedelta(milliseconds=14))
