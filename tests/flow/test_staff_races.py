"""Two requests at once do not get past what one after the other is refused or counted."""

import pytest

from tests.services import report_of


@pytest.fixture(scope="module")
def races():
    return report_of("tests.flow.staff_races")


def test_who_comes_to_know_both_halves_at_once_stands_for_the_account(races):
    assert races["alone"] == [{"refused": "", "person": "olga"}] * 2


def test_one_of_two_gets_one_half_at_once(races):
    own = [{"refused": "OwnProposal", "person": name} for name in ("paul", "pete")]
    assert races["two"] == own
