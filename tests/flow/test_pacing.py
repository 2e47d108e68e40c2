"""Pacing of vendor calls: one row for each account holds rate, pause and budget for all processes."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from tests.conftest import NOW
from tests.flow.races import meanwhile
from tests.unit.pacing.simulation import most_within
from verification.models import VendorAccount
from verification.vendor_accounts import pacing
from verification.vendor_accounts.pacing import gate as gate_module
from verification.vendor_accounts.pacing import shares as shares_module
from verification.vendor_accounts.pacing import slots as slots_module
from verification.vendor_accounts.pacing.accounts import known_accounts
from verification.vendor_accounts.pacing.gate import Gate, gate_of
from verification.vendor_accounts.pacing.permits import HOLD

LONG_AGO = NOW - timedelta(hours=1)
Configure = Callable[..., VendorAccount]


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


def test_the_first_slot_is_at_once_and_the_next_ones_follow_evenly(configured: Configure) -> None:
    configured(default=20)
    taken = [slot.at for slot in slots(3)]
    gap = timedelta(seconds=slots_module.GAP_MARGIN / 20)
    assert taken == [NOW, NOW + gap, NOW + 2 * gap]


def test_a_slot_is_booked_after_those_that_another_process_booked_meanwhile(configured: Configure) -> None:
    account = configured(default=20)
    slots(1)
    booked = NOW + timedelta(seconds=1)
    VendorAccount.objects.filter(pk=account.pk).update(next_slot_at=booked)
    assert [slot.at for slot in slots(1)] == [booked]


def test_what_another_process_paused_or_spent_is_noticed(configured: Configure) -> None:
    account = configured(default=20, daily_budget=10)
    slots(1)
    VendorAccount.objects.filter(pk=account.pk).update(next_slot_at=NOW, spent=10)
    assert pacing.reserve(now=NOW) == pacing.Wait("closed")


def test_an_account_that_another_process_resumed_is_called_again(configured: Configure) -> None:
    account = paused(configured(default=20))
    assert pacing.reserve(now=NOW) == pacing.Wait("closed")
    pacing.resume(account, called_at=NOW + timedelta(seconds=1))
    assert len(slots(1)) == 1


def test_a_row_that_a_caller_reads_again_does_not_change_under_other_threads(configured: Configure) -> None:
    account = configured(default=20)
    (slot,) = slots(1)
    VendorAccount.objects.filter(pk=account.pk).update(slowdown=1)
    slot.account.refresh_from_db()
    assert [row.slowdown for row in known_accounts()] == [0]


def waiting(gate: Gate, count: int) -> Gate:
    """So many calls of the process wait in its line."""
    for _ in range(count):
        gate.enter()
    return gate


def held(gate: Gate) -> int:
    return len(gate._membership.permits)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "PATIENCE", 0.3)


@pytest.fixture
def turn(configured: Configure) -> pacing.Turn:
    configured(default=20)
    return pacing.Turn(slots(1)[0])


def test_a_call_leaves_in_its_slot(configured: Configure) -> None:
    configured(default=20)
    with pacing.Turn(slots(5)[-1]) as turn:
        turn.wait_to_prepare()
        assert time.monotonic() < turn.slot.due
        assert turn.wait_to_send()
        assert turn.slot.due <= time.monotonic()


def test_a_call_that_is_late_leaves_all_the_same(turn: pacing.Turn) -> None:
    with turn:
        turn.wait_to_prepare()
        time.sleep(0.1)
        assert turn.wait_to_send()


def test_a_call_takes_its_permit_with_it_until_it_has_left(turn: pacing.Turn) -> None:
    gate = gate_of("default")
    with turn:
        turn.wait_to_prepare()
        turn.wait_to_send()
        assert gate._membership.permits.busy(time.monotonic() + 60) == 1
        turn.left()
        assert gate.in_line == 0
        left_at = time.monotonic()
    assert gate._membership.permits.busy(left_at + 0.9) == 1
    assert gate._membership.permits.busy(left_at + HOLD) == 0


def test_a_call_that_never_left_gives_its_permit_back_in_the_end(turn: pacing.Turn) -> None:
    gate = gate_of("default")
    with suppress(ZeroDivisionError), turn:
        turn.wait_to_prepare()
        turn.wait_to_send()
        raise ZeroDivisionError
    assert gate._membership.permits.busy(time.monotonic() + HOLD) == 0
    assert gate.in_line == 0


def test_a_call_that_has_left_gives_back_one_permit_and_no_more(turn: pacing.Turn) -> None:
    with turn:
        turn.wait_to_prepare()
        turn.wait_to_send()
        turn.left()
        turn.left()
    assert gate_of("default").in_line == 0


def test_connections_that_hang_do_not_stop_the_line(
    configured: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(default=20)
    monkeypatch.setattr(gate_module._Lead, "MAX_TIME", 0.1)
    with ExitStack() as hanging:
        for slot in slots(20):
            hanging.enter_context(pacing.Turn(slot)).wait_to_prepare()


def test_of_two_accounts_the_one_with_a_permit_is_called_first(configured: Configure) -> None:
    configured(default=20, second=20)
    waiting(Gate("default"), 60).settle()  # another process has all but one of them
    waiting(gate_of("default"), 5).settle()
    waiting(gate_of("second"), 5).settle()
    VendorAccount.objects.filter(name="second").update(next_slot_at=NOW + timedelta(milliseconds=50))
    assert {slot.account.name for slot in slots(3)} == {"second"}


@pytest.mark.usefixtures("impatient")
def test_without_a_permit_nothing_is_sent(turn: pacing.Turn) -> None:
    waiting(Gate("default"), 60).settle()  # another process has them all
    with turn:
        turn.wait_to_prepare()
        assert not turn.wait_to_send()
    assert gate_of("default").in_line == 0


@pytest.mark.usefixtures("impatient")
def test_without_a_database_nothing_is_sent(turn: pacing.Turn) -> None:
    def away(execute: Any, sql: str, *rest: Any) -> Any:
        raise OperationalError

    with turn:
        turn.wait_to_prepare()
        with connection.execute_wrapper(away):
            assert not turn.wait_to_send()


@pytest.mark.usefixtures("impatient")
def test_a_call_behind_others_that_do_not_leave_gives_up(configured: Configure) -> None:
    configured(default=20)
    with ExitStack() as line:
        *first, last = (line.enter_context(pacing.Turn(slot)) for slot in slots(gate_module.READY + 1))
        for turn in first:
            turn.wait_to_prepare()
        with pytest.raises(pacing.Missed):
            last.wait_to_prepare()
    assert gate_of("default").in_line == 0


def test_a_process_with_a_full_line_takes_no_more_work(configured: Configure) -> None:
    configured(default=20)
    assert not pacing.line_is_full()
    waiting(gate_of("default"), 41)
    assert pacing.line_is_full()
    assert pacing.reserve(now=NOW) == pacing.Wait("busy")


def test_two_processes_share_the_permits(configured: Configure) -> None:
    configured(default=20)
    first, second = waiting(Gate("default"), 60), waiting(Gate("default"), 60)
    for gate in (first, second, first, second):
        gate.settle()
    assert (held(first), held(second)) == (10, 10)


def test_a_share_is_written_only_if_nobody_else_wrote_meanwhile(
    configured: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(default=20)
    first, second = waiting(Gate("default"), 60), waiting(Gate("default"), 60)
    meanwhile(monkeypatch, gate_module, "_write", second.settle)
    first.settle()
    assert (held(first), held(second)) == (0, 20)


def test_while_a_thread_settles_another_one_does_not(
    configured: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take what is given or gained at this moment for something that others took or gave."""
    account = configured(default=20)
    gate = waiting(Gate("default"), 60)
    meanwhile(monkeypatch, gate_module, "_write", gate.settle)
    gate.settle()
    account.refresh_from_db()
    assert (held(gate), account.shares_version) == (20, 1)


