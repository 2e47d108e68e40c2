"""STATISTICS.md: all figures with their definitions, to be read without any program."""

from datetime import datetime

from verification.exports.period.table import Period
from verification.exports.statistics import groups, intervals, telling, withholding
from verification.exports.statistics.collect import NOT_HERE, SECTIONS
from verification.exports.statistics.figure import Figure, Rows

RULES = (
    f"Every share has a {intervals.LEVEL} % confidence interval (Wilson); so have differences between groups "
    "(Newcombe) and Cohen's kappa (Fleiss, Cohen and Everitt).",
    f"By group, counts from 1 to {withholding.SMALLEST - 1} are withheld, with as many further rows as are needed so "
    "that nobody can work them out. Two sets of statistics of nearly the same days can still be compared: give away "
    "periods that do not overlap.",
    f"Below {groups.ENOUGH} cases in a group, or in all others, a share is too uncertain to compare. Such rows are "
    "marked.",
    "Figures without a group count what the organisation did, and are told as they are.",
)


def statistics(period: Period, now: datetime, found: dict[str, Rows], reason: str) -> str:
    sections = "\n".join(
        f"## {section.title}\n\n{''.join(_figure(figure, found[figure.key]) for figure in section.figures)}"
        for section in SECTIONS
    )
    rules, missing = ("\n".join(f"- {_text(each)}" for each in lines) for lines in (RULES, NOT_HERE))
    return f"""# Statistics of identity verification

From {period.first_day} to {period.last_day}, both included, days in UTC. Made on {now:%Y-%m-%d at %H:%M} UTC, from one
moment of the database. Made for: {_text(reason)}

The same figures are in statistics.json for programs, in one CSV file each, and in statistics.html for reading and
printing. This checks that nothing was changed since the portal signed it:

    python3 -I -S verify.py PACK.zip --key KEY

KEY is the trail's public key as the organisation publishes it. Get it, and `verify.py`, from somewhere else than this
pack: whoever changed the pack could have put theirs into it.

{rules}

{sections}
## What is not in it

{missing}
"""


def _figure(figure: Figure, rows: Rows) -> str:
    lines = [f"### {figure.title}", "", _text(figure.meaning), "", _table(figure, rows), ""]
    if figure.numerator:
        lines += [f"- Numerator: {_text(figure.numerator)}", f"- Denominator: {_text(figure.denominator)}"]
    lines.append(f"- Query: {_text(figure.query)}")
    if figure.notes:
        lines.append(f"- Note: {_text(figure.notes)}")
    lines += [f"- File: {figure.key}.csv", "", ""]
    return "\n".join(lines)


def _table(figure: Figure, rows: Rows) -> str:
    if not rows:
        return "Nothing in this period."
    head = [column.title for column in figure.columns]
    body = [[_text(cell) for cell in row] for row in telling.table(figure, rows)]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(text: str) -> str:
    """No sign in it means anything in Markdown or HTML, nor ends the line."""
    shown = " ".join(text.split())
    for sign in "\\`*_[]<>|#&":
        shown = shown.replace(sign, f"\\{sign}")
    return shown
