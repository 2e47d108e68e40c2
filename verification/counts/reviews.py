"""Counts of reviews over a period: approvals, refusals, bands, reasons, and whether reviewers agree.

Aggregates only, one query each. Only `by_reviewer` returns names; its docstring says who may see them.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)

from verification.counts.spans import within
from verification.models import (
    AuditEvent,
    Review,
    RiskFlag,
    Stage,
    Verdict,
    Verification,
    VerificationAttempt,
)
from verification.rules import shared_evidence
from verification.rules.four_eyes import Approval
from verification.rules.reasons import reasons_for
from verification.states import FOR_A_PERSON, FOR_TWO, Status

CONFIRMED, DISAGREED, WITHDRAWN, WAITING, VOID = "confirmed", "disagreed", "withdrawn", "waiting", "void"


def _judged(start: datetime, end: datetime | None = None) -> Iterator[tuple[str, str, Approval, int]]:
    """Decisions by reviewers, by status, band, and the facts that the rules for a second person use."""
    finished = VerificationAttempt.objects.finished().filter(verification=OuterRef("pk"))
    newest = finished.order_by("-number")
    flags = RiskFlag.objects.filter(verification=OuterRef("pk"))
    decided = Verification.objects.filter(
        within("decided_at", start, end), final_review__isnull=False
    ).order_by()
    rows = decided.annotate(
        vendor_outcome=Subquery(newest.values("outcome")[:1]),
        score=Subquery(newest.values("similarity")[:1]),
        flagged=Exists(flags.filter(code__in=FOR_TWO)),
        shared=Exists(flags.filter(other__isnull=False)),
    ).values("status", "band", "vendor_outcome", "score", "flagged", "shared")
    for row in rows.annotate(count=Count("pk")):
        facts = Approval(row["vendor_outcome"] or "", row["score"], row["flagged"], row["shared"])
        yield row["status"], row["band"], facts, row["count"]


def approvals(start: datetime) -> Counter[Approval]:
    found: Counter[Approval] = Counter()
    for status, _band, approval, count in _judged(start):
        if status == Status.APPROVED:
            found[approval] += count
    return found


def by_itself_although_shared(start: datetime) -> int:
    """Approvals by policy of cases whose photo or recording another applicant sent too, or one like it."""
    flags = RiskFlag.objects.filter(verification=OuterRef("pk"), other__isnull=False)
    decided = Verification.objects.filter(
        decided_at__gte=start, status=Status.APPROVED, final_review__isnull=True
    )
    return decided.filter(Exists(flags)).count()


def held_for_shared(start: datetime) -> int:
    """Cases that people decided and that nothing else brought to them but what another applicant sent too."""
    alone = (shared_evidence.PHOTOS | shared_evidence.RECORDINGS) - FOR_A_PERSON
    decided = Verification.objects.filter(
        decided_at__gte=start, final_review__isnull=False, main_reason__in=alone
    )
    flags = RiskFlag.objects.filter(verification=OuterRef("pk"), code__in=FOR_A_PERSON)
    return decided.filter(~Exists(flags)).count()


def overrides(
    start: datetime, end: datetime | None = None, status: str = Status.APPROVED
) -> dict[str, tuple[int, int]]:
    """Approvals, or refusals, by reviewers: band to (with the vendor's result, against it)."""
    found: dict[str, Counter[bool]] = {}
    for decided, band, facts, count in _judged(start, end):
        if decided == status:
            found.setdefault(band, Counter())[facts.is_override == (status == Status.APPROVED)] += count
    return {band: (counted[False], counted[True]) for band, counted in found.items()}


def bands(start: datetime, end: datetime | None = None) -> Counter[str]:
    """Cases sent to review in the period, each counted once, by its latest band."""
    sent = AuditEvent.objects.filter(within("at", start, end), kind="decision.sent_to_review").values(
        "subject_id"
    )
    rows = Verification.objects.filter(public_id__in=sent).order_by().values("band")
    return Counter({row["band"]: row["count"] for row in rows.annotate(count=Count("pk"))})


def reasons(start: datetime, end: datetime | None = None) -> Counter[tuple[str, str]]:
    """Decisions that took effect, by (verdict, reason)."""
    verdicts = (Verdict.APPROVE, Verdict.DECLINE, Verdict.ASK_AGAIN)
    made = Review.objects.filter(
        within("at", start, end), stage=Stage.DECISION, verdict__in=verdicts
    ).order_by()
    rows = made.values("verdict", "reason_code").annotate(count=Count("pk"))
    return Counter({(row["verdict"], row["reason_code"]): row["count"] for row in rows})


@dataclass
class Reviewer:
    """What one reviewer did in the period: for comparing answers, never for ranking people."""

    name: str
    decided: int = 0
    proposals: Counter[str] = field(default_factory=Counter)
    same: int = 0
    different: int = 0


def by_reviewer(start: datetime, end: datetime | None = None) -> list[Reviewer]:
    """Each reviewer with name. Only seniors and auditors may see the names; everybody with the page sees the sums."""
    rows = (
        Review.objects.filter(within("at", start, end))
        .filter(Q(verdict__in=[Verdict.APPROVE, Verdict.DECLINE, Verdict.ASK_AGAIN]))
        .annotate(reason_after=_reason_after())
        .annotate(fate=_fate_of_proposal())
        .order_by()
        .values("by__username", "stage", "verdict", "fate")
        .annotate(count=Count("pk"))
    )
    found: dict[str, Reviewer] = {}
    for row in rows:
        name = row["by__username"]
        _add(found.setdefault(name, Reviewer(name)), row)
    return [found[name] for name in sorted(found)]


def _add(reviewer: Reviewer, row: Any) -> None:
    count = row["count"]
    if row["stage"] == Stage.PROPOSAL:
        reviewer.proposals[row["fate"]] += count
    elif row["stage"] == Stage.BLIND and row["verdict"] == Verdict.APPROVE:
        reviewer.same += count
    elif row["stage"] == Stage.BLIND:
        reviewer.different += count
    elif row["stage"] == Stage.DECISION:
        reviewer.decided += count


def _reason_after() -> Subquery:
    """The reason of the next review on the case, blind verdicts, escalations, snoozes and step-asides excepted."""
    after = (
        Review.objects.filter(verification=OuterRef("verification"), pk__gt=OuterRef("pk"))
        .exclude(stage=Stage.BLIND)
        .exclude(verdict__in=[Verdict.ESCALATE, Verdict.SNOOZE, Verdict.STEP_ASIDE])
        .order_by("pk")
    )
    return Subquery(after.values("reason_code")[:1])


def _fate_of_proposal() -> Case:
    """What became of a proposal, by the review that followed it. Handing it back was disagreeing, too."""
    back = [reason.code for reason in reasons_for(Verdict.HAND_BACK)]
    return Case(
        When(~Q(stage=Stage.PROPOSAL), then=Value("")),
        When(dissent__isnull=False, then=Value(DISAGREED)),
        When(confirmation__isnull=False, then=Value(CONFIRMED)),
        When(verification__proposal=F("pk"), then=Value(WAITING)),
        When(reason_after="withdrawn", then=Value(WITHDRAWN)),
        When(reason_after__in=back, then=Value(DISAGREED)),
        default=Value(VOID),
        output_field=CharField(),
    )