def test_a_slowed_account_has_fewer_permits_and_each_is_held_for_longer(configured: Configure) -> None:
    account = configured(default=20)
    VendorAccount.objects.filter(pk=account.pk).update(slowdown=4)
    gate = waiting(Gate("default"), 60)
    gate.settle()
    assert held(gate) == 2
    assert gate._hold == pytest.approx(HOLD * 2 / 1.25)


def test_permits_that_nobody_needs_are_given_back_by_and_by(
    turn: pacing.Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "HOLD", 0.05)
    with turn:
        turn.wait_to_prepare()
        turn.wait_to_send()
    assert held(gate_of("default")) > 0
    time.sleep(0.1)
    pacing.keep_shares()
    assert held(gate_of("default")) == 0
    assert VendorAccount.objects.get(name="default").shares == {}


def test_a_process_that_has_made_no_call_asks_nothing(
    configured: Configure, django_assert_num_queries: Any
) -> None:
    configured(default=20)
    with django_assert_num_queries(0):
        pacing.keep_shares()


def test_whatever_the_threads_do_no_second_holds_more_than_the_rate(
    configured: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(default=50)
    # Only this thread can ask the database, so nobody renews the share.
    monkeypatch.setattr(shares_module, "RENEWED_WITHIN", 60.0)
    gate, left = waiting(Gate("default"), 90), []
    gate.settle()
    chance = random.Random(1)
    starts = time.monotonic()
    calls = [(starts + chance.uniform(0.0, 0.5), chance.uniform(0.0, 0.05)) for _ in range(90)]

    def call(due: float, held_up: float) -> None:
        assert gate.take_permit(due)
        time.sleep(held_up)
        left.append(time.monotonic())
        gate.leave(prepared_at=None, took=True)

    with ThreadPoolExecutor(30) as threads:
        list(threads.map(lambda planned: call(*planned), sorted(calls)))
    assert len(left) == 90
    assert most_within(1.0, left) <= 50


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
    assert len(slots(100)) == 40
    assert pacing.reserve(now=NOW) == pacing.Wait("busy")
    assert pacing.is_open(now=NOW)


def test_an_idle_account_saves_nothing_up(configured: Configure) -> None:
    configured(default=20)
    slots(1, now=LONG_AGO)
    assert [slot.at for slot in slots(2)][1] > NOW + timedelta(milliseconds=50)


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
