"""The figures as a page shows them, on the staff site and on paper: charts, tables in words, and definitions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from verification.charts import Figure as Drawn
from verification.charts import Table
from verification.exports.period.table import Period
from verification.exports.statistics import document, drawing, groups, telling, withholding
from verification.exports.statistics.collect import NOT_HERE, SECTIONS, Section
from verification.exports.statistics.figure import Column, Figure, Rows

# Columns of a table that stands beside its chart.
BESIDE = 5


@dataclass(frozen=True)
class Shown:
    """One figure, ready for the template. `drawn` is what the dashboard's templates of charts read."""

    what: Figure
    found: Rows

    @property
    def rows(self) -> list[list[tuple[Column, str]]]:
        told = telling.table(self.what, self.found)
        return [list(zip(self.what.columns, row, strict=True)) for row in told]

    @property
    def is_narrow(self) -> bool:
        """Has the table room beside its chart?"""
        return len(self.what.columns) <= BESIDE and len(self.charts) == 1

    @property
    def charts(self) -> drawing.Charts:
        return drawing.of(self.what.key, self.found)

    @property
    def series(self) -> list[tuple[str, str]]:
        return list(drawing.KEYS.get(self.what.key, {}).items())

    @property
    def drawn(self) -> Drawn:
        return Drawn(self.what.key, self.what.title, self.what.meaning, Table([], []))

    @property
    def withheld(self) -> str:
        if not any(row.get("withheld") and row["group"] != groups.ALL for row in self.found):
            return ""
        return (
            f"Some counts are withheld, because one of them lies from 1 to {withholding.SMALLEST - 1} or would tell "
            "such a one."
        )

    @property
    def few(self) -> str:
        if not any(row.get("enough") is False and row["share"] is not None for row in self.found):
            return ""
        return f"Some groups, or all others together, hold fewer than {groups.ENOUGH} cases: too few to compare them."


def context(found: Mapping[str, Rows]) -> dict[str, Any]:
    return {
        "sections": [
            {"key": section.key, "title": section.title, "figures": _shown(section, found)}
            for section in SECTIONS
        ],
        "not_here": NOT_HERE,
        "rules": document.RULES,
    }


def _shown(section: Section, found: Mapping[str, Rows]) -> list[Shown]:
    return [Shown(figure, found[figure.key]) for figure in section.figures if figure.key in found]


def paper(period: Period, now: datetime, found: Mapping[str, Rows], reason: str) -> str:
    """statistics.html: one file with everything in it, for any browser and for print."""
    days = f"{period.first_day} to {period.last_day}"
    made = {"period": days, "made_at": f"{now:%Y-%m-%d %H:%M}", "reason": reason, "is_paper": True}
    return render_to_string("exports/statistics/paper.html", {**context(found), **made})
