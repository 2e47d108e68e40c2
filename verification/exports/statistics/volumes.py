"""How many cases came, and how they went on: counts of events, as the dashboard counts them."""

from collections import Counter
from datetime import date, datetime

from verification.counts import work
from verification.exports.period.table import Period
from verification.exports.statistics.figure import COUNT, TEXT, Figure, Rows, column

# Each by the events that it counts. Those of the dashboard are the dashboard's.
SERIES = {
    "invited": work.FLOW["invited"],
    "begun": ("consent.given",),
    "consent_refused": ("consent.refused",),
    "recordings": work.FLOW["sent"],
    "sent_to_review": work.FLOW["to_review"],
    "asked_again": ("review.asked_again",),
    "decided": work.FLOW["decided"],
    "reopened": ("review.reopened",),
    "expired": ("verification.expired",),
    "cancelled": ("verification.cancelled",),
}
WORDS = {
    "invited": "Invited",
    "begun": "Begun (consent given)",
    "consent_refused": "Consent refused",
    "recordings": "Recordings handed in",
    "sent_to_review": "Sent to review",
    "asked_again": "Asked again by a reviewer",
    "decided": "Decided",
    "reopened": "Decisions taken back",
    "expired": "Expired",
    "cancelled": "Cancelled",
}


def collect(period: Period, _now: datetime) -> dict[str, Rows]:
    """The rows of each of FIGURES."""
    found = work.flow(period.start, period.end, SERIES)
    return {"volumes": _sums(found), "volumes_by_month": _by_month(found, period)}


def _sums(found: dict[str, Counter[date]]) -> Rows:
    return [{"what": WORDS[name], "count": found[name].total()} for name in SERIES]


def _by_month(found: dict[str, Counter[date]], period: Period) -> Rows:
    months: dict[str, Counter[str]] = {}
    for name, days in found.items():
        for day, count in days.items():
            months.setdefault(f"{day:%Y-%m}", Counter())[name] += count
    return [
        {"month": month, **{name: months[month][name] for name in SERIES}}
        for month in _months(period)
        if month in months
    ]


def _months(period: Period) -> list[str]:
    first, last = period.first_day, period.last_day
    count = (last.year - first.year) * 12 + last.month - first.month
    turns = [divmod(first.month - 1 + number, 12) for number in range(count + 1)]
    return [f"{first.year + years:04}-{month + 1:02}" for years, month in turns]


_QUERY = "Events of the trail with a time in the period, counted by kind: " + "; ".join(
    f"{WORDS[name].lower()} = {', '.join(kinds)}" for name, kinds in SERIES.items()
)
FIGURES = (
    Figure(
        "volumes",
        "Volumes",
        "How often each step happened in the period. A case whose invitation, recording and decision fall into "
        "different periods counts in each with what happened then.",
        f"{_QUERY}.",
        (column("what", "What happened", TEXT), column("count", "Count", COUNT, "How often it happened.")),
        notes="A case that was decided, taken back and decided again counts as decided twice.",
    ),
    Figure(
        "volumes_by_month",
        "Volumes by month",
        "The same by calendar month in UTC. The first and the last month hold the days of the period only.",
        f"{_QUERY}; grouped by month.",
        (
            column("month", "Month", TEXT, "Year and month."),
            *(column(name, words, COUNT) for name, words in WORDS.items()),
        ),
        notes="A month in which nothing happened has no row.",
    ),
)
