"""Lines of an export: exact in JSON, and no formulas in a spreadsheet."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.exports import formats

DANGEROUS = ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_formula_becomes_text(text: str) -> None:
    assert formats.cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "mail@example.org", "'=1", "customer-4711"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert formats.cell(text) == text


def test_values_have_one_form_each() -> None:
    shown = [formats.cell(value) for value in (None, True, False, -5, 0, ["a", "b"], {"b": 1, "a": None})]
    assert shown == ["", "true", "false", "-5", "0", '["a","b"]', '{"a":null,"b":1}']


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1))
def test_a_csv_line_reads_back_and_never_starts_a_formula(values: list[str]) -> None:
    line = formats.csv_line(values).decode()
    assert line.endswith("\r\n")
    [back] = (
        csv.reader(io.StringIO(line, newline=""), strict=True) if any(values) or len(values) > 1 else [values]
    )
    assert [
        cell.removeprefix("'") if cell != value else cell for cell, value in zip(back, values, strict=True)
    ] == values
    assert not any(cell.startswith(formats.FORMULA_STARTS) for cell in back)


def test_cells_with_separators_are_quoted() -> None:
    assert formats.csv_line(['a"b', "c,d", "e\nf"]) == b'"a""b","c,d","e\nf"\r\n'


def test_a_json_line_is_canonical() -> None:
    line = formats.json_line({"b": "Á", "a": {"d": 1, "c": None}})
    assert line == '{"a":{"c":null,"d":1},"b":"Á"}\n'.encode()
    assert json.loads(line) == {"a": {"c": None, "d": 1}, "b": "Á"}


def test_a_json_line_stays_one_line() -> None:
    assert formats.json_line({"a": "x\ny\u2028z"}).count(b"\n") == 1


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        formats.canonical(float("nan"))
