"""The export of a period as one zip: a guide, each table as CSV and JSON lines, a dictionary, a manifest of hashes.

Each table is read once, and both of its files are written from that, so they can't disagree. Rows go one by one into
temporary files and from there into the zip, so memory does not grow with their number.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, Any

from verification import __version__
from verification.exports import formats
from verification.exports.period import guide, rows
from verification.exports.period.table import Period, Table, plain

SCHEMA = "kyc-portal/period-export"
SCHEMA_VERSION = 2
BLOCK = 256 * 1024


@dataclass(frozen=True)
class Request:
    """The manifest's facts about the request: who asked, when, why, for which period, and whether with notes."""

    export_id: str
    period: Period
    notes: bool
    by: dict[str, str]
    reason: str
    created_at: datetime


@dataclass(frozen=True)
class FileFacts:
    name: str
    rows: int
    bytes: int
    sha256: str


class _Sheet:
    """A file that is being written; counts its rows and hashes its bytes."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self.name = name
        self.file = file
        self.rows = 0
        self._hash = hashlib.sha256()

    def write(self, line: bytes) -> None:
        self.file.write(line)
        self._hash.update(line)

    def facts(self) -> FileFacts:
        return FileFacts(self.name, self.rows, self.file.tell(), self._hash.hexdigest())


def write(target: IO[bytes], request: Request) -> list[FileFacts]:
    """Write the zip into `target`, a seekable file. Returns the facts of the tables' files."""
    facts: list[FileFacts] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in rows.TABLES:
            with _sheets(table) as sheets:
                _fill(sheets, table, request)
                for sheet in sheets:
                    _add(archive, request, sheet)
                    facts.append(sheet.facts())
        for name, content in _documents(request).items():
            facts.append(FileFacts(name, 0, len(content), hashlib.sha256(content).hexdigest()))
            archive.writestr(_entry(request, name), content)
        archive.writestr(_entry(request, "manifest.json"), _json(_manifest(request, facts)))
    return facts


def _documents(request: Request) -> dict[str, bytes]:
    return {
        "README.md": guide.readme(request.period, request.reason, notes=request.notes).encode(),
        "DATA_DICTIONARY.md": guide.dictionary_in_words(rows.TABLES).encode(),
        "data_dictionary.json": _json(guide.dictionary(rows.TABLES)),
    }


@contextmanager
def _sheets(table: Table) -> Iterator[tuple[_Sheet, _Sheet]]:
    with tempfile.TemporaryFile() as as_csv, tempfile.TemporaryFile() as as_json:
        yield _Sheet(f"{table.name}.csv", as_csv), _Sheet(f"{table.name}.jsonl", as_json)


def _fill(sheets: tuple[_Sheet, _Sheet], table: Table, request: Request) -> None:
    as_csv, as_json = sheets
    as_csv.write(formats.BYTE_ORDER_MARK)
    as_csv.write(formats.csv_line([column.name for column in table.columns]))
    for row in table.rows(request.period, notes=request.notes):
        as_csv.write(formats.csv_line(list(row.values())))
        as_json.write(formats.json_line(row))
        as_csv.rows += 1
        as_json.rows += 1


def _add(archive: zipfile.ZipFile, request: Request, sheet: _Sheet) -> None:
    size = sheet.file.tell()
    sheet.file.seek(0)
    with archive.open(_entry(request, sheet.name), "w", force_zip64=size > BLOCK) as inside:
        while block := sheet.file.read(BLOCK):
            inside.write(block)


def _entry(request: Request, name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, request.created_at.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _manifest(request: Request, facts: list[FileFacts]) -> dict[str, Any]:
    period = request.period
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "product_version": __version__,
        "export_id": request.export_id,
        "created_at": plain(request.created_at),
        "created_by": request.by,
        "reason": request.reason,
        "with_notes": request.notes,
        "time_zone": "UTC",
        "period": {
            "first_day": period.first_day.isoformat(),
            "last_day": period.last_day.isoformat(),
            "start": plain(period.start),
            "end": plain(period.end),
            "end_included": False,
            "ended_before_export": period.end <= request.created_at,
        },
        "filter": {table.name: table.meaning for table in rows.TABLES},
        "files": [asdict(fact) for fact in facts],
    }


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"
