"""docs/statistics.md: what each figure of the statistics for a regulator is, from the table of figures."""

from verification.exports.statistics import groups, intervals, withholding
from verification.exports.statistics.collect import NOT_HERE, SECTIONS
from verification.exports.statistics.figure import Figure
from verification.management.documents.note import NOTE


def statistics() -> str:
    sections = "\n".join(f"## {section.title}\n\n{_figures(section.figures)}" for section in SECTIONS)
    missing = "\n".join(f"- {each}" for each in NOT_HERE)
    return f"""{NOTE}

# Statistics for a regulator

What each figure of the statistics is, as it also stands in the pack itself. All are totals of a period of whole days in
UTC, read at one moment of the database. They name no applicant and no member of staff.

- **Intervals** hold the true value in {intervals.LEVEL} of 100 cases: of a share by Wilson, of a difference of two
  shares by Newcombe's hybrid score, of Cohen's kappa by Fleiss, Cohen and Everitt.
- **By group**, counts from 1 to {withholding.SMALLEST - 1} are withheld, with as many further rows as are needed so
  that nobody can work them out. Two packs of nearly the same days can still be compared: give away periods that do not
  overlap.
- **Below {groups.ENOUGH} cases** in a group, or in all others, a share is marked as too uncertain to compare.
- Figures without a group count what the organisation did. They are told as they are.

{sections}
## What is not in it

{missing}
"""


def _figures(figures: tuple[Figure, ...]) -> str:
    return "\n".join(map(_figure, figures))


def _figure(figure: Figure) -> str:
    columns = "; ".join(
        f"*{column.title}* ({column.kind}): {column.meaning.rstrip('.')}"
        if column.meaning != f"{column.title}."
        else f"*{column.title}* ({column.kind})"
        for column in figure.columns
    )
    shares = (
        f"- Numerator: {figure.numerator}\n- Denominator: {figure.denominator}\n" if figure.numerator else ""
    )
    notes = f"- Note: {figure.notes}\n" if figure.notes else ""
    return f"""### {figure.title}

{figure.meaning}

- File: `{figure.key}.csv`
- Query: {figure.query}
{shares}- Columns: {columns}.
{notes}"""
