"""Exports in a real spreadsheet program: hostile texts stay text, and nothing is taken for a formula or a link."""

import csv
import os
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.test_export_files import HOSTILE, NAMES
from verification.exports import formats
from verification.exports.period.chunk import Chunk
from verification.exports.period.files import Csv
from verification.exports.period.workbook import Workbook

TEXTS = (
    *HOSTILE,
    '=HYPERLINK("https://example.org","x")',
    "  =cmd|' /C calc'!A0",
    "'=1",
    "2026-01-01",
    "1E5",
    "TRUE",
)
# A comma, double quotes, UTF-8, from the first line; text as it is; the second sheet.
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2"


def converted(path: Path, wanted: str) -> Path:
    """What LibreOffice makes of the file, without a window, with a profile of its own."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is missing: install the package libreoffice-calc-nogui.")
    into = path.parent / "converted"
    profile = f"-env:UserInstallation=file://{path.parent}/profile"
    command = ["soffice", "--headless", profile, "--convert-to", wanted, "--outdir", str(into), str(path)]
    environment = {**os.environ, "HOME": str(path.parent)}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
    [made] = into.iterdir()
    return made


def chunk() -> Chunk:
    return Chunk(NAMES.columns, [(text,) for text in TEXTS])


def test_libreoffice_shows_the_texts_of_a_workbook_as_they_are(tmp_path: Path) -> None:
    book = Workbook(datetime(2026, 11, 30, tzinfo=UTC), [("Reason", "=1+1")])
    book.sheet(NAMES).write(chunk())
    book.close()
    book.file.seek(0)
    (tmp_path / "tables.xlsx").write_bytes(book.file.read())
    book.file.close()
    with converted(tmp_path / "tables.xlsx", AS_CSV).open(newline="", encoding="utf-8") as file:
        _head, *rows = csv.reader(file)
    assert [text for (text,) in rows] == [formats.cell(text) for text in TEXTS]


def test_libreoffice_finds_no_formula_in_csv(tmp_path: Path) -> None:
    file = Csv(NAMES)
    file.write(chunk())
    file.file.seek(0)
    (tmp_path / "names.csv").write_bytes(file.file.read())
    file.file.close()
    with zipfile.ZipFile(converted(tmp_path / "names.csv", "xlsx")) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f" not in sheet
    assert b"hyperlink" not in sheet
