"""Geometry of the charts: turns numbers into positions, which the templates draw as SVG.

Horizontal positions are per cent of the width, so that a chart fits a phone or paper without scaling its text; vertical
ones are pixels. Each series has its own fill (templates/review/dashboard/chart_fills.html), which differs in pattern
and not by colour alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import ceil, floor, log10

HEIGHT = 150  # pixels of the plot area of a column chart
LABELS = 5  # at most, below a column chart
ROW = 40  # pixels of a bar with the label above it
BAR = 20  # pixels from the top of a row to its bar
GAP = 0.16  # between columns, as a share of the column's width
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Box:
    """A filled rectangle: `x` and `width` in per cent, `y` and `height` in pixels."""

    fill: str
    title: str
    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True)
class Tick:
    at: str
    text: str


@dataclass(frozen=True)
class Mark:
    """A vertical line at `at` per cent; its text is to the left of it, at `y` pixels."""

    at: str
    text: str
    y: int


@dataclass(frozen=True)
class Columns:
    """A chart of stacked columns, one for each day or range of scores."""

    boxes: list[Box]
    across: list[Tick]
    upwards: list[Tick]
    marks: list[Mark]
    title: str = ""
    height: int = HEIGHT

    @property
    def whole_height(self) -> int:
        return self.top + self.height + (22 if self.across else 6)

    @property
    def top(self) -> int:
        """Pixels above the plot area for the texts of the marks."""
        return 14 + 15 * len(self.marks)

    is_columns = True


@dataclass(frozen=True)
class Line:
    """One row of a bar chart: label, value as text, and the pieces of its bar."""

    label: str
    value: str
    y: int
    boxes: list[Box]

    @property
    def baseline(self) -> int:
        return self.y + 14

    @property
    def track(self) -> int:
        """The `y` of the bar's background."""
        return self.y + BAR


@dataclass(frozen=True)
class Rows:
    """A chart of horizontal stacked bars, each with its label above."""

    lines: list[Line]
    is_columns = False

    @property
    def whole_height(self) -> int:
        return len(self.lines) * ROW


@dataclass(frozen=True)
class Whisker:
    """One row of a chart of intervals: the estimate at `at`, and a line from `low` to `high`, in per cent."""

    label: str
    value: str
    title: str
    y: int
    low: str
    at: str
    high: str

    @property
    def baseline(self) -> int:
        return self.y + 14

    @property
    def middle(self) -> int:
        return self.y + BAR + 7


@dataclass(frozen=True)
class Intervals:
    """A chart of estimates with their intervals, each with its label above."""

    lines: list[Whisker]
    across: list[Tick]
    title: str = ""
    is_intervals = True

    @property
    def top(self) -> int:
        return len(self.lines) * ROW

    @property
    def whole_height(self) -> int:
        return self.top + 22


@dataclass(frozen=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[str | int]]


@dataclass(frozen=True)
class Figure:
    """A chart with its title, a sentence that says what it shows, its key, and its numbers as a table."""

    anchor: str
    title: str
    says: str
    table: Table
    charts: Sequence[Columns | Rows | Intervals] = ()
    key: Sequence[tuple[str, str]] = field(default_factory=list)
    note: str = ""


def _per_cent(share: float) -> str:
    return f"{100 * share:.2f}%"


def scale(most: float) -> tuple[float, float]:
    """(top, step) of an axis that reaches `most` in at most four equal, round steps."""
    if most <= 0:
        return 1, 1
    unit = 10 ** floor(log10(most / 4)) if most >= 4 else 1
    step = next(unit * factor for factor in STEPS if unit * factor * 4 >= most)
    reached = step
    while reached < most:
        reached += step
    return reached, step


