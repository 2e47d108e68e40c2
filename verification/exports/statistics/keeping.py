"""What was erased, what should have been by now, and how long exports lived."""

from datetime import datetime, timedelta

from django.db.models import Count, DateTimeField, DurationField, ExpressionWrapper, IntegerField, Q, Value
from django.db.models.functions import Cast, Coalesce

from verification.exports.period.table import Period
from verification.exports.statistics.figure import COUNT, TEXT, Figure, Rows, column
from verification.models import AuditEvent, Verification
from verification.states import ENDED

# By whom an erasure was started. Its reason is free text, and stays in the trail.
BASES = {
    "system": "The time of retention had passed",
    "client": "Asked for by the calling system",
    "shell": "Ordered by an operator, for a reason that the trail holds",
}
OTHER_BASIS = "Ordered by a member of staff, for a reason that the trail holds"
EXPORTS = {"export.created": "Made", "export.downloaded": "Downloaded", "export.expired": "Expired"}


def collect(period: Period, now: datetime) -> dict[str, Rows]:
    """The rows of each of FIGURES."""
    return {"erasures": _erasures(period), "retention_due": _due(now), "exports": _exports(period)}


def _erasures(period: Period) -> Rows:
    erased = AuditEvent.objects.filter(period.holds("at"), kind="applicant.erased").order_by()
    found: dict[str, int] = dict.fromkeys([*BASES.values(), OTHER_BASIS], 0)
    for row in erased.values("actor_kind").annotate(count=Count("pk")):
        found[BASES.get(row["actor_kind"], OTHER_BASIS)] += row["count"]
    return [
        *({"basis": words, "people": count} for words, count in found.items()),
        {"basis": "All", "people": sum(found.values())},
    ]


def _due(now: datetime) -> Rows:
    days = Cast("policy__retention_days", IntegerField()) * Value(
        timedelta(days=1), output_field=DurationField()
    )
    kept_until = ExpressionWrapper(
        Coalesce("decided_at", "link_expires_at") + ExpressionWrapper(days, output_field=DurationField()),
        output_field=DateTimeField(),
    )
    ended = Verification.objects.filter(
        status__in=ENDED, applicant__erased_at__isnull=True, applicant__data_key__isnull=False
    )
    held, due = Q(applicant__legal_hold=True), Q(kept_until__lte=now)
    found = ended.annotate(kept_until=kept_until).aggregate(
        kept=Count("pk"), due=Count("pk", filter=due & ~held), held=Count("pk", filter=due & held)
    )
    return [
        {"what": "Kept: the case has ended, and its evidence is not erased", "cases": found["kept"]},
        {"what": "Of these, due to be erased", "cases": found["due"]},
        {"what": "Of these, due but under a legal hold", "cases": found["held"]},
    ]


def _exports(period: Period) -> Rows:
    happened = AuditEvent.objects.filter(period.holds("at"), kind__in=EXPORTS).order_by()
    found = {row["kind"]: row["count"] for row in happened.values("kind").annotate(count=Count("pk"))}
    return [{"what": words, "count": found.get(kind, 0)} for kind, words in EXPORTS.items()]


FIGURES = (
    Figure(
        "erasures",
        "Erasures",
        "People whose evidence was erased in the period: their key was destroyed, so nobody can read it any more.",
        "Events applicant.erased in the period, by who started them.",
        (column("basis", "Basis", TEXT), column("people", "People", COUNT)),
    ),
    Figure(
        "retention_due",
        "Evidence that is kept",
        "Cases that have ended and whose evidence is there, and those of them that are kept longer than their policy "
        "says. As of the moment when the statistics are made.",
        "Cases that have ended, of people who have a key and are not erased. Due: the days of retention of the "
        "case's own policy have passed since its decision or, if there is none, since its link ran out.",
        (column("what", "What", TEXT), column("cases", "Cases", COUNT)),
        notes="All cases of a person are erased together, so one is due a while longer if the person has another.",
    ),
    Figure(
        "exports",
        "Exports",
        "Exports of a period and statistics that were made, downloaded, and deleted at the end of their days.",
        "Events export.created, export.downloaded and export.expired in the period.",
        (column("what", "What happened", TEXT), column("count", "Count", COUNT)),
    ),
)
