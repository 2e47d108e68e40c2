"""Links in the documents lead to an existing page and section."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def documents() -> list[str]:
    found = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")]
    return sorted(str(page.relative_to(PROJECT)) for page in found)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's sections: lower case, hyphens for spaces, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", documents())
def test_every_link_of_a_document_leads_somewhere(name: str) -> None:
    page = PROJECT / name
    for target, section in LINK.findall(page.read_text(encoding="utf-8")):
        found = page.parent / target if target else page
        assert found.exists(), f"{name} links to {target}"
        assert not section or section in anchors(found), f"{name} links to {target}#{section}"


def test_the_readme_leads_to_every_document() -> None:
    linked = {target for target, _ in LINK.findall((PROJECT / "README.md").read_text(encoding="utf-8"))}
    pages = {name for name in documents() if re.fullmatch(r"docs/[^/]+\.md|[A-Z]+\.md", name)} - {"README.md"}
    assert pages <= linked
