"""A table as Parquet, with a type for each column. Only the process that makes an export loads this: it needs 60 MB."""

import tempfile
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from verification.exports.period.chunk import Chunk
from verification.exports.period.table import Column, Table

# As the data dictionary names them.
TYPES: Final[dict[str, Any]] = {
    "text": pa.string(),
    "json": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(9, 2),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
}
# Rows of one row group: enough to compress well, and a few megabytes of memory.
GROUP: Final = 20_000


class Parquet:
    def __init__(self, table: Table) -> None:
        self.name = f"{table.name}.parquet"
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (it is closed with the pack)
        self._schema = pa.schema([_field(column) for column in table.columns])
        self._writer: Any = pq.ParquetWriter(self.file, self._schema, compression="zstd")
        self._waiting: list[Any] = []
        self._count = 0

    def write(self, chunk: Chunk) -> None:
        arrays = [
            pa.array(values, field.type) for values, field in zip(chunk.values, self._schema, strict=True)
        ]
        self._waiting.append(pa.record_batch(arrays, schema=self._schema))
        self._count += chunk.size
        if self._count >= GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting), row_group_size=2 * GROUP)
        self._waiting, self._count = [], 0


def _field(column: Column) -> Any:
    about = {"meaning": column.meaning, "unit": column.unit, "sensitivity": str(column.sensitivity)}
    return pa.field(
        column.name, TYPES[column.kind], metadata={key: value for key, value in about.items() if value}
    )
