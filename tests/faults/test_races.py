"""Of processes that compete for the same thing, exactly one gets it."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from tests.faults.runs import Attempts

RATE = 20  # calls in any one second


@pytest.fixture(scope="module")
def races(attempts: Attempts) -> Any:
    return attempts.run("races")


def test_each_attempt_is_claimed_once_by_all_together(races: Any) -> None:
    """200 races of 8 processes for 40 attempts, each after the leases of the last one ran out."""
    won = Counter((number, attempt_id) for run in races["claims"] for number, attempt_id, _ in run)
    assert len(won) == races["rounds"] * len(races["ids"]) == 200
    assert set(won.values()) == {1}


def test_no_two_claims_have_the_same_fence(races: Any) -> None:
    fences = Counter((attempt_id, fence) for run in races["claims"] for _, attempt_id, fence in run)
    assert set(fences.values()) == {1}


def test_every_lease_that_ran_out_is_counted_once(races: Any) -> None:
    assert set(races["lost_leases"].values()) == {races["rounds"] - 1}


def test_no_slot_is_given_away_twice_and_no_second_has_too_many(races: Any) -> None:
    slots = sorted(at for run in races["slots"] for at in run)
    assert all(later > earlier for earlier, later in pairwise(slots))
    assert all(last - first >= 1 for first, last in zip(slots, slots[RATE:], strict=False))


def test_every_process_gets_slots(races: Any) -> None:
    assert all(races["slots"])
    assert sum(map(len, races["slots"])) > RATE * races["seconds"] / 2