def columns(
    names: Sequence[str],
    series: Mapping[str, Sequence[float]],
    words: Mapping[str, str],
    *,
    title: str = "",
    top: float = 0,
    marks: Sequence[tuple[float, str]] = (),
    labels: Sequence[tuple[float, str]] | None = None,
    height: int = HEIGHT,
) -> Columns:
    """Stacks `series` in their order. `names` has a name for each column, `words` one for each series.

    The axis reaches `top` at least. `marks` and `labels` are at shares (0 to 1) of the width.
    """
    sums = [sum(values) for values in zip(*series.values(), strict=True)]
    highest, step = scale(max([*sums, top]))
    found = Columns([], [], [], [], title, height)
    wide = 1 / max(len(names), 1)
    for number, name in enumerate(names):
        base = 0.0
        for fill, values in series.items():
            if values[number]:
                tall = values[number] / highest * height
                tooltip = f"{name}: {words[fill]} {_number(values[number])}"
                x, width = _per_cent((number + GAP / 2) * wide), _per_cent((1 - GAP) * wide)
                y = f"{height - base - tall:.1f}"
                found.boxes.append(Box(fill, tooltip, x, width, y, f"{tall:.1f}"))
                base += tall
    found.upwards.extend(_upwards(highest, step, height))
    found.across.extend(Tick(_per_cent(at), text) for at, text in _labels(names, wide, labels))
    found.marks.extend(_marks(marks))
    return found


def _upwards(highest: float, step: float, height: int) -> list[Tick]:
    count = round(highest / step)
    return [Tick(f"{height - height * n / count:.1f}", _number(step * n)) for n in range(count + 1)]


def _labels(
    names: Sequence[str], wide: float, labels: Sequence[tuple[float, str]] | None
) -> Sequence[tuple[float, str]]:
    if labels is not None:
        return labels
    every = -(-len(names) // LABELS)
    # Counted from the last column, which is today.
    return [
        ((n + 0.5) * wide, names[n]) for n in range(len(names)) if (len(names) - 1 - n) % max(every, 1) == 0
    ]


def _marks(marks: Sequence[tuple[float, str]]) -> list[Mark]:
    """The text of the leftmost line is lowest, so that no text crosses another line."""
    ordered = sorted(marks)
    return [Mark(_per_cent(at), text, -5 - 15 * number) for number, (at, text) in enumerate(ordered)]


def rows(
    lines: Sequence[tuple[str, Mapping[str, float]]],
    words: Mapping[str, str],
    *,
    shares: bool = False,
    values: Sequence[str] = (),
) -> Rows:
    """Places the pieces of each line side by side, on one scale; with `shares` each line fills the whole width.

    `values` replaces the sum at the end of each line.
    """
    most = max((sum(pieces.values()) for _label, pieces in lines), default=0) or 1
    drawn = []
    for number, (label, pieces) in enumerate(lines):
        whole = (sum(pieces.values()) or 1) if shares else most
        value = values[number] if values else _number(sum(pieces.values()))
        drawn.append(Line(label, value, number * ROW, _pieces(label, pieces, words, whole, number * ROW)))
    return Rows(drawn)


def intervals(lines: Sequence[tuple[str, str, tuple[float, float, float]]], *, title: str = "") -> Intervals:
    """Each line is a label, the value as text, and the low end, the estimate and the high end, from 0 to 1.

    The axis holds all of them and begins and ends at whole tenths: positions are compared, not lengths.
    """
    first, last = _tenths([end for _label, _value, ends in lines for end in ends])
    drawn = []
    for number, (label, value, ends) in enumerate(lines):
        low, at, high = (_per_cent((10 * end - first) / (last - first)) for end in ends)
        drawn.append(Whisker(label, value, f"{label}: {value}", number * ROW, low, at, high))
    return Intervals(drawn, _across(first, last), title)


def _tenths(ends: Sequence[float]) -> tuple[int, int]:
    """The axis of intervals in tenths, at least two of them."""
    first = min(floor(10 * min(ends, default=0)), 8)
    return first, max(ceil(10 * max(ends, default=1)), first + 2)


def _across(first: int, last: int) -> list[Tick]:
    step = 1 if last - first <= 5 else 2
    shown = range(last, first - 1, -step)
    return [Tick(_per_cent((tenth - first) / (last - first)), f"{10 * tenth} %") for tenth in reversed(shown)]


def _pieces(
    label: str, pieces: Mapping[str, float], words: Mapping[str, str], whole: float, y: int
) -> list[Box]:
    starts = [0.0, *accumulate(pieces.values())]
    found = []
    for (fill, value), start in zip(pieces.items(), starts, strict=False):
        if value:
            tooltip = f"{label}: {words[fill]} {_number(value)}"
            found.append(
                Box(fill, tooltip, _per_cent(start / whole), _per_cent(value / whole), str(y + BAR), "13")
            )
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
