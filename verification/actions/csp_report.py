"""Counting what browsers report of the content security policy, within bounds: anybody can send a report."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Count, F, Sum

from verification.models import CspReport

MAX_ROWS: Final = 200  # a day; further kinds are counted in one row
MAX_REPORTS: Final = 5_000  # a day; further ones are dropped
KEPT: Final = timedelta(days=30)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Violation:
    """`page` is the pattern of an address, `blocked` an origin or a word such as inline."""

    directive: str
    page: str
    blocked: str


OTHER = Violation("other", "", "")


@transaction.atomic
def count(violations: Iterable[Violation], *, now: datetime) -> None:
    today = CspReport.objects.filter(day=now.date())
    found = today.aggregate(rows=Count("pk"), reports=Sum("count"))
    rows, room = found["rows"], MAX_REPORTS - (found["reports"] or 0)
    for violation in list(violations)[: max(0, room)]:
        if not _once_more(violation, now):
            rows += _first(violation if rows < MAX_ROWS else OTHER, now)


def _once_more(violation: Violation, now: datetime) -> bool:
    rows = CspReport.objects.filter(day=now.date(), **vars(violation))
    return bool(rows.update(count=F("count") + 1))


def _first(violation: Violation, now: datetime) -> int:
    """The number of rows that were added. A new row also deletes what is older than KEPT."""
    if _once_more(violation, now):
        return 0
    CspReport.objects.filter(day__lt=(now - KEPT).date()).delete()
    _row, created = CspReport.objects.get_or_create(day=now.date(), **vars(violation))
    if created:
        log.warning("csp.violation", **vars(violation))
    return int(created)
