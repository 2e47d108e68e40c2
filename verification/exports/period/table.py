"""What a table of an export is: its columns, with a meaning each, and its rows of a period as plain values."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

CHUNK = 1000


@dataclass(frozen=True)
class Period:
    """From `start` until `end`, the end itself not included."""

    start: datetime
    end: datetime

    @classmethod
    def of_days(cls, first: date, last: date) -> "Period":
        """Whole days in UTC. People name the first and the last day, and both are included."""
        return cls(_midnight(first), _midnight(last) + timedelta(days=1))

    @property
    def first_day(self) -> date:
        return self.start.astimezone(UTC).date()

    @property
    def last_day(self) -> date:
        return (self.end.astimezone(UTC) - timedelta(microseconds=1)).date()

    def holds(self, field: str) -> Q:
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


@dataclass(frozen=True)
class Column:
    """`source` is the path of the value from the table's record; `words` turns a code into words.

    A column that `is_note` holds what a reviewer typed, and is empty unless notes were asked for.
    """

    name: str
    source: str
    kind: str
    meaning: str
    words: Callable[[str], str] | None = None
    is_note: bool = False


@dataclass(frozen=True)
class Table:
    name: str
    meaning: str
    columns: tuple[Column, ...]
    query: Callable[[Period], QuerySet[Any]]

    def rows(self, period: Period, *, notes: bool = False) -> Iterator[dict[str, Any]]:
        """The rows as an iterator, so memory does not grow with their number."""
        sources = [column.source for column in self.columns]
        with _for_one_cursor():
            for values in self.query(period).values_list(*sources).iterator(chunk_size=CHUNK):
                pairs = zip(self.columns, values, strict=True)
                yield {column.name: _shown(column, value, notes) for column, value in pairs}


def _shown(column: Column, value: Any, notes: bool) -> Any:
    if column.is_note and not notes:
        return None
    return column.words(value) if column.words is not None and value else plain(value)


def _for_one_cursor() -> AbstractContextManager[Any]:
    """A cursor of PostgreSQL's lives in a transaction: without one, PgBouncer loses it between two chunks.

    SQLite has no such cursors, and a transaction would keep everybody else from writing.
    """
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


def plain(value: Any) -> Any:
    """The value as a JSON type: times in UTC with microseconds, decimals as text with two places."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return f"{value:.2f}"  # a decimal; databases differ in trailing zeros
