"""One row as a line of CSV or of JSON. Pure: values in, bytes out.

CSV follows RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe before it. JSON lines
always hold the exact value.
"""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

# Spreadsheets fold full-width forms to the plain ones before they look for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def json_line(row: dict[str, Any]) -> bytes:
    """The row as canonical JSON: sorted keys, no spaces, UTF-8, one line."""
    return canonical(row).encode() + b"\n"


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def csv_line(values: Sequence[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([cell(value) for value in values])
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
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
