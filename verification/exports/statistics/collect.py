"""All figures of a period. Read them within one snapshot of the database, so that they agree with each other."""

from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any

from verification import __version__
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period, plain
from verification.exports.statistics import (
    agreement,
    decisions,
    groups,
    intervals,
    keeping,
    policies,
    service,
    volumes,
    withholding,
)
from verification.exports.statistics.figure import Figure, Rows

SCHEMA = "kyc-portal/statistics"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    module: ModuleType

    @property
    def figures(self) -> tuple[Figure, ...]:
        found: tuple[Figure, ...] = self.module.FIGURES
        return found


SECTIONS = (
    Section("volumes", "How much came in", volumes),
    Section("decisions", "Decisions", decisions),
    Section("agreement", "Agreement", agreement),
    Section("groups", "Is everybody treated alike?", groups),
    Section("keeping", "Keeping and erasing", keeping),
    Section("vendor", "The vendor", service),
    Section("policies", "The policy", policies),
)
FIGURES = tuple(figure for section in SECTIONS for figure in section.figures)
# What a regulator may look for here and does not find, because the portal does not know it.
NOT_HERE = (
    "Whether staff are trained, and in what: the portal keeps no record of training.",
    "Age, sex, origin, disability or nationality of applicants: the portal does not know them, so nothing here "
    "compares by them.",
    "Whether a decision was right in truth: it shows what people and the vendor found, and where they differ.",
    "Cases that were never entered into this portal, and what other systems did with its results.",
)


def collect(period: Period, now: datetime, progress: Progress) -> dict[str, Rows]:
    """The rows of every figure."""
    found: dict[str, Rows] = {}
    for section in SECTIONS:
        found |= section.module.collect(period, now)
        progress.add(len(section.figures))
    return found


def as_json(period: Period, now: datetime, found: dict[str, Rows]) -> dict[str, Any]:
    """What statistics.json holds: the definitions with the figures, so that it can be read alone."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "product_version": __version__,
        "made_at": plain(now),
        "time_zone": "UTC",
        "period": period.facts(now),
        "rules": {
            "confidence_per_cent": intervals.LEVEL,
            "smallest_count_told": withholding.SMALLEST,
            "enough_cases_to_compare": groups.ENOUGH,
        },
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "figures": [_figure(figure, found[figure.key]) for figure in section.figures],
            }
            for section in SECTIONS
        ],
        "not_here": list(NOT_HERE),
    }


def _figure(figure: Figure, rows: Rows) -> dict[str, Any]:
    return {
        "key": figure.key,
        "title": figure.title,
        "meaning": figure.meaning,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "query": figure.query,
        "notes": figure.notes,
        "columns": [
            {"name": each.name, "title": each.title, "kind": each.kind, "meaning": each.meaning}
            for each in figure.columns
        ],
        "rows": rows,
    }
