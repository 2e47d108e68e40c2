"""One row as a line of CSV or of JSON. Pure: values in, bytes out.

CSV follows RFC 4180, with every cell quoted, and begins with a byte order mark, by which spreadsheets know UTF-8. Where
a spreadsheet would take a cell, or a piece of one, for a formula, an apostrophe stands before the sign: a spreadsheet
whose separator is a semicolon or a tab cuts cells there. JSON lines always hold the exact value.
"""

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Spreadsheets fold full-width forms to the plain ones before they look for a formula, and skip blanks and quotes.
FORMULA_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_SKIPPED = r"\s\x00-\x20\"'\u200b-\u200f\u2060\ufeff"
_FORMULA = re.compile(rf"(^|[,;|\t\r\n])([{_SKIPPED}]*)([{FORMULA_SIGNS}])")
_QUOTED = re.compile(rf"(^|[,;|\t\r\n])([{_SKIPPED}]*)'([{FORMULA_SIGNS}])")


def json_line(row: dict[str, Any]) -> bytes:
    """The row as canonical JSON: sorted keys, no spaces, UTF-8, one line."""
    return canonical(row).encode() + b"\n"


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def csv_line(values: Sequence[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow([cell(value) for value in values])
    return line.getvalue().encode()


def cell(value: Any) -> str:
    """The value as text that a spreadsheet shows and never evaluates."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else canonical(value)
    return _FORMULA.sub(r"\1\2'\3", text)


def value_of(text: str) -> str:
    """What `cell` made `text` of."""
    return _QUOTED.sub(r"\1\2\3", text)
