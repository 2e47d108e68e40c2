"""The cost of checks: charged calls from the ledger, compared with verified applicants.

A period is whole UTC days up to now. Calls and approvals are counted by their own times, so a case with a call
yesterday and its approval today counts in both days.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from verification.models import Billed, ProviderCall, Verification
from verification.states import Status

PERIODS = {"today": 1, "week": 7, "month": 30}
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Figure:
    """`up_to` is the value if every call with unknown billing was charged, "" if it is the same as `least`."""

    least: str
    up_to: str = ""


@dataclass(frozen=True)
class Row:
    """A line of the table with one figure per period of PERIODS."""

    title: str
    figures: list[Figure]


def costs(now: datetime) -> list[Row]:
    starts = {name: _midnight(now) - timedelta(days=days - 1) for name, days in PERIODS.items()}
    calls, verified = _calls(starts), _verified(starts)
    spans = [(calls[f"{name}_yes"], calls[f"{name}_yes"] + calls[f"{name}_unknown"]) for name in starts]
    people = [verified[name] for name in starts]
    rows = [
        Row(_("Verified applicants"), [Figure(str(number)) for number in people]),
        *(
            Row(title, [Figure(str(calls[f"{name}_{billed}"])) for name in starts])
            for billed, title in _kinds()
        ),
        Row(_("Charged calls per verified applicant"), _shares(spans, people, Decimal(1))),
    ]
    if settings.FACEID_PRICE:
        rows += [
            Row(_("Cost"), _shares(spans, [1 for _span in spans], settings.FACEID_PRICE)),
            Row(_("Cost per verified applicant"), _shares(spans, people, settings.FACEID_PRICE)),
        ]
    return rows


def _kinds() -> list[tuple[Billed, str]]:
    return [
        (Billed.YES, _("Calls charged")),
        (Billed.UNKNOWN, _("Calls that may be charged")),
        (Billed.NO, _("Calls not charged")),
    ]


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC)


def _calls(starts: dict[str, datetime]) -> dict[str, int]:
    counters = {
        f"{name}_{billed}": Count("pk", filter=Q(started_at__gte=start, billed=billed))
        for name, start in starts.items()
        for billed in Billed.values
    }
    made = ProviderCall.objects.filter(started_at__gte=min(starts.values()), slot_missed=False)
    return made.aggregate(**counters)


def _verified(starts: dict[str, datetime]) -> dict[str, int]:
    counters = {name: Count("pk", filter=Q(decided_at__gte=start)) for name, start in starts.items()}
    approved = Verification.objects.filter(status=Status.APPROVED, decided_at__gte=min(starts.values()))
    return approved.aggregate(**counters)


def _shares(spans: list[tuple[int, int]], people: list[int], price: Decimal) -> list[Figure]:
    return [_share(*span, price, number) for span, number in zip(spans, people, strict=True)]


def _share(least: int, most: int, price: Decimal, people: int) -> Figure:
    if not people:
        return Figure("–")
    low, high = (str((calls * price / people).quantize(HUNDREDTH, ROUND_HALF_UP)) for calls in (least, most))
    return Figure(low, "" if low == high else high)
