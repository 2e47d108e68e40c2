"""The formats of an export: what each holds, and that no spreadsheet takes a text for a formula."""

import csv
import errno
import gc
import io
import json
import tempfile
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.exports import formats
from verification.exports.period import workbook
from verification.exports.period.chunk import Chunk
from verification.exports.period.files import Csv, JsonLines
from verification.exports.period.parquet import TYPES, Parquet
from verification.exports.period.rows import TABLES
from verification.exports.period.table import Column, Sensitivity, Table
from verification.models import Verification

AT = datetime(2026, 11, 30, 12, 0, 0, 5, tzinfo=UTC)
HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n1",
    "＝1",
    "a;=1",
    '"=1',
    "{=1}",
    "https://example.org",
)


def table(*columns: Column) -> Table:
    return Table("things", "Things.", columns, lambda _period: Verification.objects.none())


KINDS = table(
    Column("name", "name", "text", "A name."),
    Column("count", "count", "integer", "A count."),
    Column("share", "share", "decimal", "A share.", unit="percent"),
    Column("is_so", "is_so", "boolean", "Whether."),
    Column("at", "at", "time", "When."),
    Column("facts", "facts", "json", "Facts."),
)
ROWS = [
    ("Zoë", 2**53 + 1, Decimal("93.50"), True, AT, '{"a": 1}'),
    (None, None, None, None, None, None),
    ("=1", -5, Decimal("0.00"), False, AT, "[]"),
]
NAMES = table(Column("name", "name", "text", "A name."))


def written(file: Any, columns: tuple[Column, ...], rows: list[Any]) -> bytes:
    file.write(Chunk(columns, rows))
    file.close()
    file.file.seek(0)
    with file.file:
        return bytes(file.file.read())


def test_json_lines_hold_exact_values() -> None:
    lines = written(JsonLines(KINDS), KINDS.columns, ROWS).splitlines()
    assert json.loads(lines[0]) == {
        "name": "Zoë",
        "count": 2**53 + 1,
        "share": "93.50",
        "is_so": True,
        "at": "2026-11-30T12:00:00.000005Z",
        "facts": {"a": 1},
    }
    assert set(json.loads(lines[1]).values()) == {None}
    assert json.loads(lines[2])["name"] == "=1"


def test_csv_holds_the_same_and_no_formula() -> None:
    raw = written(Csv(KINDS), KINDS.columns, ROWS).decode("utf-8-sig")
    head, first, empty, last = csv.reader(io.StringIO(raw, newline=""), strict=True)
    assert head == [column.name for column in KINDS.columns]
    assert first == ["Zoë", "9007199254740993", "93.50", "true", "2026-11-30T12:00:00.000005Z", '{"a": 1}']
    assert empty == [""] * 6
    assert last[:2] == ["'=1", "-5"]


def test_parquet_is_read_with_the_documented_types() -> None:
    found = pq.read_table(io.BytesIO(written(Parquet(KINDS), KINDS.columns, ROWS)))
    assert {field.name: field.type for field in found.schema} == {
        "name": pa.string(),
        "count": pa.int64(),
        "share": pa.decimal128(9, 2),
        "is_so": pa.bool_(),
        "at": pa.timestamp("us", tz="UTC"),
        "facts": pa.string(),
    }
    assert found.to_pylist()[0] == dict(zip(found.schema.names, ROWS[0], strict=True))
    assert found.schema.field("share").metadata[b"unit"] == b"percent"


def test_every_column_has_a_type_that_parquet_knows() -> None:
    assert {column.kind for each in TABLES for column in each.columns} <= set(TYPES)


