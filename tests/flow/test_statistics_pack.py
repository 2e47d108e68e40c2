"""The statistics pack: what is in it, that it can be checked by anybody, and that it names nobody."""

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.flow.conftest import LATER
from tests.flow.test_dashboard_history import make
from tests.flow.test_packs import pinned
from tests.flow.test_sealing import seal_all
from verification.audit import log
from verification.exports import container
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period
from verification.exports.statistics import pack, telling
from verification.exports.statistics.collect import FIGURES, SECTIONS
from verification.exports.statistics.figure import Figure
from verification.models import StaffUser, Verification
from verification.transparency.canonical import canonical

pytestmark = pytest.mark.usefixtures("two_hours_later", "db")
NOVEMBER = Period.of_days(date(2026, 11, 1), date(2026, 11, 30))
REASON = "Question 12 of the supervisor | <b>urgent</b>"


@pytest.fixture(scope="module")
def history(once: Callable[..., dict[str, Verification]]) -> dict[str, Verification]:
    return once(make)


def packed() -> bytes:
    if log.newest() is None:
        seal_all()
    file = io.BytesIO()
    request = pack.Request("exp_x", NOVEMBER, "auditor", "regulator", REASON, LATER)
    pack.write(file, request, lambda: container.Trail.at(log.newest()), Progress())
    return file.getvalue()


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def test_it_is_checked_offline_as_its_document_says_by_the_program_that_it_holds(
    history: dict[str, Verification], tmp_path: Path
) -> None:
    content = packed()
    (tmp_path / "PACK.zip").write_bytes(content)
    (tmp_path / "verify.py").write_bytes(opened(content).read("verify.py"))
    said = re.search(r"^    python3 (.*)$", opened(content).read("STATISTICS.md").decode(), re.MULTILINE)
    assert said
    command = [sys.executable, *said[1].replace("KEY", pinned()[0]).split()]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    (tmp_path / "PACK.zip").write_bytes(content.replace(b"statistics.json", b"statistics.jsom"))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 1


def test_the_same_figures_give_the_same_bytes(history: dict[str, Verification]) -> None:
    assert packed() == packed()


def test_each_file_tells_the_same_figures(history: dict[str, Verification]) -> None:
    archive = opened(packed())
    raw = archive.read(pack.JSON)
    told = json.loads(raw)
    assert raw == canonical(told) + b"\n"
    figures = {figure["key"]: figure for section in told["sections"] for figure in section["figures"]}
    assert list(figures) == [figure.key for figure in FIGURES]
    for figure in FIGURES:
        text = archive.read(f"{figure.key}.csv").decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [list(row) for row in rows] == [
            [column["name"] for column in figures[figure.key]["columns"]] for _ in rows
        ]
        assert [list(row.values()) for row in rows] == [
            [pack._cell(column, row[column.name]) for column in figure.columns]
            for row in figures[figure.key]["rows"]
        ]
        assert f"### {figure.title}\n" in archive.read("STATISTICS.md").decode()


def test_every_figure_stands_with_its_definition(history: dict[str, Verification]) -> None:
    archive = opened(packed())
    document, page = archive.read("STATISTICS.md").decode(), archive.read("statistics.html").decode()
    for section in SECTIONS:
        assert f"## {section.title}" in document
    assert document.count("- Query: ") == page.count("<dt>Query</dt>") == len(FIGURES)
    assert document.count("- Numerator: ") == sum(bool(figure.numerator) for figure in FIGURES)


class Page(HTMLParser):
    """Collects what would load something or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.bold = self.charts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _value in attrs}
        self.loads += [tag] if tag in ("script", "link", "img", "iframe") else []
        self.loads += [name for name in names if name in ("src", "href", "style") or name.startswith("on")]
        self.bold += tag == "b"
        self.charts += tag == "svg" and ("role", "img") in attrs


def test_the_page_stands_alone_and_runs_nothing(history: dict[str, Verification]) -> None:
    html = opened(packed()).read("statistics.html").decode()
    page, ids = Page(html), re.findall(r'\sid="([^"]+)"', html)
    assert page.loads == []
    assert len(ids) == len(set(ids)), "a link leads to one place"
    assert page.bold == 0, "the reason was typed by a person, and is shown as text"
    assert page.charts > 5


def test_it_names_no_applicant_no_case_and_nobody_of_the_staff(history: dict[str, Verification]) -> None:
    archive = opened(packed())
    texts = {name: archive.read(name).decode() for name in archive.namelist() if name != "verify.py"}
    for name, text in texts.items():
        for case in history.values():
            for secret in (case.public_id, case.applicant.public_id, case.applicant.reference):
                assert secret not in text, name
        assert "Alice" not in text
        assert "ver_" not in text
        assert "att_" not in text
        if not name.startswith(("trail/", "manifest")):
            users = [user.username for user in StaffUser.objects.all()]
            assert not any(f'"{user}"' in text or f"| {user} |" in text for user in users), name


def test_a_number_below_zero_is_a_number_in_the_table_and_a_formula_is_text() -> None:
    figure: Figure = next(figure for figure in FIGURES if figure.key == "groups_passed")
    row: dict[str, Any] = dict.fromkeys([column.name for column in figure.columns])
    row |= {"dimension": "Language", "group": "=1+1", "difference": "-0.0500"}
    line = pack.table(figure, [row]).decode().splitlines()[1]
    assert '"-0.0500"' in line
    assert '"\'=1+1"' in line
    assert telling.told(figure.columns[7], row) == "-5.0 points"
