"""Whether two verdicts on the same evidence are the same: of two people, or before and after the score is shown."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery

from verification.counts import reviews
from verification.exports.period.table import Period
from verification.exports.statistics.figure import (
    COUNT,
    NUMBER,
    SHARE_COLUMNS,
    TEXT,
    Figure,
    Row,
    Rows,
    column,
    interval,
    shares,
)
from verification.exports.statistics.intervals import kappa
from verification.models import Review, Stage, Verdict

_YES, _NO = Verdict.APPROVE, Verdict.DECLINE
Pairs = dict[tuple[str, str], int]


def collect(period: Period, _now: datetime) -> dict[str, Rows]:
    """The rows of each of FIGURES."""
    return {"agreement": _agreement(period), "proposals": _proposals(period)}


def _agreement(period: Period) -> Rows:
    blind = Review.objects.filter(period.holds("at"), stage=Stage.BLIND)
    return [
        _row("Spot check: system and person", _against_pass(blind)),
        _row("Spot check: before and after", _before_and_after(blind)),
        _row("Two people", _second(period)),
    ]


def _against_pass(blind: QuerySet[Review]) -> Pairs:
    """What is drawn for a spot check would have passed by itself."""
    return _counted(blind.order_by().values(second=F("verdict")), first=_YES)


def _before_and_after(blind: QuerySet[Review]) -> Pairs:
    after = Review.objects.filter(
        verification=OuterRef("verification"),
        by=OuterRef("by"),
        pk__gt=OuterRef("pk"),
        evidence_sha256=OuterRef("evidence_sha256"),
        stage__in=[Stage.DECISION, Stage.PROPOSAL],
        verdict__in=[_YES, _NO],
    ).order_by("pk")
    judged = blind.annotate(first=F("verdict"), second=Subquery(after.values("verdict")[:1]))
    return _counted(judged.filter(second__isnull=False).order_by().values("first", "second"))


def _second(period: Period) -> Pairs:
    """A confirmation shares the proposal's verdict. That of a third person, who knew both, is left out."""
    made = Review.objects.filter(period.holds("at")).order_by()
    differed = made.filter(stage=Stage.SECOND).values(first=F("differs_from__verdict"), second=F("verdict"))
    shared = made.filter(confirms__stage=Stage.PROPOSAL, confirms__dissent__isnull=True)
    found = _counted(differed)
    for pair, count in _counted(shared.values(first=F("confirms__verdict"), second=F("verdict"))).items():
        found[pair] = found.get(pair, 0) + count
    return found


def _counted(rows: QuerySet[Any, Any], first: str = "") -> Pairs:
    return {(first or row["first"], row["second"]): row["count"] for row in rows.annotate(count=Count("pk"))}


def _row(words: str, found: Pairs) -> Row:
    table = [[found.get((one, other), 0) for other in (_YES, _NO)] for one in (_YES, _NO)]
    agreed, whole = table[0][0] + table[1][1], sum(map(sum, table))
    return {
        "who": words,
        "pairs": whole,
        "both_yes": table[0][0],
        "yes_no": table[0][1],
        "no_yes": table[1][0],
        "both_no": table[1][1],
        **shares(agreed, whole),
        **interval(kappa(table), ("kappa", "kappa_low", "kappa_high")),
    }


def _proposals(period: Period) -> Rows:
    found: Counter[str] = Counter()
    for one in reviews.by_reviewer(period.start, period.end):
        found += one.proposals
    settled = found[reviews.CONFIRMED] + found[reviews.DISAGREED]
    return [
        {
            "fate": words,
            "count": found[fate],
            **(shares(found[fate], settled) if is_settled else shares(0, 0)),
        }
        for fate, (words, is_settled) in _FATES.items()
    ]


# What became of a proposal, and whether a second person judged it.
_FATES = {
    reviews.CONFIRMED: ("Confirmed", True),
    reviews.DISAGREED: ("Not shared, or handed back", True),
    reviews.WITHDRAWN: ("Withdrawn", False),
    reviews.VOID: ("Void, because the evidence changed", False),
    reviews.WAITING: ("Waiting", False),
}

FIGURES = (
    Figure(
        "agreement",
        "Do two verdicts agree?",
        "Pairs of verdicts on the same evidence. Kappa is the agreement beyond what chance alone would give: 1 is "
        "full agreement, 0 is chance. Spot checks compare the system's pass with a person who does not see the score, "
        "and that person's verdict then with the one after it is shown; two people are one who proposes and one who "
        "does not see the proposal.",
        "Spot checks: reviews of the stage 'blind' in the period, against the pass that was drawn; and against the "
        "next decision or proposal of the same reviewer on the same evidence. Two people: reviews of the stage "
        "'second' in the period with the proposal that they differ from, and decisions in the period that confirm a "
        "proposal from which nobody differed.",
        (
            column("who", "Who judged", TEXT),
            column("pairs", "Pairs", COUNT, "Pairs of verdicts."),
            column("both_yes", "Both approve", COUNT),
            column("yes_no", "Approve, decline", COUNT, "The first approves, the second declines."),
            column("no_yes", "Decline, approve", COUNT, "The first declines, the second approves."),
            column("both_no", "Both decline", COUNT),
            *SHARE_COLUMNS,
            column("kappa", "Kappa", NUMBER, "Cohen's kappa."),
            column(
                "kappa_low", "from", NUMBER, "Lower end of its 95 % interval (Fleiss, Cohen and Everitt)."
            ),
            column("kappa_high", "to", NUMBER, "Upper end of it."),
        ),
        "Pairs that agree.",
        "All pairs.",
        "There is no kappa where one of the two always said the same, as the system does in spot checks: it would be 0 "
        "or undefined whatever the other said.",
    ),
    Figure(
        "proposals",
        "What became of proposals",
        "Verdicts that waited for a second person under the policy.",
        "Reviews of the stage 'proposal' in the period, by what followed on the case.",
        (column("fate", "What became of it", TEXT), column("count", "Count", COUNT), *SHARE_COLUMNS),
        "Proposals that were confirmed, or not.",
        "Proposals that were confirmed or not: those that were withdrawn, void or still wait are left out.",
    ),
)
