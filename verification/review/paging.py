"""Keyset pagination: the thousandth page costs as much as the first.

For any queryset that is sorted by a time; the primary key breaks ties.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, F, Func, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE = re.compile(r"([0-9]{1,17})-([0-9]{1,18})", re.ASCII)

Comparison = Callable[[Func, Func], Any]


@dataclass(frozen=True)
class Page:
    """`previous` and `next` are the positions at which the neighbouring pages begin, "" if there is none."""

    rows: list[Any]
    previous: str = ""
    next: str = ""


class _Row(Func):
    """A row value comparison, for which the database seeks in an index over these columns."""

    template = "(%(expressions)s)"
    output_field = DateTimeField()


def page_of(
    rows: QuerySet[Any], sort: str, *, after: str, before: str, size: int, newest_first: bool = False
) -> Page:
    """The page after or before a position, else the first page. An unreadable position is ignored."""
    forwards, backwards = ("-", "") if newest_first else ("", "-")
    later, earlier = (LessThan, GreaterThan) if newest_first else (GreaterThan, LessThan)
    if (end := _read(before)) is not None:
        page = _backwards(rows.filter(_compared(earlier, sort, end)), sort, size, backwards)
        return page or _forwards(rows, sort, size, forwards)
    if (start := _read(after)) is not None:
        return _forwards(rows.filter(_compared(later, sort, start)), sort, size, forwards, first=False)
    return _forwards(rows, sort, size, forwards)


def _forwards(rows: QuerySet[Any], sort: str, size: int, sign: str, *, first: bool = True) -> Page:
    # One row more than is shown tells whether there is a next page.
    found = list(rows.order_by(f"{sign}{sort}", f"{sign}pk")[: size + 1])
    shown = found[:size]
    return Page(
        shown,
        previous="" if first or not shown else _place(shown[0], sort),
        next=_place(shown[-1], sort) if len(found) > size else "",
    )


def _backwards(rows: QuerySet[Any], sort: str, size: int, sign: str) -> Page | None:
    """None if this is the first page, which then is read forwards, to be full."""
    found = list(rows.order_by(f"{sign}{sort}", f"{sign}pk")[: size + 1])
    if len(found) <= size:
        return None
    shown = found[size - 1 :: -1]
    return Page(shown, previous=_place(shown[0], sort), next=_place(shown[-1], sort))


def _compared(comparison: Comparison, sort: str, place: tuple[datetime, int]) -> Any:
    at, pk = place
    return comparison(_Row(F(sort), F("pk")), _Row(Value(at, DateTimeField()), Value(pk)))


def _place(row: Any, sort: str) -> str:
    return f"{(getattr(row, sort) - _EPOCH) // _MICROSECOND}-{row.pk}"


def _read(place: str) -> tuple[datetime, int] | None:
    found = _PLACE.fullmatch(place)
    if found is None:
        return None
    return _EPOCH + int(found[1]) * _MICROSECOND, int(found[2])
