"""docs/statistics.md: what each figure of the statistics for a regulator is, from the table of figures."""

from verification.exports.statistics.collect import NOT_HERE, SECTIONS
from verification.exports.statistics.document import RULES
from verification.exports.statistics.figure import Figure
from verification.management.documents.note import NOTE


def statistics() -> str:
    sections = "\n".join(f"## {section.title}\n\n{_figures(section.figures)}" for section in SECTIONS)
    rules, missing = ("\n".join(f"- {each}" for each in lines) for lines in (RULES, NOT_HERE))
    return f"""{NOTE}

# Statistics for a regulator

What each figure of the statistics is, as it also stands in the pack itself. All are totals of a period of whole days in
UTC, read at one moment of the database. They name no applicant and no member of staff.

{rules}

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
