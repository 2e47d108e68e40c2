"""Which counts of a table by group are withheld, so that nobody can be singled out by them.

A count from 1 to 9 is withheld, and with it the row. What the rows and the totals still tell must not give it away: so
at least two rows are withheld, and together they hold at least 10 of everything that they hold at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SMALLEST = 10  # the smallest count of people that is told, other than none

# Of each group the counts of the parts that it falls into: each person is in exactly one.
Cells = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Withheld:
    """Groups of which only the size is told, groups of which not even that is, and whether the total is told."""

    parts: frozenset[str]
    sizes: frozenset[str]
    total_parts: bool
    total_size: bool


def withheld(cells: Cells, also: frozenset[str] = frozenset()) -> Withheld:
    """`also`: groups whose size is withheld anyway, because another table withholds the count that it is."""
    totals = _totals(cells.values())
    sizes = {group: (sum(parts),) for group, parts in cells.items()}
    unsized = _completed(sizes, _small(sizes) | also)
    total_parts = any(map(_is_small, totals))
    parts = frozenset(cells) if total_parts else _completed(cells, _small(cells) | unsized)
    return Withheld(parts, unsized, total_parts, _is_small(sum(totals)))


def _totals(rows: Iterable[tuple[int, ...]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]


def _is_small(count: int) -> bool:
    return 0 < count < SMALLEST


def _small(cells: Cells) -> frozenset[str]:
    return frozenset(group for group, parts in cells.items() if any(map(_is_small, parts)))


def _completed(cells: Cells, hidden: frozenset[str]) -> frozenset[str]:
    """`hidden`, and the smallest further groups that are needed so that the others and the total don't tell it."""
    sizes = {group: sum(parts) for group, parts in cells.items() if group not in hidden}
    waiting = sorted((group for group, size in sizes.items() if size), key=sizes.__getitem__)
    while waiting and _can_be_told(cells, hidden):
        hidden |= {waiting.pop(0)}
    return hidden


def _can_be_told(cells: Cells, hidden: frozenset[str]) -> bool:
    rows = [cells[group] for group in hidden if any(cells.get(group, ()))]
    if not rows:
        return False
    return len(rows) < 2 or any(map(_is_small, _totals(rows)))
