"""Small counts by group are withheld, and can't be worked out from what is told."""

from hypothesis import given
from hypothesis import strategies as st

from verification.exports.statistics.withholding import SMALLEST, Withheld, withheld


def test_large_counts_and_none_at_all_are_told() -> None:
    assert withheld({"phone": (90, 10), "tablet": (0, 0), "computer": (40, 0)}) == Withheld(
        frozenset(), frozenset(), False, False
    )


def test_a_small_count_takes_the_next_smallest_row_with_it() -> None:
    found = withheld({"phone": (900, 100), "tablet": (41, 9), "computer": (80, 20)})
    assert found.parts == {"tablet", "computer"}
    assert found.sizes == frozenset()
    assert not found.total_parts


def test_a_small_group_has_no_size_and_neither_has_the_next() -> None:
    found = withheld({"phone": (900, 100), "tablet": (3, 1), "computer": (80, 20)})
    assert found.sizes == {"tablet", "computer"}


def test_two_small_groups_that_are_small_together_take_a_third() -> None:
    found = withheld({"phone": (900, 100), "tablet": (2, 1), "computer": (80, 20), "other": (1, 1)})
    assert found.sizes == {"tablet", "other", "computer"}


def test_a_small_total_is_withheld_with_every_row() -> None:
    found = withheld({"phone": (900, 3), "computer": (80, 4)})
    assert found.total_parts
    assert found.parts == {"phone", "computer"}
    assert not found.total_size


def test_a_size_that_another_table_withholds_is_withheld_here_too() -> None:
    cells = {"phone": (900, 100), "tablet": (50, 50), "computer": (80, 20)}
    assert withheld(cells, frozenset({"tablet"})).sizes == {"tablet", "computer"}


TABLES = st.integers(2, 3).flatmap(
    lambda parts: st.dictionaries(
        st.sampled_from("abcdef"),
        st.tuples(*[st.one_of(st.integers(0, 12), st.integers(0, 300))] * parts),
        min_size=1,
        max_size=6,
    )
)


@given(TABLES)
def test_no_small_count_can_be_worked_out(cells: dict[str, tuple[int, ...]]) -> None:
    """Fréchet's bounds on each withheld count, from sizes, totals and the rows that are told, lie far apart."""
    found = withheld(cells)
    if found.total_parts:
        return
    hidden = [cells[group] for group in found.parts]
    columns = [sum(column) for column in zip(*hidden, strict=True)] if hidden else []
    unsized = sum(sum(cells[group]) for group in found.sizes)
    for group, parts in cells.items():
        for column, count in enumerate(parts):
            if not 0 < count < SMALLEST:
                continue
            assert group in found.parts
            known = sum(columns)
            size = unsized if group in found.sizes else sum(parts)
            least = 0 if group in found.sizes else max(0, size + columns[column] - known)
            most = min(size, columns[column])
            assert most - least >= SMALLEST


@given(TABLES)
def test_no_small_size_can_be_worked_out(cells: dict[str, tuple[int, ...]]) -> None:
    found = withheld(cells)
    small = [group for group, parts in cells.items() if 0 < sum(parts) < SMALLEST]
    assert found.sizes.issuperset(small)
    if small and not found.total_size:
        rows = [sum(cells[group]) for group in found.sizes if sum(cells[group])]
        assert len(rows) > 1
        assert sum(rows) >= SMALLEST
