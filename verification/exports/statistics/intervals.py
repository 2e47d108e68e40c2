"""Shares, their differences and the agreement of two, each with its 95 % confidence interval. Pure numbers.

- Wilson's score interval without continuity correction for one share: method 3 of R. G. Newcombe, Statistics in
  Medicine 17 (1998) 857-872.
- Newcombe's hybrid score interval for the difference of two independent shares: method 10 of R. G. Newcombe,
  Statistics in Medicine 17 (1998) 873-890.
- Cohen's kappa with the large-sample standard error of J. L. Fleiss, J. Cohen and B. S. Everitt, Psychological
  Bulletin 72 (1969) 323-327.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose, sqrt

LEVEL = 95  # per cent
_Z = 1.959963984540054  # the normal distribution's 97.5th percentile


@dataclass(frozen=True)
class Interval:
    """An estimate, and the two ends of its interval."""

    value: float
    low: float
    high: float


def wilson(part: int, whole: int) -> Interval | None:
    """The share of `part` in `whole`; None of nothing."""
    if whole <= 0:
        return None
    share, square = part / whole, _Z * _Z
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = _Z * sqrt(share * (1 - share) / whole + square / (4 * whole * whole)) / (1 + square / whole)
    # At the edges the formula gives 0 and 1 but for the last digit.
    low = 0.0 if part == 0 else middle - half
    high = 1.0 if part == whole else middle + half
    return Interval(share, low, high)


def difference(part: int, whole: int, other_part: int, other_whole: int) -> Interval | None:
    """The first share less the other one; None if one of them is of nothing."""
    one, other = wilson(part, whole), wilson(other_part, other_whole)
    if one is None or other is None:
        return None
    value = one.value - other.value
    down = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    up = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Interval(value, value - down, value + up)


def kappa(table: Sequence[Sequence[int]]) -> Interval | None:
    """Agreement beyond chance. `table[i][j]`: how often the one said `i` and the other `j`.

    None if nothing was judged, or if one of them always said the same: then it is 0 or undefined whatever the other
    said, and tells nothing.
    """
    whole = sum(map(sum, table))
    if not whole:
        return None
    size = range(len(table))
    cell = [[count / whole for count in row] for row in table]
    first = [sum(cell[i]) for i in size]
    second = [sum(cell[i][j] for i in size) for j in size]
    agreed, by_chance = sum(cell[i][i] for i in size), sum(first[i] * second[i] for i in size)
    rest = 1 - by_chance
    if any(isclose(share, 1) for share in (*first, *second)):
        return None
    found = (agreed - by_chance) / rest
    on = sum(cell[i][i] * (1 - (first[i] + second[i]) * (1 - found)) ** 2 for i in size)
    off = sum(cell[i][j] * (second[i] + first[j]) ** 2 for i in size for j in size if i != j)
    variance = on + (1 - found) ** 2 * off - (found - by_chance * (1 - found)) ** 2
    half = _Z * sqrt(max(variance, 0.0) / whole) / rest
    return Interval(found, max(found - half, -1.0), min(found + half, 1.0))
