"""The values of a figure as people read them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from verification.exports.statistics.figure import (
    CODE,
    COUNT,
    DIFFERENCE,
    NUMBER,
    SECONDS,
    SHARE,
    TEXT,
    TIME,
    YES_NO,
    Column,
    Figure,
    Row,
    Rows,
)
from verification.times import short_span

NONE, WITHHELD = "–", "withheld"


def told(column: Column, row: Row) -> str:
    # A pack of an earlier version may not have the column.
    value = row.get(column.name)
    if value is not None:
        return _WORDS[column.kind](value)
    return WITHHELD if row.get("withheld") and column.kind in (COUNT, SHARE) else NONE


def table(figure: Figure, rows: Rows) -> list[list[str]]:
    """The rows as texts."""
    return [[told(column, row) for column in figure.columns] for row in rows]


def share(value: str) -> str:
    return f"{100 * float(value):.1f} %"


def _points(value: str) -> str:
    return f"{100 * float(value):+.1f} points"


_WORDS: dict[str, Callable[[Any], str]] = {
    TEXT: str,
    CODE: str,
    COUNT: lambda value: f"{value:,}",
    SHARE: share,
    DIFFERENCE: _points,
    NUMBER: lambda value: f"{float(value):.2f}",
    SECONDS: lambda value: short_span(timedelta(seconds=value)),
    TIME: lambda value: f"{value[:10]} {value[11:16]} UTC",
    YES_NO: lambda value: "yes" if value else "no",
}
