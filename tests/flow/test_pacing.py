"""When the vendor may be called: one row holds the pace and the pause for everybody."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests.conftest import NOW
from verification import pacing
from verification.models import VendorAccount


@pytest.fixture
def account(db: None, settings: Any) -> VendorAccount:
    settings.FACEID_RATE = 20
    return pacing.account()


def test_no_second_ever_holds_more_slots_than_the_rate(account: VendorAccount) -> None:
    slots = [pacing.reserve(account, now=NOW) for _ in range(38)]
    taken = [slot for slot in slots if not isinstance(slot, pacing.Wait)]
    assert max(sum(slot <= other < slot + timedelta(seconds=1) for other in taken) for slot in taken) <= 20


def test_nobody_waits_in_line_for_more_than_two_seconds(account: VendorAccount) -> None:
    answers = [pacing.reserve(account, now=NOW) for _ in range(60)]
    waits = [answer for answer in answers if isinstance(answer, pacing.Wait)]
    assert waits
    assert all(wait.seconds > 2 for wait in waits)


def test_an_idle_account_is_called_at_once(account: VendorAccount) -> None:
    pacing.reserve(account, now=NOW - timedelta(hours=1))
    assert pacing.reserve(account, now=NOW) == NOW


def test_a_pause_stops_everybody_until_it_is_over(account: VendorAccount) -> None:
    pacing.pause(account, reason="UnauthorizedOperation.Arrears", until=NOW + timedelta(minutes=1))
    assert pacing.reserve(account, now=NOW) == pacing.Wait(60.0)
    later = NOW + timedelta(minutes=1)
    assert pacing.reserve(account, now=later) == later


def test_a_changed_rate_is_taken_over(account: VendorAccount, settings: Any) -> None:
    settings.FACEID_RATE = 5
    assert pacing.account().rate == 5


def test_a_slot_that_was_slept_through_is_given_up(account: VendorAccount, monkeypatch: Any) -> None:
    naps: list[float] = []
    with time_machine.travel(NOW, tick=False) as clock:

        def nap(seconds: float) -> None:
            clock.shift(seconds if naps else seconds + 0.1)
            naps.append(seconds)

        monkeypatch.setattr(pacing.time, "sleep", nap)
        assert pacing.wait_for_slot(account) is None
    assert len(naps) == 2
