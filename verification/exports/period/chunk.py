"""Some rows of a table, column by column, and each column as the text that its files show.

Whole columns are turned at once, by functions written in C where there are such: that is most of an export's speed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from json.encoder import encode_basestring
from operator import methodcaller
from typing import Any

from verification.exports import formats
from verification.exports.period.table import ONLY_IF_ASKED, Column, Sensitivity

_iso = methodcaller("isoformat", timespec="microseconds")
_WITHOUT_OFFSET = len("2026-11-30T12:00:00.000000")


class Chunk:
    """`asked`: of which sensitivity columns were asked for; others of ONLY_IF_ASKED are empty."""

    def __init__(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Any]],
        asked: frozenset[Sensitivity] = frozenset(),
    ) -> None:
        self.columns = columns
        self.size = len(rows)
        self.values = [
            _shown(column, values, asked)
            for column, values in zip(columns, zip(*rows, strict=True), strict=True)
        ]

    @cached_property
    def texts(self) -> list[Sequence[str | None]]:
        """Each value as text, or None: times in UTC, decimals with two places, JSON as the database writes it."""
        return [_texts(*pair) for pair in zip(self.columns, self.values, strict=True)]

    @cached_property
    def safe_texts(self) -> list[Sequence[str]]:
        """Each value as text that no spreadsheet takes for a formula."""
        return [_safe(*pair) for pair in zip(self.columns, self.texts, strict=True)]

    @cached_property
    def json_texts(self) -> list[Sequence[str]]:
        return [_json(*pair) for pair in zip(self.columns, self.texts, strict=True)]


def _shown(column: Column, values: Sequence[Any], asked: frozenset[Sensitivity]) -> Sequence[Any]:
    if column.sensitivity in ONLY_IF_ASKED and column.sensitivity not in asked:
        return [None] * len(values)
    if column.words is None:
        return values
    return [column.words(value) if value else value for value in values]


def _texts(column: Column, values: Sequence[Any]) -> Sequence[str | None]:
    if column.kind == "time":
        return _times(values)
    if column.kind == "decimal":
        return [None if value is None else f"{value:.2f}" for value in values]
    if column.kind == "boolean":
        return [None if value is None else "true" if value else "false" for value in values]
    if column.kind == "integer":
        return [None if value is None else str(value) for value in values]
    return values


def _times(values: Sequence[datetime | None]) -> Sequence[str | None]:
    """ISO 8601 with microseconds and Z."""
    if None in values:
        return [None if value is None else _time(value) for value in values]
    texts = list(map(_iso, values))
    if all(map(methodcaller("endswith", "+00:00"), texts)):
        return [text[:_WITHOUT_OFFSET] + "Z" for text in texts]
    return [_time(value) for value in values if value is not None]


def _time(value: datetime) -> str:
    return str(_iso(value.astimezone(UTC)))[:_WITHOUT_OFFSET] + "Z"


def _safe(column: Column, texts: Sequence[str | None]) -> Sequence[str]:
    filled = [text or "" for text in texts]
    return formats.safe_cells(filled) if column.kind in {"text", "json"} else filled


def _json(column: Column, texts: Sequence[str | None]) -> Sequence[str]:
    is_quoted = column.kind in {"text", "time", "decimal"}
    if None in texts:
        return [_json_text(text, is_quoted) for text in texts]
    filled: Any = texts
    return list(map(encode_basestring, filled)) if is_quoted else filled


def _json_text(text: str | None, is_quoted: bool) -> str:
    if text is None:
        return "null"
    return encode_basestring(text) if is_quoted else text
