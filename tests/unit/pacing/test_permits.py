"""A process's permits: what it may use, what it gives away, and what it has lost."""

import math

import pytest

from verification.vendor_accounts.pacing.permits import HOLD, Permits


def holding(count: int, free_at: float = 0.0) -> Permits:
    permits = Permits()
    permits.add(count, free_at)
    return permits


def test_without_a_permit_no_call_leaves() -> None:
    permits = Permits()
    assert not permits.take(0.0)
    assert permits.next_at() == math.inf


def test_each_call_takes_one() -> None:
    permits = holding(2)
    assert [permits.take(0.0) for _ in range(3)] == [True, True, False]
    assert len(permits) == 2


def test_a_permit_is_not_used_before_it_is_free() -> None:
    permits = holding(1, free_at=5.0)
    assert not permits.take(4.999)
    assert permits.take(5.0)


def test_a_permit_that_is_given_back_is_free_when_the_call_says_so() -> None:
    permits = holding(1)
    permits.take(0.0)
    permits.give_back(3.0 + HOLD)
    assert permits.next_at() == 3.0 + HOLD
    assert len(permits) == 1


def test_a_call_that_has_not_left_keeps_its_permit_for_ever() -> None:
    permits = holding(1)
    permits.take(0.0)
    assert permits.next_at() == math.inf
    assert permits.busy(1e9) == 1


def test_the_one_that_is_free_soonest_is_used_first() -> None:
    permits = holding(1, free_at=2.0)
    permits.add(1, 1.0)
    assert permits.next_at() == 1.0


def test_busy_are_those_in_use_and_those_that_cool_down() -> None:
    permits = holding(3)
    permits.take(0.0)
    permits.take(0.0)
    permits.give_back(1.0)
    assert [permits.busy(0.5), permits.busy(1.0)] == [2, 1]


def test_a_retired_permit_is_held_and_not_used_again() -> None:
    permits = holding(2)
    permits.retire(1)
    assert [permits.take(0.0), permits.take(0.0)] == [True, False]
    assert len(permits) == 2


def test_fewer_retired_ones_are_used_again() -> None:
    permits = holding(2)
    permits.retire(2)
    permits.retire(0)
    assert permits.take(0.0)


def test_those_in_use_are_not_retired() -> None:
    permits = holding(1)
    permits.take(0.0)
    permits.retire(1)
    permits.give_back(1.0)
    assert permits.next_at() == 1.0


def test_a_retired_one_is_given_away_once_it_has_cooled_down() -> None:
    permits = holding(1, free_at=5.0)
    permits.retire(1)
    assert (permits.remove_retired(4.9), len(permits)) == (0, 1)
    assert (permits.remove_retired(5.0), len(permits)) == (1, 0)


def test_what_was_lost_is_held_no_longer_and_says_when_it_would_have_been_free() -> None:
    permits = holding(1, free_at=1.0)
    permits.add(1, 7.0)
    permits.retire(1)
    assert permits.lose() == 7.0
    assert (len(permits), permits.take(10.0)) == (0, False)


def test_a_call_whose_permit_was_lost_gives_none_back() -> None:
    permits = holding(1)
    permits.take(0.0)
    permits.lose()
    permits.give_back(2.0)
    assert (len(permits), permits.next_at()) == (0, math.inf)


def test_new_permits_cover_calls_that_lost_theirs_first() -> None:
    permits = holding(2)
    permits.take(0.0)
    permits.take(0.0)
    permits.lose()
    permits.add(3, 1.0)
    assert len(permits) == 3
    assert [permits.take(1.0), permits.take(1.0)] == [True, False]
    permits.give_back(5.0)
    permits.give_back(6.0)
    assert permits.next_at() == 5.0


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_calls_with_and_without_a_permit_those_without_end_first(order: tuple[int, int]) -> None:
    """Which call lost its permit is not known, so the later time holds."""
    permits = holding(2)
    permits.take(0.0)
    permits.take(0.0)
    permits.lose()
    permits.add(1, 0.0)
    for number in order:
        permits.give_back(5.0 + number)
    assert permits.next_at() == 5.0 + order[1]
