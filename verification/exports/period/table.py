"""What a table of an export is: its columns, with a type and a meaning each, and the query of its rows in a period."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast

from verification.counts.spans import within


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
        return within(field, self.start, self.end)

    def facts(self, made_at: datetime) -> dict[str, Any]:
        """As a pack that was made then says which period it is about."""
        return {
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "start": plain(self.start),
            "end": plain(self.end),
            "end_included": False,
            "ended_before_export": self.end <= made_at,
        }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


class Sensitivity(StrEnum):
    """What a column could tell about a person, the least first."""

    NONE = "none"  # codes, counts, times, hashes, and ids that the portal made up
    STAFF = "staff"  # user names of those who work with the portal
    REFERENCE = "reference"  # the asking system's own id of the person
    NOTES = "notes"  # what reviewers typed, which may name people
    ADDRESSES = "addresses"  # from which network address and with which browser a person came


# Columns of these are empty unless they were asked for, by somebody who has the right.
ONLY_IF_ASKED = (Sensitivity.NOTES, Sensitivity.ADDRESSES)
_PREFIX = "column_"


@dataclass(frozen=True)
class Column:
    """`source` is the path of the value from the table's record; `words` turns a code into words.

    `kind`: text, integer, decimal (two places), boolean, time or json. `unit` is empty for what is counted or has none.
    """

    name: str
    source: str
    kind: str
    meaning: str
    unit: str = ""
    sensitivity: Sensitivity = Sensitivity.NONE
    words: Callable[[str], str] | None = None

    def expression(self) -> Any:
        """What the database is asked for. JSON comes as text: nobody here looks into it, and reading it costs most."""
        return Cast(self.source, TextField()) if self.kind == "json" else F(self.source)


@dataclass(frozen=True)
class Table:
    """`in_log`: its rows are entries of the trail's log, and its last column is their place there."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    query: Callable[[Period], QuerySet[Any]]
    in_log: bool = False

    def stored(self) -> Sequence[Column]:
        """The columns that the database has."""
        return self.columns[:-1] if self.in_log else self.columns

    def rows(self, period: Period) -> QuerySet[Any]:
        """The rows as tuples of the stored columns."""
        return self.rows_of(self.query(period))

    def rows_of(self, query: QuerySet[Any]) -> QuerySet[Any]:
        columns = {f"{_PREFIX}{at}": column.expression() for at, column in enumerate(self.stored())}
        found: QuerySet[Any] = query.annotate(**columns).values_list(*columns)
        return found


def plain(value: Any) -> Any:
    """The value as a JSON type: times in UTC with microseconds, decimals as text with two places."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{value:.2f}" if isinstance(value, Decimal) else value  # databases differ in trailing zeros
