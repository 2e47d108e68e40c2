"""The simulator: what another threshold, or other rules for a second person, would have done with the past."""

from decimal import Decimal

import pytest

from verification.review.simulation import (
    APPROVED,
    ASKED_AGAIN,
    DECLINED,
    OPEN,
    Approvals,
    Moved,
    Passes,
    SecondRules,
    share_of,
    simulate,
    taking_two,
)

EIGHTY = Decimal(80)


def passes(similarity: str, count: int = 1, *, word: str = OPEN, held: bool = False) -> Passes:
    return Passes(Decimal(similarity), held, word, count)


@pytest.mark.parametrize(
    ("similarity", "alone"), [("79.99", 0), ("80", 1), ("80.00", 1), ("80.01", 1), ("100", 1)]
)
def test_a_score_passes_by_itself_from_the_threshold_on(similarity: str, alone: int) -> None:
    found = simulate([passes(similarity)], EIGHTY, EIGHTY)
    assert (found.by_itself, found.to_review) == (alone, 1 - alone)


def test_without_a_history_nothing_moves() -> None:
    found = simulate([], Decimal(75), EIGHTY)
    assert (found.by_itself, found.to_review) == (0, 0)
    assert found.more_by_itself == found.more_to_review == Moved()


def test_the_threshold_in_force_moves_nobody() -> None:
    history = [passes("74.2", 5, word=APPROVED), passes("80", 3), passes("99", 9)]
    found = simulate(history, EIGHTY, EIGHTY)
    assert (found.by_itself, found.to_review) == (12, 5)
    assert found.more_by_itself.count == found.more_to_review.count == 0


def test_a_lower_threshold_frees_whom_people_had_judged() -> None:
    history = [
        passes("74.99", 50, word=DECLINED),
        passes("75", 30, word=APPROVED),
        passes("79.99", 3, word=APPROVED),
        passes("77", 3, word=DECLINED),
        passes("76", 2, word=ASKED_AGAIN),
        passes("78", 1),
        passes("91", 100),
    ]
    found = simulate(history, Decimal(75), EIGHTY)
    assert found.more_by_itself == Moved(approved=33, declined=3, asked_again=2, open=1)
    assert found.more_by_itself.count == 39
    assert found.more_to_review.count == 0
    assert (found.by_itself, found.to_review) == (139, 50)


def test_a_higher_threshold_sends_to_people_what_none_had_seen() -> None:
    history = [passes("80", 7), passes("84.99", 4, word=DECLINED), passes("85", 20), passes("74", 2)]
    found = simulate(history, Decimal(85), EIGHTY)
    assert found.more_to_review == Moved(declined=4, open=7)
    assert (found.by_itself, found.to_review) == (20, 13)


@pytest.mark.parametrize("threshold", ["70", "80", "90"])
def test_what_was_odd_goes_to_a_person_at_any_threshold(threshold: str) -> None:
    found = simulate([passes("85", 4, held=True), passes("75", 2, held=True)], Decimal(threshold), EIGHTY)
    assert (found.by_itself, found.to_review) == (0, 6)
    assert found.more_by_itself.count == found.more_to_review.count == 0


@pytest.mark.parametrize(
    ("threshold", "below"), [("70", True), ("79.99", True), ("80", False), ("95", False)]
)
def test_a_threshold_below_eighty_is_less_than_the_standard_asks(threshold: str, below: bool) -> None:
    assert simulate([], Decimal(threshold), EIGHTY).below_nist is below


def approvals(*, override: bool = False, flagged: bool = False, similarity: str = "") -> Approvals:
    return Approvals(override, flagged, Decimal(similarity) if similarity else None, 1)


PAST = [
    approvals(override=True),
    approvals(override=True, flagged=True, similarity="60"),
    approvals(flagged=True, similarity="88"),
    approvals(similarity="74.99"),
    approvals(similarity="75"),
]


@pytest.mark.parametrize(
    ("rules", "two"),
    [
        (SecondRules(False, False, None), 0),
        (SecondRules(True, False, None), 2),
        (SecondRules(False, True, None), 2),
        (SecondRules(True, True, None), 3),
        (SecondRules(False, False, Decimal(75)), 2),
        (SecondRules(True, True, Decimal(100)), 5),
    ],
)
def test_approvals_that_take_two_are_counted_once_however_many_rules_ask(
    rules: SecondRules, two: int
) -> None:
    assert taking_two(PAST, rules) == two


@pytest.mark.parametrize(
    ("count", "per_cent", "about"), [(412, "5", 21), (10, "5", 1), (0, "50", 0), (7, "0", 0)]
)
def test_a_share_is_told_to_the_nearest_whole(count: int, per_cent: str, about: int) -> None:
    assert share_of(count, Decimal(per_cent)) == about
