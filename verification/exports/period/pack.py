"""The export of a period as one pack: a guide, each table in the formats asked for, a dictionary, and the proofs.

Each table is read once, and all its files are written from that, so they can't disagree. All tables are read in one
snapshot of the database, and the events are those that the log has at the pack's checkpoint. Rows go chunk by
chunk into temporary files and from there into the pack, so memory does not grow with their number.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from verification import __version__
from verification.exports import container, verify_pack
from verification.exports.formats import canonical
from verification.exports.period import guide, log_range, rows
from verification.exports.period.chunk import Chunk
from verification.exports.period.files import Csv, JsonLines, TableFile
from verification.exports.period.parquet import Parquet
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period, Sensitivity, Table, plain
from verification.exports.period.workbook import MAX_ROWS, Sheet, Workbook
from verification.exports.snapshot import chunks, snapshot
from verification.models import ExportFormat

SCHEMA_VERSION = 3
BLOCK = 256 * 1024


@dataclass(frozen=True)
class Request:
    """What was asked for: by whom, when, why, for which period, in which formats, and with what that is sensitive."""

    export_id: str
    period: Period
    by: dict[str, str]
    purpose: str
    reason: str
    created_at: datetime
    formats: tuple[str, ...] = (ExportFormat.CSV,)
    asked: frozenset[Sensitivity] = frozenset()


@dataclass
class Written:
    """What came of it: the rows of each table, and of which tables the workbook has the first rows only."""

    rows: dict[str, int] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)


def write(
    target: IO[bytes], request: Request, trail: Callable[[], container.Trail], progress: Progress
) -> Written:
    """Write the pack into `target`, a seekable file. `trail` is asked within the snapshot.

    Raises progress.Stopped, and whatever `trail` raises.
    """
    written = Written()
    with snapshot():
        at = trail()
        for table in rows.TABLES:
            progress.count(table.query(request.period).count())
        with container.Writer(target, container.PERIOD, _facts(request), at) as pack:
            _Tables(request, at.checkpoint.size, pack, progress, written).write()
            for name, content in _documents(request).items():
                pack.add(name, content)
            pack.facts["rows"] = written.rows
            pack.facts["workbook"] = {"most_rows": MAX_ROWS, "cut": written.cut}
    return written


@dataclass
class _Tables:
    """Writes all tables, and what proves the events, into the pack."""

    request: Request
    size: int
    pack: container.Writer
    progress: Progress
    written: Written

    def write(self) -> None:
        book = self._book()
        try:
            self._write_with(book)
        finally:
            if book is not None:
                book.discard()

    def _write_with(self, book: Workbook | None) -> None:
        for table in rows.TABLES:
            places = log_range.Places(self.size)
            sheet = [] if book is None else [book.sheet(table)]
            self._write(table, self._chunks(table, places), self._files(table), sheet)
            if table.in_log:
                self._prove(table, places)
        if book is not None:
            book.close()
            self.written.cut = book.cut
            self._add(book.name, book.file)

    def _book(self) -> Workbook | None:
        if ExportFormat.XLSX not in self.request.formats:
            return None
        return Workbook(self.request.created_at, guide.about(_facts(self.request)))

    def _files(self, table: Table) -> list[TableFile]:
        files: list[TableFile] = [JsonLines(table)]
        if ExportFormat.CSV in self.request.formats:
            files.append(Csv(table))
        if ExportFormat.PARQUET in self.request.formats:
            files.append(Parquet(table))
        return files

    def _chunks(self, table: Table, places: log_range.Places) -> Iterator[Chunk]:
        for found in chunks(table.rows(self.request.period)):
            sealed = places.sealed(found) if table.in_log else found
            if sealed:
                yield Chunk(table.columns, sealed, self.request.asked)
            self.progress.add(len(found))

    def _write(
        self, table: Table, found: Iterator[Chunk], files: Sequence[TableFile], sheet: Sequence[Sheet]
    ) -> None:
        count = 0
        for chunk in found:
            count += chunk.size
            for file in files:
                file.write(chunk)
            for part in sheet:
                part.write(chunk)
        self.written.rows[table.name] = count
        for each in files:
            each.close()
            self._add(each.name, each.file)

    def _prove(self, table: Table, places: log_range.Places) -> None:
        first, end = log_range.around(places, self.request.period)
        others = JsonLines(table)
        for found in log_range.beside(table, self.request.period, first, end):
            others.write(Chunk(table.columns, found))
        self._add(verify_pack.BESIDE, others.file)
        self.pack.add(verify_pack.RANGE, container.range_facts(first, end, self.size))

    def _add(self, name: str, file: IO[bytes]) -> None:
        file.seek(0)
        with closing(file):
            self.pack.add(name, iter(lambda: file.read(BLOCK), b""), deflate=True)


def _documents(request: Request) -> dict[str, bytes]:
    return {
        "README.md": guide.readme(_facts(request)).encode(),
        "DATA_DICTIONARY.md": guide.dictionary_in_words(rows.TABLES).encode(),
        "data_dictionary.json": canonical(guide.dictionary(rows.TABLES)).encode() + b"\n",
    }


def _facts(request: Request) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "product_version": __version__,
        "export_id": request.export_id,
        "created_at": plain(request.created_at),
        "created_by": request.by,
        "purpose": request.purpose,
        "reason": request.reason,
        "formats": ["jsonl", *request.formats],
        "with_notes": Sensitivity.NOTES in request.asked,
        "with_addresses": Sensitivity.ADDRESSES in request.asked,
        "time_zone": "UTC",
        "period": request.period.facts(request.created_at),
        "filter": {table.name: table.meaning for table in rows.TABLES},
    }
