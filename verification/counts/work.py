"""Counts of the work over a period: what came in, what waits, and how long decisions took.

Aggregates only, never names or single cases. `reviews` counts reviews, `vendor` the vendor's answers.
Every function is one query, whatever the length of the period. Days are UTC.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, RowNumber, TruncDate

from verification.counts.spans import within
from verification.models import AuditEvent, Verification
from verification.states import Status

# The series of the daily flow, each by the events that it counts.
FLOW = {
    "invited": ("verification.invited",),
    "sent": ("attempt.submitted",),
    "to_review": ("decision.sent_to_review",),
    "decided": ("decision.approved_by_policy", "review.approved", "review.declined"),
}
# Upper bounds of the ages in the backlog; the last group has everything older.
AGES = (timedelta(hours=4), timedelta(days=1), timedelta(days=3))
# Upper bounds of the times to a decision; the last group has everything longer.
LENGTHS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=3),
)


def start_of(days: int, now: datetime) -> datetime:
    """Midnight (UTC) at the start of a period of `days` days that ends today."""
    return datetime.combine(now.astimezone(UTC).date() - timedelta(days=days - 1), time(), UTC)


def days_of(start: datetime, now: datetime) -> list[date]:
    first, last = start.date(), now.astimezone(UTC).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


# Flow and backlog


def flow(
    start: datetime, end: datetime | None = None, series: Mapping[str, tuple[str, ...]] = FLOW
) -> dict[str, Counter[date]]:
    """For each of the series, its count by day."""
    names = {kind: name for name, kinds in series.items() for kind in kinds}
    happened = AuditEvent.objects.filter(within("at", start, end), kind__in=names).order_by()
    by_day = happened.annotate(day=TruncDate("at", tzinfo=UTC)).values("day", "kind")
    found: dict[str, Counter[date]] = {name: Counter() for name in series}
    for row in by_day.annotate(count=Count("pk")):
        found[names[row["kind"]]][row["day"]] += row["count"]
    return found


def backlog(now: datetime) -> list[tuple[int, int]]:
    """(in time, overdue) counts of the cases in review now, for each of AGES and for everything older."""
    edges = [now + timedelta(days=1), *(now - age for age in AGES)]
    counters = {}
    for number, newest in enumerate(edges):
        inside = Q(queued_at__lte=newest)
        if number < len(AGES):
            inside &= Q(queued_at__gt=edges[number + 1])
        counters[f"all_{number}"] = Count("pk", filter=inside)
        counters[f"late_{number}"] = Count("pk", filter=inside & Q(due_at__lt=now))
    found = Verification.objects.filter(status=Status.IN_REVIEW).aggregate(**counters)
    late = [found[f"late_{number}"] for number in range(len(edges))]
    return [(found[f"all_{number}"] - late[number], late[number]) for number in range(len(edges))]


# Decisions

_DURATION = DurationField()


def _decided(start: datetime, end: datetime | None = None) -> QuerySet[Any]:
    """Cases decided in the period: whether by a reviewer, and the time since it was their (or the system's) turn."""
    in_queue = ExpressionWrapper(F("decided_at") - F("queued_at"), output_field=_DURATION)
    in_hand = ExpressionWrapper(
        F("decided_at") - F("passing_call__attempt__submitted_at"), output_field=_DURATION
    )
    # Only approved and declined cases have `decided_at`; no further filter, so that its index is used.
    ended = Verification.objects.filter(within("decided_at", start, end)).order_by()
    by_person = Case(
        When(final_review__isnull=False, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    length = Case(When(final_review__isnull=False, then=in_queue), default=in_hand, output_field=_DURATION)
    return ended.annotate(by_person=by_person, length=length).filter(length__isnull=False)


@dataclass(frozen=True)
class Times:
    """Counts of decisions for each of LENGTHS and for everything longer; `in_time` counts those of review."""

    counts: tuple[int, ...] = (0,) * (len(LENGTHS) + 1)
    in_time: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts)


def in_time(start: datetime, end: datetime | None = None) -> dict[str, tuple[int, int]]:
    """Band to (decisions by people, those of them within the policy's review hours)."""
    people = _decided(start, end).filter(by_person=True).values("band")
    rows = people.annotate(all=Count("pk"), in_time=Count("pk", filter=Q(length__lte=_allowed())))
    return {row["band"]: (row["all"], row["in_time"]) for row in rows}


def _allowed() -> "ExpressionWrapper[Any]":
    """The time that the policy of a case allows for its review."""
    hours = Cast("policy__review_hours", IntegerField())
    return ExpressionWrapper(
        hours * Value(timedelta(hours=1), output_field=_DURATION), output_field=_DURATION
    )


def times(start: datetime, end: datetime | None = None) -> dict[bool, Times]:
    """Keyed by whether a reviewer decided."""
    counters = {"in_time": Count("pk", filter=Q(length__lte=_allowed())), "all": Count("pk")}
    counters |= {f"to_{n}": Count("pk", filter=Q(length__lte=limit)) for n, limit in enumerate(LENGTHS)}
    found = {True: Times(), False: Times()}
    for row in _decided(start, end).values("by_person").annotate(**counters):
        reached = [0, *(row[f"to_{n}"] for n in range(len(LENGTHS))), row["all"]]
        counts = tuple(later - earlier for earlier, later in pairwise(reached))
        found[row["by_person"]] = Times(counts, row["in_time"])
    return found


def percentiles(
    start: datetime, end: datetime | None = None, per_cents: Sequence[int] = (50, 90)
) -> dict[tuple[bool, int], timedelta]:
    """(by a reviewer, per cent) to the percentile by nearest rank, which is a time that occurred."""
    return nearest_ranks(_decided(start, end), "by_person", "length", per_cents)


def review_times(
    start: datetime, end: datetime | None = None, per_cents: Sequence[int] = (50, 90)
) -> dict[tuple[str, int], timedelta]:
    """(band, per cent) to the percentile of the times to a decision by people."""
    return nearest_ranks(_decided(start, end).filter(by_person=True), "band", "length", per_cents)


def nearest_ranks(
    rows: QuerySet[Any], group: str, value: str, per_cents: Sequence[int]
) -> dict[tuple[Any, int], Any]:
    """(value of `group`, per cent) to the percentile of `value` by nearest rank. One query."""
    ranked = rows.annotate(
        rank=Window(RowNumber(), partition_by=[group], order_by=[value, "pk"]),
        of=Window(Count("pk"), partition_by=[group]),
    )
    # ceil(n × per cent / 100) in whole numbers
    wanted = Q()
    for per_cent in per_cents:
        wanted |= Q(rank=(F("of") * per_cent + 99) / 100)
    found: dict[tuple[Any, int], Any] = {}
    for name, amount, rank, of in ranked.filter(wanted).values_list(group, value, "rank", "of"):
        found |= {(name, each): amount for each in per_cents if rank == (of * each + 99) // 100}
    return found


def slower_than(start: datetime, hours: Iterable[int]) -> list[int]:
    """How many decisions by reviewers took longer than each of these hours."""
    limits = [timedelta(hours=number) for number in hours]
    counters = {f"over_{n}": Count("pk", filter=Q(length__gt=limit)) for n, limit in enumerate(limits)}
    found = _decided(start).filter(by_person=True).aggregate(**counters)
    return [found[f"over_{n}"] for n in range(len(limits))]


def passes_after_attempt(start: datetime, attempts: int) -> tuple[int, int]:
    """(all cases approved without review, those of them with more than this many attempts)."""
    alone = Q(status=Status.APPROVED, final_review__isnull=True)
    found = Verification.objects.filter(decided_at__gte=start).aggregate(
        all=Count("pk", filter=alone), later=Count("pk", filter=alone & Q(attempts_used__gt=attempts))
    )
    return found["all"], found["later"]