def book(rows: list[Any], of: Table = NAMES) -> dict[str, list[list[tuple[str, str]]]]:
    """Each sheet of the workbook as rows of cells: the type that the file gives the cell, and its text."""
    made = workbook.Workbook(AT, [("Reason", "=1")])
    sheet = made.sheet(of)
    for start in range(0, len(rows), 1000):
        sheet.write(Chunk(of.columns, rows[start : start + 1000]))
    made.close()
    made.file.seek(0)
    with made.file, zipfile.ZipFile(made.file) as archive:
        return {name: _cells(archive.read(name)) for name in archive.namelist() if "/sheet" in name}


def _cells(sheet: bytes) -> list[list[tuple[str, str]]]:
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    root = ElementTree.fromstring(sheet)
    assert not list(root.iter(f"{space}f")), "a formula"
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.iter(f"{space}c")]
        for row in root.iter(f"{space}row")
    ]


def test_a_workbook_has_numbers_as_numbers_and_text_as_text() -> None:
    _about, rows = book(ROWS, KINDS).values()
    assert [kind for kind, _text in rows[1]] == ["inlineStr", "n", "n", "b", "inlineStr", "inlineStr"]
    assert rows[1][4] == ("inlineStr", "2026-11-30T12:00:00.000005Z")
    assert rows[2][0] == ("inlineStr", "'=1"), "an empty row is left out"


def test_no_text_in_a_workbook_is_a_formula_or_a_link() -> None:
    about, rows = book([(text,) for text in HOSTILE]).values()
    assert {kind for row in rows for kind, _text in row} == {"inlineStr"}
    assert [text for [(_kind, text)] in rows[1:6]] == [formats.cell(text) for text in HOSTILE[:5]]
    assert about[0][1] == ("inlineStr", "'=1")


def test_a_workbook_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 3)
    for count, cut in ((3, False), (4, True), (2500, True)):
        rows = list(book([(f"n{number}",) for number in range(count)]).values())[1]
        assert len(rows) == 1 + 3 + cut
        assert ("Cut after 3 rows" in rows[-1][0][1]) is cut


def test_a_workbook_leaves_no_file_whether_it_is_finished_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for end in (workbook.Workbook.close, workbook.Workbook.discard):
        made = workbook.Workbook(AT, [("Reason", "=1")])
        made.sheet(NAMES).write(Chunk(NAMES.columns, [("what a reviewer wrote",)] * 1000))
        assert [each.is_dir() for each in tmp_path.iterdir()] == [True]
        with made.file:
            end(made)
        assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_where: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    made = workbook.Workbook(AT, [("Reason", "=1")])
    made.sheet(NAMES)
    monkeypatch.setattr("xlsxwriter.packager.tempfile.mkstemp", full)
    with pytest.raises(OSError, match="No space") as told:
        made.close()
    assert told.value.errno == errno.ENOSPC
    del told
    gc.collect()  # the library's zip file, which it left open
    made.file.close()


def test_a_text_that_is_too_long_for_a_cell_is_cut() -> None:
    rows = list(book([("x" * 40_000,)]).values())[1]
    assert len(rows[1][0][1]) == workbook.MAX_CELL
    assert rows[1][0][1].endswith("[…]")


def test_what_was_not_asked_for_is_empty_in_every_format() -> None:
    columns = (Column("note", "note", "text", "A note.", sensitivity=Sensitivity.NOTES),)
    assert Chunk(columns, [("secret",)]).values == [[None]]
    assert Chunk(columns, [("secret",)], frozenset({Sensitivity.ADDRESSES})).values == [[None]]
    assert list(Chunk(columns, [("secret",)], frozenset({Sensitivity.NOTES})).values[0]) == ["secret"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_many_cells_at_once_are_what_each_is_alone(texts: list[str]) -> None:
    assert list(formats.safe_cells(texts)) == [formats.cell(text) for text in texts]
    assert [formats.value_of(formats.cell(text)) for text in texts] == texts
    standard = io.StringIO()
    cells = formats.safe_cells(texts)
    csv.writer(standard, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(
        zip(cells, texts, strict=True)
    )
    assert formats.csv_lines([cells, texts]) == standard.getvalue().encode()
