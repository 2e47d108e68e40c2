"""The tables as one workbook for Excel and LibreOffice, a sheet for each: for looking at, not for checking.

Every text is a text cell, and guarded as in CSV, so that it stays one when somebody edits it or saves it as CSV. A
sheet has MAX_ROWS rows at most and says so in its last line if there are more: the other files have them all.
"""

import tempfile
from contextlib import suppress
from datetime import datetime
from typing import IO, Any, Final

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from verification.exports import formats
from verification.exports.period.chunk import Chunk
from verification.exports.period.table import Table

# A sheet can have 1,048,576 rows. With this many a spreadsheet still works well, and they take ten seconds to write.
MAX_ROWS: Final = 100_000
# A cell can't hold more characters.
MAX_CELL: Final = 32_767
CUT_TEXT: Final = " […]"
NAME: Final = "tables.xlsx"


class Workbook:
    """All the tables' sheets. `cut` names the tables of which it has the first rows only."""

    def __init__(self, made_at: datetime, about: list[tuple[str, str]]) -> None:
        self.name, self.cut = NAME, list[str]()
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (it is closed with the pack)
        # The library's own temporary files have names, and hold in clear what the sheets hold.
        self._folder = tempfile.TemporaryDirectory(prefix="kyc-workbook-")
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "tmpdir": self._folder.name,
        }
        self._book: Any = xlsxwriter.Workbook(self.file, options)
        self._book.set_properties({"created": made_at.replace(tzinfo=None)})
        self._head = self._book.add_format({"bold": True})
        self._text = self._book.add_format({"quote_prefix": True})
        self._decimal = self._book.add_format({"num_format": "0.00"})
        first = self._book.add_worksheet("about")
        first.set_column(0, 0, 24)
        first.set_column(1, 1, 100)
        for row, (name, value) in enumerate(about):
            first.write_string(row, 0, name, self._head)
            first.write_string(row, 1, formats.cell(value), self._text)

    def sheet(self, table: Table) -> "Sheet":
        return Sheet(self, table)

    def close(self) -> None:
        """Raises OSError if there is no room."""
        try:
            self._book.close()
        except FileCreateError as failed:
            raise failed.args[0] from None
        finally:
            self.discard()

    def discard(self) -> None:
        """Nothing is left of what was not closed. It may be called again."""
        for sheet in self._book.worksheets():
            with suppress(OSError):
                sheet.row_data_fh.close()
        self._folder.cleanup()


class Sheet:
    """One table in the workbook."""

    def __init__(self, book: Workbook, table: Table) -> None:
        self.rows, self._book, self._table = 0, book, table
        self._sheet = book._book.add_worksheet(table.name)
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(table.columns) - 1, 24)
        for at, column in enumerate(table.columns):
            self._sheet.write_string(0, at, column.name, book._head)

    def write(self, chunk: Chunk) -> None:
        room = MAX_ROWS - self.rows
        if room <= 0:
            self._cut()
            return
        columns = [_cells(chunk, at) for at in range(len(chunk.columns))]
        for values in list(zip(*columns, strict=True))[:room]:
            self.rows += 1
            self._write_row(values)
        if chunk.size > room:
            self._cut()

    def _write_row(self, values: tuple[Any, ...]) -> None:
        for at, (value, column) in enumerate(zip(values, self._table.columns, strict=True)):
            if value is None or value == "":
                continue
            if column.kind == "boolean":
                self._sheet.write_boolean(self.rows, at, value)
            elif column.kind in {"integer", "decimal"}:
                look = self._book._decimal if column.kind == "decimal" else None
                self._sheet.write_number(self.rows, at, value, look)
            else:
                text = value if len(value) <= MAX_CELL else value[: MAX_CELL - len(CUT_TEXT)] + CUT_TEXT
                self._sheet.write_string(self.rows, at, text, self._book._text)

    def _cut(self) -> None:
        if self._table.name not in self._book.cut:
            self._book.cut.append(self._table.name)
            told = f"Cut after {MAX_ROWS:,} rows. The files {self._table.name}.* beside this workbook have all of them."
            self._sheet.write_string(MAX_ROWS + 1, 0, told, self._book._head)


def _cells(chunk: Chunk, at: int) -> Any:
    """Numbers and booleans as they are; times as text, because a spreadsheet's time has no zone."""
    is_number = chunk.columns[at].kind in {"integer", "decimal", "boolean"}
    return chunk.values[at] if is_number else chunk.safe_texts[at]
