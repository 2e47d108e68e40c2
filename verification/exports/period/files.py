"""The files of a table, one for each format: chunks go in, and a finished temporary file comes out.

CSV and the workbook hold text that no spreadsheet takes for a formula. JSON lines and Parquet hold the exact values.
"""

import tempfile
from typing import IO, Final, Protocol

from verification.exports.formats import BYTE_ORDER_MARK, csv_lines
from verification.exports.period.chunk import Chunk
from verification.exports.period.table import Table


class TableFile(Protocol):
    """`file` is whole once it was closed."""

    name: str
    file: IO[bytes]

    def write(self, chunk: Chunk) -> None: ...

    def close(self) -> None: ...


class Csv:
    def __init__(self, table: Table) -> None:
        self.name = f"{table.name}.csv"
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (it is closed with the pack)
        self.file.write(BYTE_ORDER_MARK)
        self.file.write(csv_lines([[column.name] for column in table.columns]))

    def write(self, chunk: Chunk) -> None:
        self.file.write(csv_lines(chunk.safe_texts))

    def close(self) -> None:
        """Nothing is left to write."""


class JsonLines:
    """Columns in the order of their names, without spaces. JSON in a cell stands as the database writes it."""

    def __init__(self, table: Table) -> None:
        self.name = f"{table.name}.jsonl"
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._order = sorted(range(len(table.columns)), key=lambda at: table.columns[at].name)
        names = ",".join(f'"{table.columns[at].name}":%s' for at in self._order)
        self._line: Final = "{%s}\n" % names  # noqa: UP031 (braces)

    def write(self, chunk: Chunk) -> None:
        columns = chunk.json_texts
        rows = zip(*(columns[at] for at in self._order), strict=True)
        self.file.write("".join(map(self._line.__mod__, rows)).encode())

    def close(self) -> None:
        """Nothing is left to write."""
