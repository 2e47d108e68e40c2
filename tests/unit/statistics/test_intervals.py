"""Intervals against the values that their authors published, and what holds for all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.exports.statistics.intervals import Interval, difference, kappa, wilson


def ends(interval: Interval) -> tuple[float, float]:
    return round(interval.low, 4), round(interval.high, 4)


# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_a_share_has_the_interval_that_newcombe_lists(part: int, whole: int, low: float, high: float) -> None:
    assert ends(wilson(part, whole)) == (low, high)


# Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_a_difference_has_the_interval_that_newcombe_lists(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    assert ends(difference(*counts)) == (low, high)


def test_kappa_is_the_one_of_the_two_pathologists() -> None:
    # Agresti, Categorical Data Analysis (2nd edition, 2002), section 10.5: kappa 0.493, standard error 0.057.
    found = kappa([[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]])
    assert round(found.value, 3) == 0.493
    assert round((found.high - found.low) / 2 / 1.96, 3) == 0.057


def test_kappa_of_the_grant_proposals() -> None:
    # 50 proposals, two readers: yes and yes 20, yes and no 5, no and yes 10, no and no 15. Observed 0.7, chance 0.5.
    assert kappa([[20, 5], [10, 15]]).value == pytest.approx(0.4)


def test_nothing_has_no_share_and_no_agreement() -> None:
    assert wilson(0, 0) is None
    assert difference(1, 2, 0, 0) is None
    assert kappa([[0, 0], [0, 0]]) is None


def test_there_is_no_kappa_with_one_who_always_says_the_same() -> None:
    assert kappa([[30, 0], [0, 0]]) is None
    assert kappa([[30, 4], [0, 0]]) is None
    assert kappa([[30, 0], [0, 4]]).value == 1.0


WHOLES = st.integers(1, 5000)


@given(WHOLES.flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_a_share_lies_in_its_interval_and_the_interval_in_0_to_1(counts: tuple[int, int]) -> None:
    found = wilson(*counts)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(st.lists(st.integers(0, 60), min_size=4, max_size=4))
def test_agreement_does_not_depend_on_who_is_named_first(cells: list[int]) -> None:
    a, b, c, d = cells
    one, other = kappa([[a, b], [c, d]]), kappa([[a, c], [b, d]])
    assert (one is None) == (other is None)
    if one is not None:
        assert one.value == pytest.approx(other.value)
        assert -1 <= one.low <= one.value <= one.high <= 1
