"""The vendor's part: whether it answered, with what, how fast, and how long its accounts were paused."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Value

from verification.counts import vendor, work
from verification.exports.period.table import Period
from verification.exports.statistics.figure import (
    CODE,
    COUNT,
    MIN_FOR_95TH,
    MIN_FOR_PERCENTILES,
    PER_CENTS,
    SHARE_COLUMNS,
    TEXT,
    YES_NO,
    Figure,
    Rows,
    column,
    percentiles,
    shares,
)
from verification.models import AnswerKind, AuditEvent, CallState, ProviderCall

# What a call came to, and whether the vendor was there for it.
ENDS: dict[tuple[str, str], tuple[str, bool]] = {
    (CallState.ANSWERED, AnswerKind.USABLE): ("Answered about the person", True),
    (CallState.ANSWERED, AnswerKind.VIDEO): ("Answered: the recording is not one it takes", True),
    (CallState.ANSWERED, AnswerKind.FAILED): ("Answered: the vendor failed", False),
    (CallState.ANSWERED, AnswerKind.REFUSED): ("Turned away: too many calls, or the account", False),
    (CallState.NOT_SENT, ""): ("Not reached", False),
    (CallState.UNKNOWN, ""): ("No answer, or none that can be read", False),
}
_REST = "Under way, or answered in another way"


def collect(period: Period, now: datetime) -> dict[str, Rows]:
    """The rows of each of FIGURES."""
    return {
        "vendor_availability": _availability(period),
        "vendor_codes": _codes(period),
        "vendor_latency": _latency(period),
        "vendor_paused": _paused(Period(period.start, max(period.start, min(period.end, now)))),
    }


def _availability(period: Period) -> Rows:
    made = ProviderCall.objects.filter(period.holds("started_at"), slot_missed=False).order_by()
    counted = made.values("state", "answer").annotate(count=Count("pk"))
    found = {(row["state"], row["answer"]): row["count"] for row in counted}
    whole = sum(found.values())
    rows: Rows = [
        {"end": words, "calls": found.pop(end, 0), "available": there} for end, (words, there) in ENDS.items()
    ]
    rows.append({"end": _REST, "calls": sum(found.values()), "available": False})
    there = sum(row["calls"] for row in rows if row["available"])
    rows.append(
        {"end": "Available: answered about the person or the recording", "calls": there, "available": True}
    )
    return [{**row, **shares(row["calls"], whole)} for row in rows]


def _codes(period: Period) -> Rows:
    found = vendor.codes(period.start, period.end)
    whole = found.total()
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"code": code, "is_result": is_result, "calls": count, **shares(count, whole)}
        for (code, is_result), count in ranked
    ]


def _latency(period: Period) -> Rows:
    answered = ProviderCall.objects.filter(
        period.holds("started_at"), state=CallState.ANSWERED, latency_ms__isnull=False
    )
    ranks = work.nearest_ranks(answered.annotate(every=Value(1)), "every", "latency_ms", PER_CENTS)
    count = answered.count()
    return [{"calls": count, **{f"p{each}": value for each, value in percentiles(ranks, 1, count).items()}}]


def _paused(period: Period) -> Rows:
    """Hours within the period in which an account was paused, from its events."""
    events = AuditEvent.objects.filter(
        kind__in=["account.paused", "account.resumed"], at__lt=period.end
    ).order_by("subject_id", "at", "pk")
    spans = list(_spans(events.values_list("subject_id", "kind", "at").iterator(), period))
    whole = sum(spans, timedelta())
    return [{"pauses": len(spans), "hours": round(whole.total_seconds() / 3600)}]


def _spans(events: Iterator[tuple[str, str, datetime]], period: Period) -> Iterator[timedelta]:
    since: dict[str, datetime] = {}
    for account, kind, at in events:
        if kind == "account.paused":
            since.setdefault(account, at)
        elif account in since:
            yield from _within(since.pop(account), at, period)
    for began in since.values():
        yield from _within(began, period.end, period)


def _within(began: datetime, ended: datetime, period: Period) -> Iterator[timedelta]:
    length = min(ended, period.end) - max(began, period.start)
    if length > timedelta():
        yield length


_CALLS = "Calls that began in the period, without those that gave up their turn before a byte was sent"
FIGURES: tuple[Figure, ...] = (
    Figure(
        "vendor_availability",
        "Was the vendor there?",
        "Calls to the vendor by what they came to. The vendor was there for a call if it said something about the "
        "person or the recording.",
        f"{_CALLS}, by state and kind of answer.",
        (
            column("end", "What it came to", TEXT),
            column("calls", "Calls", COUNT),
            column("available", "Was there", YES_NO, "Whether the vendor was there for these calls."),
            *SHARE_COLUMNS,
        ),
        "Calls that came to this.",
        "All these calls.",
    ),
    Figure(
        "vendor_codes",
        "The vendor's codes",
        "What the vendor answered, by code.",
        "Answered calls that began in the period, by code and by whether it is the result of a check.",
        (
            column("code", "Code", CODE),
            column("is_result", "Result", YES_NO, "Whether it is the result of a check, or an error."),
            column("calls", "Calls", COUNT),
            *SHARE_COLUMNS,
        ),
        "Answers with this code.",
        "All answers.",
    ),
    Figure(
        "vendor_latency",
        "How fast the vendor answered",
        "Milliseconds from the first byte sent to the answer.",
        "Answered calls that began in the period. Percentiles by nearest rank.",
        (
            column("calls", "Calls", COUNT),
            column("p50", "Median (ms)", COUNT),
            column("p90", "90th (ms)", COUNT, "90th percentile."),
            column("p95", "95th (ms)", COUNT, "95th percentile."),
        ),
        notes=f"Of fewer than {MIN_FOR_PERCENTILES} calls no percentile is told, of fewer than {MIN_FOR_95TH} no 95th.",
    ),
    Figure(
        "vendor_paused",
        "How long calls were paused",
        "An account at fault is paused for everybody, and people's work waits. Hours of all accounts together.",
        "Events account.paused and account.resumed, each pause as far as it lies in the period; one that goes "
        "on, up to the moment when the statistics are made.",
        (column("pauses", "Pauses", COUNT), column("hours", "Hours", COUNT, "Rounded.")),
    ),
)
