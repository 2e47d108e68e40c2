"""The simulator: the effect of another threshold, or other four-eyes rules, on past cases."""

from collections import Counter
from decimal import Decimal

import pytest

from verification.counts.vendor import Passes
from verification.models import Policy
from verification.review.dashboard.simulation import (
    APPROVED,
    ASKED_AGAIN,
    DECLINED,
    OPEN,
    Moved,
    share_of,
    simulate,
    taking_two,
)
from verification.rules.four_eyes import Approval, Terms

EIGHTY = Decimal(80)


def passes(similarity: str, count: int = 1, *, decision: str = OPEN, held: bool = False) -> Passes:
    return Passes(Decimal(similarity), held, decision, count)


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
    history = [passes("74.2", 5, decision=APPROVED), passes("80", 3), passes("99", 9)]
    found = simulate(history, EIGHTY, EIGHTY)
    assert (found.by_itself, found.to_review) == (12, 5)
    assert found.more_by_itself.count == found.more_to_review.count == 0


def test_a_lower_threshold_frees_whom_people_had_judged() -> None:
    history = [
        passes("74.99", 50, decision=DECLINED),
        passes("75", 30, decision=APPROVED),
        passes("79.99", 3, decision=APPROVED),
        passes("77", 3, decision=DECLINED),
        passes("76", 2, decision=ASKED_AGAIN),
        passes("78", 1),
        passes("91", 100),
    ]
    found = simulate(history, Decimal(75), EIGHTY)
    assert found.more_by_itself == Moved(approved=33, declined=3, asked_again=2, open=1)
    assert found.more_by_itself.count == 39
    assert found.more_to_review.count == 0
    assert (found.by_itself, found.to_review) == (139, 50)


def test_a_higher_threshold_sends_to_people_what_none_had_seen() -> None:
    history = [passes("80", 7), passes("84.99", 4, decision=DECLINED), passes("85", 20), passes("74", 2)]
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


def approval(
    outcome: str = "passed", *, flagged: bool = False, shared: bool = False, similarity: str = ""
) -> Approval:
    return Approval(outcome, Decimal(similarity) if similarity else None, flagged, shared)


PAST = Counter(
    [
        approval("low_similarity"),
        approval("low_similarity", flagged=True, similarity="60"),
        approval("passed", similarity="12"),
        approval("passed", flagged=True, similarity="88"),
        approval("passed", similarity="74.99"),
        approval("passed", similarity="75"),
        approval("passed", similarity="75"),
    ]
)


def terms(*, override: bool = False, flags: bool = False, below: str = "") -> Terms:
    limit = Decimal(below) if below else None
    return Policy(second_for_override=override, second_for_flags=flags, second_below=limit)


@pytest.mark.parametrize(
    ("asking", "two"),
    [
        (terms(), 0),
        (terms(override=True), 3),
        (terms(flags=True), 2),
        (terms(override=True, flags=True), 4),
        (terms(below="75"), 3),
        (terms(override=True, flags=True, below="100"), 7),
    ],
)
def test_approvals_that_take_two_are_counted_once_however_many_rules_ask(asking: Terms, two: int) -> None:
    assert taking_two(PAST, asking) == two


@pytest.mark.parametrize(
    ("given", "against"),
    [
        (approval("low_similarity", similarity="60"), True),
        (approval("passed", similarity="69.99"), True),
        (approval("passed"), True),
        (approval(""), True),
        (approval("passed", similarity="70"), False),
    ],
)
def test_a_pass_that_its_own_score_contradicts_is_no_pass(given: Approval, against: bool) -> None:
    assert given.is_override is against


@pytest.mark.parametrize(
    ("count", "per_cent", "about"), [(412, "5", 21), (10, "5", 1), (0, "50", 0), (7, "0", 0)]
)
def test_a_share_is_told_to_the_nearest_whole(count: int, per_cent: str, about: int) -> None:
    assert share_of(count, Decimal(per_cent)) == about
