"""Views of cases, evidence and records: each view is an event, and an unusual number of them raises an alert.

A reviewer views a few pieces of evidence a minute. Somebody who copies the archive views many, on whatever page, and
the alert shows it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from verification import audit
from verification.models import LOOKS as LOOKS
from verification.models import AuditEvent

log = structlog.get_logger(__name__)

CASE, EVIDENCE, RECORD = "case.viewed", "evidence.viewed", "record.viewed"
LIST = "records.listed"
TRACE = "case.traced"
REVEAL, SEARCH = "applicant.revealed", "queue.searched"
NAME = "applicant.name_shown"  # to the reviewer who compares it with the document
SHARED = "case.shared_viewed"
EXPLAINED = "case.explained"
PACK = "case_pack.made"  # the whole case in one file that leaves the portal
ALERT = "staff.viewing_alert"


@dataclass(frozen=True)
class Usual:
    """More than `most` views of one kind by one person within `span` are unusual."""

    most: int
    span: timedelta


USUAL = {
    EVIDENCE: Usual(60, timedelta(minutes=10)),
    CASE: Usual(120, timedelta(hours=1)),
    RECORD: Usual(60, timedelta(hours=1)),
    TRACE: Usual(60, timedelta(hours=1)),
    LIST: Usual(120, timedelta(hours=1)),
    REVEAL: Usual(30, timedelta(hours=1)),
    NAME: Usual(120, timedelta(hours=1)),
    SEARCH: Usual(120, timedelta(hours=1)),
    SHARED: Usual(60, timedelta(hours=1)),
    EXPLAINED: Usual(60, timedelta(hours=1)),
    PACK: Usual(10, timedelta(hours=1)),
}


def record(kind: str, *, by: audit.By, subject: Any, now: datetime, **facts: Any) -> None:
    """Record one view, and raise the alert if it is one too many; at most one alert in a span."""
    with transaction.atomic():
        audit.record(kind, by=by, subject=subject, at=now, **facts)
        usual = USUAL.get(kind)
        if usual is not None:
            _watch(kind, usual, by, subject, now)


def _watch(kind: str, usual: Usual, by: audit.By, subject: Any, now: datetime) -> None:
    lately = AuditEvent.objects.filter(actor_id=by.id, at__gt=now - usual.span)
    # The slice bounds the cost of counting.
    count = lately.filter(kind=kind)[: usual.most + 1].count()
    if count <= usual.most or lately.filter(kind=ALERT, data__looks=kind).exists():
        return
    minutes = int(usual.span.total_seconds() // 60)
    audit.record(ALERT, by=by, subject=subject, at=now, looks=kind, count=count, minutes=minutes)
    log.error("staff.viewing_alert", user=by.id, looks=kind, minutes=minutes)
