"""A CSV file of people has one meaning or none, whatever program wrote it."""

import pytest

from verification.invitations import csv_file, people
from verification.invitations.csv_file import MAX_FILE, MAX_LINES, Line, Unreadable

PERSON = "CUST-1", "Mara Lindqvist"


def read(text: str | bytes) -> list[Line]:
    return list(csv_file.lines(text.encode() if isinstance(text, str) else text))


def persons(text: str | bytes) -> list[tuple[str, str]]:
    return [(one.reference, one.name) for one in people.read(csv_file.lines(as_bytes(text))).people]


def faults(text: str | bytes) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in people.read(csv_file.lines(as_bytes(text))).faults]


def as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def refused(text: str | bytes) -> tuple[str, str | int]:
    with pytest.raises(Unreadable) as error:
        read(text)
    return error.value.code, error.value.about


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_whatever_a_spreadsheet_writes_is_read(separator, end, mark):
    rows = (
        ("Reference", " NAME ", "E-Mail"),
        (*PERSON, ""),
        ("", "", ""),
        ("CUST-2", "Ünal", "u@example.org"),
    )
    text = mark + end.join(separator.join(row) for row in rows) + end
    assert persons(text) == [PERSON, ("CUST-2", "Ünal")]


def test_columns_may_stand_in_any_order_and_the_others_be_left_out():
    assert persons("name,reference\nMara Lindqvist,CUST-1") == [PERSON]


def test_a_quoted_cell_may_hold_the_separator_and_quotes_and_lines_are_counted_as_an_editor_does():
    text = 'reference,name\n"C,1","Mara ""M"" Lind"\n\n"C\n2",Tomás\nC3,\n'
    assert persons(text) == [("C,1", 'Mara "M" Lind')]
    assert faults(text) == [(4, "reference", "invalid_character"), (6, "name", "name_required")]


def test_what_a_spreadsheet_adds_behind_the_last_column_is_nothing():
    assert persons("reference,name,,\nCUST-1,Mara Lindqvist,,\n") == [PERSON]


@pytest.mark.parametrize(
    ("text", "code", "about"),
    [
        (b"", "no_header", ""),
        ("reference,name\n", "no_lines", ""),
        ("reference,name\n,\n \n", "no_lines", ""),
        ("CUST-1,Mara Lindqvist\n", "no_header", ""),
        ("reference,email\nC,m@example.org\n", "no_header", ""),
        ("reference,name,vip\nC,M,1\n", "unknown_column", "vip"),
        ("reference,name,Name\nC,M,N\n", "duplicate_column", "name"),
        ("reference,name,locale,language\nC,M,en,en\n", "duplicate_column", "language"),
        ('reference,name\nC1,M\nC2,"N\nC3,O\n', "broken_quotes", 3),
        ('reference,name\nC1,"M"N\n', "broken_quotes", 2),
        ("reference,name\nC1,Ünal\n".encode("latin-1"), "not_utf8", 2),
        ("reference,name\nC1,M\n".encode("utf-16"), "utf16", ""),
        ("reference,name\nC1,M\n".encode("utf-16-le"), "utf16", ""),
        (b"PK\x03\x04\x14\x00", "workbook", ""),
        (b"reference,name\n" + b"C,M" * MAX_FILE, "too_large", ""),
        ("reference,name\nC1,M\nC2," + "N" * 200_000, "broken_quotes", 3),
    ],
)
def test_a_file_that_could_mean_two_things_is_refused_as_a_whole(text, code, about):
    assert refused(text) == (code, about)


def test_a_refusal_quotes_no_cell():
    with pytest.raises(Unreadable) as error:
        read('reference,name\nC1,"Mara Lindqvist')
    assert "Mara" not in str(error.value)
    assert error.value.__context__ is None


def test_one_line_more_than_allowed_is_refused_and_the_most_is_read():
    most = ["reference,name", *(f"C{number},Mara" for number in range(MAX_LINES))]
    assert len(read("\n".join(most))) == MAX_LINES
    assert refused("\n".join([*most, "one,more"]))[0] == "too_many_lines"


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ("C1,M\u202eara,,,", "name", "invalid_character"),
        ("C1,M\x00ara,,,", "name", "invalid_character"),
        ("C\x001,Mara,,,", "reference", "invalid_character"),
        (" ,Mara,,,", "reference", "reference_required"),
        ("C1,\u3164,,,", "name", "name_required"),
        (f"{'C' * 201},Mara,,,", "reference", "too_long"),
        ("C1,Mara,mara at example,,", "email", "invalid_contact"),
        ("C1,Mara,m\x00@example.org,,", "email", "invalid_contact"),
        ("C1,Mara,,,SMILE", "mode", "invalid_mode"),
        ("C1,Mara,,,,more", "", "surplus"),
    ],
)
def test_a_line_is_judged_by_the_rules_of_the_api(cells, column, code):
    text = f"reference,name,email,language,mode\n{cells}\nC9,Tomás,t@example.org,xx,silent\n"
    assert faults(text) == [(2, column, code)]
    assert persons(text) == [("C9", "Tomás")]


def test_each_fault_of_a_line_is_told():
    assert faults("reference,name,email\n,,nobody\n") == [
        (2, "reference", "reference_required"),
        (2, "name", "name_required"),
        (2, "email", "invalid_contact"),
    ]


def test_a_reference_that_comes_again_is_told_with_the_line_that_has_it():
    reading = people.read(csv_file.lines(b"reference,name\nC1,Mara\nC2,Tomas\n C1 ,Other\n"))
    (fault,) = reading.faults
    assert (fault.line, fault.code, fault.other) == (4, "repeated", 2)
    assert [one.name for one in reading.people] == ["Mara", "Tomas"]


def test_what_a_spreadsheet_would_run_is_text_like_any_other():
    assert persons("reference,name\n=1+1,Mara\n") == [("=1+1", "Mara")]
