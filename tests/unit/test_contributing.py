"""The checklists of CONTRIBUTING.md name every file that mentions their example, and no other file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PRODUCT = ("verification", "kyc_portal", "templates", "static", "docs", ".env.example", "README.md")
TEXT = {".py", ".html", ".js", ".css", ".md", ".example"}
NOT_FOLLOWED = ("tests/", "verification/migrations/", "docs/adr/")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Checklist:
    """`spellings` are the spellings of the example in files; `paths` are the files and folders of the items."""

    spellings: tuple[str, ...]
    paths: tuple[str, ...]

    def names(self, path: Path) -> bool:
        """Whether this file, or one of this folder, contains the example in its path or text."""
        return any(
            re.search(
                rf"(?<!\w){re.escape(spelling)}(?!\w)", f"{file.relative_to(PROJECT)}\n{file.read_text()}"
            )
            for file in texts(path)
            for spelling in self.spellings
        )


def texts(path: Path) -> Iterator[Path]:
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if file.suffix in TEXT or file.name == ".env.example":
            yield file


def read(section: str) -> Checklist:
    (example,) = re.findall(r"^Example: (.+)$", section, re.MULTILINE)
    items = re.findall(r"^- \[ \] (.+?):", section, re.MULTILINE)
    return Checklist(
        tuple(CODE.findall(example)), tuple(path for item in items for path in CODE.findall(item))
    )


def checklists() -> dict[str, Checklist]:
    guide = (PROJECT / "CONTRIBUTING.md").read_text().partition("## Checklists")[2]
    sections = re.split(r"^### ", guide, flags=re.MULTILINE)[1:]
    return {section.partition("\n")[0]: read(section) for section in sections}


CHECKLISTS = checklists()


def test_there_is_a_checklist_for_each_kind_of_change() -> None:
    kinds = ("code", "reason", "page", "event", "setting", "limit", "term of the policy")
    assert len(CHECKLISTS) == len(kinds)
    for title, kind in zip(CHECKLISTS, kinds, strict=True):
        assert kind in title


@pytest.mark.parametrize("title", CHECKLISTS)
def test_every_item_names_a_file_that_has_the_example(title: str) -> None:
    checklist = CHECKLISTS[title]
    assert [path for path in checklist.paths if not checklist.names(PROJECT / path)] == []


@pytest.mark.parametrize("title", CHECKLISTS)
def test_no_file_of_the_product_that_has_the_example_is_left_out(title: str) -> None:
    checklist = CHECKLISTS[title]
    product = (file for place in PRODUCT for file in texts(PROJECT / place))
    having = {str(file.relative_to(PROJECT)) for file in product if checklist.names(file)}
    followed = {path for path in having if not path.startswith(NOT_FOLLOWED)}
    assert followed == {path for path in checklist.paths if not path.startswith(NOT_FOLLOWED)}
