"""Cells and lines of an export: no formulas in a spreadsheet, and JSON in one form."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.exports import formats


@pytest.mark.parametrize("sign", list("=+-@＝＋－＠"))
@pytest.mark.parametrize("before", ["", " ", "\t", "\r", '"', "\u200b", "\ufeff", "\u00a0"])
@pytest.mark.parametrize("cut", ["", "asked by mail;", "a,", "a\t", "a|", "a\r\n", 'a;"'])
def test_a_formula_becomes_text_wherever_a_spreadsheet_cuts(cut: str, before: str, sign: str) -> None:
    first = "'" if (cut + before)[:1] in {"\t", "\r"} else ""
    assert formats.cell(f"{cut}{before}{sign}1+1;done") == f"{first}{cut}{before}'{sign}1+1;done"


@pytest.mark.parametrize("control", ["\t", "\r", "\n", "\x00"])
def test_a_cell_does_not_begin_with_what_some_spreadsheets_drop(control: str) -> None:
    assert formats.cell(f"{control}1") == f"'{control}1"


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "mail@example.org", "customer-4711", "a; b, c"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert formats.cell(text) == text


def test_values_have_one_form_each() -> None:
    shown = [formats.cell(value) for value in (None, True, False, -5, 0, ["a", "b"], {"b": 1, "a": None})]
    assert shown == ["", "true", "false", "-5", "0", '["a","b"]', '{"a":null,"b":1}']


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1))
def test_a_csv_line_reads_back_and_no_piece_of_it_starts_a_formula(values: list[str]) -> None:
    line = formats.csv_line(values).decode()
    assert line.endswith("\r\n")
    [back] = csv.reader(io.StringIO(line, newline=""), strict=True)
    assert back == [formats.cell(value) for value in values]
    pieces = re.split(r"[,;|\t\r\n]", line)
    assert not any(piece.lstrip(' "\u200b\ufeff').startswith(tuple("=+-@＝＋－＠")) for piece in pieces)


def test_every_cell_is_quoted() -> None:
    assert formats.csv_line(['a"b', "c,d", "e\nf", 1]) == b'"a""b","c,d","e\nf","1"\r\n'


def test_canonical_json_has_sorted_keys_and_is_one_line() -> None:
    assert formats.canonical({"b": "Á", "a": {"d": 1, "c": "x\ny"}}) == '{"a":{"c":"x\\ny","d":1},"b":"Á"}'


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        formats.canonical(float("nan"))
