"""Reads a CSV file of people: text in UTF-8, a first line of column names, then a line for each person.

A file has one meaning or none: what could be read in two ways is refused as a whole. Knows no person and no database.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from verification.exports.formats import value_of

MAX_FILE: Final = 4 * 2**20  # bytes: 10,000 lines of 400
MAX_LINES: Final = 10_000
MAX_NAMED = 60  # characters of an unknown column's name that a page repeats

COLUMNS: Final = ("reference", "name", "email", "language", "mode")
REQUIRED: Final = ("reference", "name")
OTHER_NAMES: Final = {"e-mail": "email", "locale": "language"}
# The file of lines that do not fit has these before the others, so that it can be mended and sent as it is. Its
# apostrophes before signs of formulas are not part of the values.
IGNORED: Final = ("line", "problem")
SEPARATORS: Final = (",", ";", "\t")

_WORKBOOK = b"PK\x03\x04"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(ValueError):
    """The file as a whole can't be used. `code` says why; `about` is a number of a line or the name of a column."""

    def __init__(self, code: str, about: str | int = "") -> None:
        super().__init__(code)
        self.code, self.about = code, about


@dataclass(frozen=True)
class Line:
    """A line by its number in the file, as a text editor counts. `surplus`: it has more cells than there are columns.

    A cell may hold a line break, so the next line's number can be higher by more than one.
    """

    number: int
    cells: dict[str, str]
    surplus: bool = False


def lines(data: bytes) -> Iterator[Line]:
    """Every line that is not blank. Raises Unreadable, at the latest when the last one is read."""
    text = _text(data)
    separator, columns = _header(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    is_ours, count, begins = set(IGNORED) <= set(columns), 0, 1
    try:
        for cells in reader:
            number, begins = begins, reader.line_num + 1
            if number == 1 or not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > MAX_LINES:
                raise Unreadable("too_many_lines")
            values = map(value_of, cells) if is_ours else cells
            yield Line(number, dict(zip(columns, values, strict=False)), any(cells[len(columns) :]))
    except csv.Error:
        error = Unreadable("broken_quotes", begins)
    else:
        error = Unreadable("no_lines")
        if count:
            return
    # Not raised within `except`: the reader's error would be its context, with the text.
    raise error


def _text(data: bytes) -> str:
    if len(data) > MAX_FILE:
        raise Unreadable("too_large")
    if data.startswith(_WORKBOOK):
        raise Unreadable("workbook")
    # Text of UTF-16 without its mark has a NUL beside each plain letter.
    if data.startswith(_UTF_16) or data[:200].count(0) > len(data[:200]) // 4:
        raise Unreadable("utf16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
    raise Unreadable("not_utf8", number)


def _header(text: str) -> tuple[str, list[str]]:
    """The separator and the columns by their names here; the first line is read by the separator that fits best."""
    first = next(iter(io.StringIO(text, newline="")), "")
    if not first.strip():
        raise Unreadable("no_header")
    found = [(separator, _columns(first, separator)) for separator in SEPARATORS]
    separator, columns = max(found, key=lambda each: len(set(each[1]) & set(COLUMNS)))
    for number, column in enumerate(columns):
        if column in columns[:number]:
            raise Unreadable("duplicate_column", column[:MAX_NAMED])
    if not set(REQUIRED) <= set(columns):
        raise Unreadable("no_header")
    for column in columns:
        if column not in COLUMNS and column not in IGNORED:
            raise Unreadable("unknown_column", column[:MAX_NAMED])
    return separator, columns


def _columns(first: str, separator: str) -> list[str]:
    try:
        (cells,) = csv.reader([first], delimiter=separator, strict=True)
    except (csv.Error, ValueError):
        return []
    names = [cell.strip().lower() for cell in cells]
    # Spreadsheets write separators for empty columns behind the last one.
    while names and not names[-1]:
        names.pop()
    return [OTHER_NAMES.get(name, name) for name in names]
