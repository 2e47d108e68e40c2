"""What a figure of the statistics is: its definition in words, and its columns. Its rows are plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from verification.exports.statistics.intervals import Interval, wilson

PER_CENTS = (50, 90, 95)  # the percentiles that are told
# Of fewer values no percentile is told, and no 95th: that would be the highest value itself.
MIN_FOR_PERCENTILES = 10
MIN_FOR_95TH = 20

Row = dict[str, Any]
Rows = list[Row]

COUNT, SHARE, DIFFERENCE, NUMBER, SECONDS, TEXT, CODE, TIME, YES_NO = (
    "count",
    "share",
    "difference",
    "number",
    "seconds",
    "text",
    "code",
    "time",
    "yes or no",
)


@dataclass(frozen=True)
class Column:
    """`kind` is one of the above: a share is from 0 to 1, a difference of two shares from -1 to 1."""

    name: str
    title: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Figure:
    """One figure. `numerator` and `denominator` say what its shares are of; empty if it has none.

    `query` is the query in words, exact enough to repeat it by the tables of a period export.
    """

    key: str
    title: str
    meaning: str
    query: str
    columns: Sequence[Column]
    numerator: str = ""
    denominator: str = ""
    notes: str = ""


def column(name: str, title: str, kind: str, meaning: str = "") -> Column:
    return Column(name, title, kind, meaning or f"{title}.")


SHARE_COLUMNS = (
    column("share", "Share", SHARE, "Numerator by denominator."),
    column("low", "from", SHARE, "Lower end of the share's 95 % interval (Wilson)."),
    column("high", "to", SHARE, "Upper end of it."),
)


def shares(part: int, whole: int) -> Row:
    """The values of SHARE_COLUMNS; empty ones of nothing."""
    return interval(wilson(part, whole))


def interval(found: Interval | None, names: tuple[str, str, str] = ("share", "low", "high")) -> Row:
    if found is None:
        return dict.fromkeys(names)
    return dict(zip(names, map(decimal, (found.value, found.low, found.high)), strict=True))


def decimal(value: float) -> str:
    """Four places, as text, so that every program reads the same number."""
    return f"{value:.4f}".replace("-0.0000", "0.0000")


def seconds(length: timedelta | None) -> int | None:
    return round(length.total_seconds()) if length is not None else None


def percentiles(found: Mapping[tuple[Any, int], Any], group: Any, count: int) -> dict[int, Any]:
    """Of what was `found` by (group, per cent), each of PER_CENTS of this group; None if it has too few values."""
    least = {each: MIN_FOR_95TH if each == 95 else MIN_FOR_PERCENTILES for each in PER_CENTS}
    return {each: found.get((group, each)) if count >= least[each] else None for each in PER_CENTS}


def total(rows: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(row[name] for row in rows)
