"""Counts of the vendor's answers over a period: codes, calls, scores, and what became of them.

Aggregates only, one query each.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Floor, Least, TruncDate

from verification.counts.spans import within
from verification.liveness import VENDOR_PASS
from verification.models import AnswerKind, CallState, ProviderCall, Review, RiskFlag, Stage, Verdict
from verification.rules import shared_evidence
from verification.states import FOR_A_PERSON

BIN = 2  # points of similarity per column of the histogram
BINS = 100 // BIN
AUTOMATIC, UNDECIDED = "automatic", "open"
SUCCESS = "Success"


@dataclass(frozen=True)
class Passes:
    """A number of vendor passes with the same score and the same decision.

    `held`: the case goes to review whatever the threshold, because it was flagged. `decision`: the reviewer's.
    """

    similarity: Decimal
    held: bool
    decision: str
    count: int


def codes(start: datetime, end: datetime | None = None) -> Counter[tuple[str, bool]]:
    """Answers by (code, whether the code is the result of a check)."""
    answers = ProviderCall.objects.filter(
        within("started_at", start, end), state=CallState.ANSWERED
    ).order_by()
    rows = answers.values("code", "answer").annotate(count=Count("pk"))
    found: Counter[tuple[str, bool]] = Counter()
    for row in rows:
        found[row["code"], row["answer"] == AnswerKind.USABLE] += row["count"]
    return found


def calls(start: datetime) -> dict[str, Counter[date]]:
    """Calls: `billed` to counts by day."""
    made = ProviderCall.objects.filter(started_at__gte=start, slot_missed=False).order_by()
    by_day = made.annotate(day=TruncDate("started_at", tzinfo=UTC)).values("day", "billed")
    found: dict[str, Counter[date]] = {}
    for row in by_day.annotate(count=Count("pk")):
        found.setdefault(row["billed"], Counter())[row["day"]] += row["count"]
    return found


def _scored(start: datetime) -> QuerySet[Any]:
    """Answers with a score, each with the first decision by a reviewer after it ("" if none)."""
    reviews = Review.objects.filter(
        verification=OuterRef("attempt__verification"),
        stage=Stage.DECISION,
        at__gte=OuterRef("attempt__finished_at"),
    ).order_by("at", "pk")
    decisions = reviews.filter(verdict__in=[Verdict.APPROVE, Verdict.DECLINE, Verdict.ASK_AGAIN])
    taken_back = reviews.filter(
        verdict__in=[Verdict.APPROVE, Verdict.DECLINE, Verdict.ASK_AGAIN, Verdict.REOPEN]
    )
    return (
        ProviderCall.objects.filter(
            started_at__gte=start, answer=AnswerKind.USABLE, similarity__isnull=False, rerun__isnull=True
        )
        .annotate(
            decision=Coalesce(Subquery(decisions.values("verdict")[:1]), Value("")),
            first=Coalesce(Subquery(taken_back.values("verdict")[:1]), Value("")),
        )
        .order_by()
    )


# Approved without review, even if the case was reopened later.
_BY_ITSELF = Q(attempt__verification__passing_call=F("pk")) | Q(first=Verdict.REOPEN)


def similarities(start: datetime) -> dict[str, list[int]]:
    """The histogram: for each outcome, counts by column of BIN points."""
    outcome = Case(
        When(decision=Verdict.APPROVE, then=Value(Verdict.APPROVE.value)),
        When(decision=Verdict.DECLINE, then=Value(Verdict.DECLINE.value)),
        When(_BY_ITSELF, then=Value(AUTOMATIC)),
        default=Value(UNDECIDED),
        output_field=CharField(),
    )
    column = Least(Cast(Floor(F("similarity") / BIN), IntegerField()), Value(BINS - 1))
    rows = _scored(start).annotate(column=column, outcome=outcome).values("column", "outcome")
    found = {name: [0] * BINS for name in (AUTOMATIC, Verdict.APPROVE, Verdict.DECLINE, UNDECIDED)}
    for row in rows.annotate(count=Count("pk")):
        found[row["outcome"]][row["column"]] += row["count"]
    return found


def passes(start: datetime) -> list[Passes]:
    """The vendor's passes by score and fate, for the simulator. At most one row per hundredth of a point and fate."""
    flagged = Exists(
        RiskFlag.objects.filter(
            Q(code__in=FOR_A_PERSON)
            | Q(other__isnull=False, verification__policy__shared_evidence__in=shared_evidence.HOLD),
            verification=OuterRef("attempt__verification"),
        )
    )
    # Sent to review although the score met the policy.
    elsewise = ~_BY_ITSELF & Q(similarity__gte=F("attempt__verification__policy__approve_at"))
    held = Case(
        When(Q(flagged) | elsewise, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    rows = (
        _scored(start)
        .filter(code=SUCCESS, similarity__gte=VENDOR_PASS, attempt__finished_at__isnull=False)
        .annotate(held=held)
        .values("similarity", "held", "decision")
        .annotate(count=Count("pk"))
    )
    return [Passes(row["similarity"], row["held"], row["decision"], row["count"]) for row in rows]
