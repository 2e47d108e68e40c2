"""docs/limits.md lists every limit in the code with its value."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import verification
from verification import casework
from verification.management.documents.limits import GROUPS, limits, value

CODE = Path(verification.__file__).parent
LIMIT = re.compile(r"MAX_\w+|MIN_\w+|\w+_LIMIT")
# Limits that the page omits, each with the reason.
NOT_LISTED = {
    "review.trail.chosen:MAX_VALUE": "of a filter's text; a longer one is no id and no name of ours: it finds nothing",
    "alerts.conditions:MAX_SUBJECT": "of an address in the settings; the rest is cut",
    "anchors.comparing:MAX_KEPT": "of what lies outside and is no checkpoint; the rest is cut",
    "audit.log:MAX_COSIGNATURES": "of a note's format",
    "health.trail:MAX_FOUND": "of what lies outside and is no checkpoint; the rest is cut",
    "alerts.conditions:MAX_DETAIL": "of a text that the portal writes itself",
    "audit.checking.records:MAX_DIGITS": "of a name that the portal writes itself; a longer one names no record",
    "audit.entries:MAX_DATA_BYTES": "of what the portal writes itself; above it, the log holds the hash",
    "exports.verify_pack:MAX_NOTE": "of a note's format",
    "exports.verify_pack:MAX_INTEGER": "another name of transparency.canonical:MAX_INTEGER",
    "exports.verify_pack:MAX_DATA_BYTES": "another name of audit.entries:MAX_DATA_BYTES",
    "management.commands.verify_trail:MAX_SHOWN": "lines of what a command prints; `--all` prints all",
    "exports.verify_pack:MAX_MANIFEST": "of what the portal writes itself; the verifier holds it in memory",
    "exports.verify_pack:MAX_LIST": "the same",
    "exports.verify_pack:MAX_READ": "the same",
    "exports.verify_pack:MAX_LINE": "the same",
    "actions.case_pack:MAX_EARLIER": "earlier packs that one proves itself to go on from; a reader may name another",
    "exports.container:MAX_NAME": "of a name that the portal makes itself",
    "audit.sealing:MAX_AT_ONCE": "how many events one transaction seals; the next one goes on",
    "transparency.canonical:MAX_INTEGER": "of what the portal writes itself",
    "transparency.notes:MAX_BYTES": "of a note's format",
    "transparency.notes:MAX_SIGNATURES": "of a note's format",
    "media.child:MAX_DETAILS": "what a child says of a refusal is checked with it; honest ones are far below",
    "media.child:MAX_WORD": "the same",
    "media.child:MAX_NUMBER": "the same",
    "media.wire:MAX_MESSAGE": "between a process and its own child; above the largest upload",
    "media.wire:MAX_TEXT": "the same",
    "media.probe:MAX_PACKETS": "another name of media.facts:MAX_PICTURES",
    "media.stamps:MAX_TEXT": "of a text that the portal writes itself",
    "media.stamps:MAX_PIXELS": "of a picture that the portal made itself",
    "media.stamps:MIN_LETTER": "how a stamp looks",
    "media.stamps:MAX_LETTER": "how a stamp looks",
    "media.sheet:MAX_SIDE": "how large the portal makes a picture of its own",
    "evidence.reuse:MAX_DISTANCE": "how alike two pictures are; it only marks a case for the reviewer",
    "evidence.reuse:MIN_SHARE": "the same",
    "evidence.reuse:MAX_CANDIDATES": "the same",
    "evidence.photos:MAX_CENTRE": "the same, of photos",
    "evidence.photos:MAX_WHOLE": "the same",
    "evidence.photos:MAX_FACE": "the same",
    "media.facts:MAX_WINDOWS": "what a child says of a photo is checked with it",
    "evidence.photos:MAX_OF_A_KEY": "the same",
    "evidence.photos:MAX_COMPARED": "the same",
    "evidence.photos:MAX_ALIKE": "the same",
    "review.queue.filters:MAX_PK": "digits of an address that no page links to; longer ones name nobody",
    "review.dashboard.review_charts:MAX_LABEL": "how a chart looks",
}


def places() -> Iterator[str]:
    """Every module-level constant whose name looks like a limit."""
    for file in sorted(CODE.rglob("*.py")):
        module = ".".join(file.relative_to(CODE).with_suffix("").parts).removesuffix(".__init__")
        for statement in ast.parse(file.read_text(encoding="utf-8")).body:
            yield from (f"{module}:{name}" for name in assigned(statement) if LIMIT.fullmatch(name))


def assigned(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


LISTED = [limit for rows in GROUPS.values() for limit in rows]


def test_every_limit_of_the_code_is_listed() -> None:
    listed = {limit.place for limit in LISTED} | set(NOT_LISTED)
    assert [place for place in places() if place not in listed] == []


def test_what_is_left_out_is_there_to_be_left_out() -> None:
    assert set(NOT_LISTED) - set(places()) == set()
    assert {limit.place for limit in LISTED} & set(NOT_LISTED) == set()


def test_no_limit_is_listed_twice() -> None:
    assert len({limit.place for limit in LISTED}) == len(LISTED)


def test_a_limit_is_shown_as_the_code_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casework, "MAX_NOTE", 4321)
    (row,) = [line for line in limits().splitlines() if "`MAX_NOTE`" in line]
    assert "| 4,321 characters |" in row
    assert "“The note may have at most 4,321 characters.”" in row


def test_what_else_varies_in_a_text_is_left_open() -> None:
    (row,) = [line for line in limits().splitlines() if "`MAX_ASSIGNED`" in line]
    assert "“… has 50 cases already.”" in row


def test_every_text_that_is_quoted_stands_in_the_code() -> None:
    texts = {
        node.value
        for file in CODE.rglob("*.py")
        if "management" not in file.parts
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    templates = "".join(file.read_text(encoding="utf-8") for file in CODE.parent.glob("templates/**/*.html"))
    quoted = [limit.text for limit in LISTED if limit.text]
    assert [text for text in quoted if text not in texts and f'"{text}"' not in templates] == []


@pytest.mark.parametrize(
    "place", ["casework", "casework:NO_SUCH_LIMIT", "casework:MAX_NOTE[x]", "nowhere:MAX"]
)
def test_a_limit_that_is_nowhere_is_an_error(place: str) -> None:
    with pytest.raises((ValueError, AttributeError, TypeError, ModuleNotFoundError)):
        value(place)
