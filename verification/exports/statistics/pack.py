"""The statistics of a period as one pack: as a document, for print, for programs, and as a table for each figure."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from verification import __version__
from verification.exports import container, formats
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period, plain
from verification.exports.snapshot import snapshot
from verification.exports.statistics import collect, document, showing
from verification.exports.statistics.figure import CODE, TEXT, TIME, Column, Figure, Rows
from verification.transparency.canonical import canonical

JSON = "statistics.json"


@dataclass(frozen=True)
class Request:
    """What was asked for: when, why, and for which period. Of who asked the kind alone: a user name names a person."""

    export_id: str
    period: Period
    by_kind: str
    purpose: str
    reason: str
    created_at: datetime


def write(
    target: IO[bytes], request: Request, trail: Callable[[], container.Trail], progress: Progress
) -> dict[str, int]:
    """Write the pack into `target`, a seekable file; how many rows each figure has.

    `trail` is asked within the snapshot from which the figures are read. Raises progress.Stopped, and whatever `trail`
    raises.
    """
    progress.count(len(collect.FIGURES))
    with snapshot():
        at, found = trail(), collect.collect(request.period, request.created_at, progress)
    with container.Writer(target, container.STATISTICS, _facts(request), at) as pack:
        for name, content in _files(request, found).items():
            pack.add(name, content, deflate=True)
    return {key: len(rows) for key, rows in found.items()}


def figures(file: IO[bytes]) -> dict[str, Rows]:
    """The rows of each figure of a pack that was written by `write`."""
    with zipfile.ZipFile(file) as archive:
        told = json.loads(archive.read(JSON))
    return {each["key"]: each["rows"] for section in told["sections"] for each in section["figures"]}


def _files(request: Request, found: dict[str, Rows]) -> dict[str, bytes]:
    period, now, reason = request.period, request.created_at, request.reason
    return {
        "STATISTICS.md": document.statistics(period, now, found, reason).encode(),
        "statistics.html": showing.paper(period, now, found, reason).encode(),
        JSON: canonical(collect.as_json(period, now, found)) + b"\n",
        **{f"{figure.key}.csv": table(figure, found[figure.key]) for figure in collect.FIGURES},
    }


def table(figure: Figure, rows: Rows) -> bytes:
    """The figure as CSV. No text is taken for a formula; numbers are digits, so that a spreadsheet counts with them."""
    columns = [[column.name, *(_cell(column, row[column.name]) for row in rows)] for column in figure.columns]
    return formats.BYTE_ORDER_MARK + formats.csv_lines(columns)


def _cell(column: Column, value: Any) -> str:
    is_words = column.kind in (TEXT, CODE, TIME) or value is None or isinstance(value, bool)
    return formats.cell(value) if is_words else str(value)


def _facts(request: Request) -> dict[str, Any]:
    return {
        "schema_version": collect.SCHEMA_VERSION,
        "product_version": __version__,
        "export_id": request.export_id,
        "created_at": plain(request.created_at),
        "created_by": request.by_kind,
        "purpose": request.purpose,
        "reason": request.reason,
        "time_zone": "UTC",
        "period": request.period.facts(request.created_at),
    }
