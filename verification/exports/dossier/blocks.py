"""The parts that a page of the dossier is made of, as the template takes them. Plain values, no words of its own."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import ngettext

Block = dict[str, Any]
Cell = str | dict[str, str]


def mono(text: str) -> Cell:
    """A hash or an id: in letters of one width."""
    return {"mono": text}


def time(at: datetime | None) -> str:
    """To the second, in UTC; "" where there is none. The section or the column says that it is UTC."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def moment(at: datetime) -> str:
    return f"{time(at)} UTC"


def section(title: str, *blocks: Block | None) -> Block:
    return {"title": title, "blocks": [block for block in blocks if block]}


def pairs(rows: Iterable[tuple[str, Any]]) -> Block:
    """Names with their values; those that are empty are left out."""
    return {"kind": "pairs", "rows": [[str(name), value] for name, value in rows if value not in ("", None)]}


def table(columns: Sequence[tuple[str, float]], rows: Iterable[Sequence[Cell]]) -> Block:
    """`columns` are titles with their share of the width; 0 is as wide as the content."""
    titles, widths = zip(*columns, strict=True)
    return {
        "kind": "table",
        "titles": list(map(str, titles)),
        "widths": widths,
        "rows": list(map(list, rows)),
    }


def text(words: str, *, quiet: bool = False) -> Block:
    return {"kind": "text", "text": words, "quiet": quiet}


def quote(words: Cell) -> Block:
    """Words as they were shown or signed elsewhere, with their line breaks."""
    return {"kind": "quote", "text": words}


def steps(sentences: Iterable[str]) -> Block:
    return {"kind": "steps", "items": list(sentences)}


def pictures(items: Iterable[Block]) -> Block:
    return {"kind": "pictures", "items": list(items)}


def listed(
    columns: Sequence[tuple[str, float]],
    rows: Sequence[Any],
    most: int,
    cells: Callable[[Any], Sequence[Cell]] = list,
) -> tuple[Block, Block | None]:
    """A table of so many rows at most, and what it says of the rest. `cells` are those of a row."""
    return table(columns, map(cells, rows[:most])), left_out(len(rows) - most)


def left_out(count: int) -> Block | None:
    """What a list says if it does not show all."""
    if count <= 0:
        return None
    words = ngettext("%(count)d more is not printed here.", "%(count)d more are not printed here.", count)
    return text(words % {"count": count}, quiet=True)
