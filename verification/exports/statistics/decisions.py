"""What was decided, by whom, how fast, against what, and what was taken back."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KT

from verification.counts import reviews, work
from verification.counts.vendor import SUCCESS
from verification.exports.period.table import Period
from verification.exports.statistics.figure import (
    CODE,
    COUNT,
    MIN_FOR_95TH,
    MIN_FOR_PERCENTILES,
    PER_CENTS,
    SECONDS,
    SHARE_COLUMNS,
    TEXT,
    Figure,
    Row,
    Rows,
    column,
    percentiles,
    seconds,
    shares,
    total,
)
from verification.liveness import VENDOR_PASS
from verification.models import (
    AnswerKind,
    AuditEvent,
    Rerun,
    RerunState,
    Verdict,
    Verification,
    VerificationAttempt,
)
from verification.rules import reasons
from verification.states import Band, Outcome, Status

PATHS = {"policy": "By the policy alone", "person": "By one person", "two_persons": "By two people"}

_BY = Case(
    When(final_review__isnull=True, then=Value("policy")),
    When(final_review__confirms__isnull=True, then=Value("person")),
    default=Value("two_persons"),
)


def collect(period: Period, _now: datetime) -> dict[str, Rows]:
    """The rows of each of FIGURES."""
    return {
        "outcomes_by_path": _paths(period),
        "recordings": _recordings(period),
        "bands": _bands(period),
        "overrides": _overrides(period),
        "reasons": _reasons(period),
        "review_times": _times(period),
        "taken_back": _taken_back(period),
        "reruns": _reruns(period),
        "decisions_by_policy": _by_policy(period),
    }


def _paths(period: Period) -> Rows:
    decided = Verification.objects.filter(period.holds("decided_at")).order_by().annotate(path=_BY)
    found = {
        (row["path"], row["status"]): row["count"]
        for row in decided.values("path", "status").annotate(count=Count("pk"))
    }
    rows = [_path(name, words, found) for name, words in PATHS.items()]
    every = {name: total(rows, name) for name in ("approved", "declined", "decided")}
    return [{**row, **shares(row["decided"], every["decided"])} for row in rows] + [
        {"path": "All", **every, **shares(every["decided"], every["decided"])}
    ]


def _path(name: str, words: str, found: dict[tuple[str, str], int]) -> Row:
    approved, declined = (found.get((name, status), 0) for status in (Status.APPROVED, Status.DECLINED))
    return {"path": words, "approved": approved, "declined": declined, "decided": approved + declined}


def _recordings(period: Period) -> Rows:
    finished = VerificationAttempt.objects.finished().filter(period.holds("finished_at")).order_by()
    found = Counter(
        {row["outcome"]: row["count"] for row in finished.values("outcome").annotate(count=Count("pk"))}
    )
    whole = found.total()
    return [
        {"outcome": str(outcome.label), "count": found[outcome], **shares(found[outcome], whole)}
        for outcome in Outcome
    ]


def _bands(period: Period) -> Rows:
    found = reviews.bands(period.start, period.end)
    whole = found.total()
    return [{"band": str(band.label), "count": found[band], **shares(found[band], whole)} for band in Band]


def _overrides(period: Period) -> Rows:
    approved = reviews.overrides(period.start, period.end, Status.APPROVED)
    declined = reviews.overrides(period.start, period.end, Status.DECLINED)
    return [
        *_direction("Approved by people", approved),
        *_direction("Declined by people", declined),
    ]


def _direction(words: str, found: dict[str, tuple[int, int]]) -> Rows:
    rows: Rows = [
        {"decision": words, "band": str(band.label), "with_vendor": found[band][0], "against": found[band][1]}
        for band in Band
        if band in found
    ]
    every = {name: total(rows, name) for name in ("with_vendor", "against")}
    rows.append({"decision": words, "band": "All", **every})
    return [{**row, **shares(row["against"], row["with_vendor"] + row["against"])} for row in rows]


def _reasons(period: Period) -> Rows:
    found = reviews.reasons(period.start, period.end)
    listed = sorted(found.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    return [
        {
            "verdict": str(Verdict(verdict).label),
            "code": code,
            "reason": str(reasons.label(code)),
            "count": count,
        }
        for (verdict, code), count in listed
    ]


def _times(period: Period) -> Rows:
    start, end = period.start, period.end
    in_time, ranks = work.in_time(start, end), work.review_times(start, end, PER_CENTS)
    rows = [_time(str(band.label), in_time.get(band, (0, 0)), ranks, band) for band in Band]
    both, counted = work.percentiles(start, end, PER_CENTS), work.times(start, end)
    people, system = counted[True], counted[False]
    every = _time("All in review", (people.total, people.in_time), both, True)
    alone = {**_time("By the policy alone", (system.total, 0), both, False), "in_time": None}
    return [row for row in rows if row["decided"]] + [every, {**alone, **shares(0, 0)}]


def _time(words: str, counted: tuple[int, int], ranks: Mapping[tuple[Any, int], Any], group: Any) -> Row:
    decided, in_time = counted
    told = percentiles(ranks, group, decided)
    return {
        "queue": words,
        "decided": decided,
        "median": seconds(told[50]),
        "p90": seconds(told[90]),
        "p95": seconds(told[95]),
        "in_time": in_time,
        **shares(in_time, decided),
    }


def _taken_back(period: Period) -> Rows:
    """Reopened cases by what had been decided, and what they are now."""
    now_is = Verification.objects.filter(public_id=OuterRef("subject_id")).values("status")
    reopened = AuditEvent.objects.filter(period.holds("at"), kind="review.reopened").order_by()
    before = _decisions(period).filter(subject_id=OuterRef("subject_id"), pk__lt=OuterRef("pk"))
    facts = {"was": KT("data__source"), "now_is": Subquery(now_is[:1]), "of_period": Exists(before)}
    counted = reopened.annotate(**facts).values(*facts).annotate(count=Count("pk"))
    found = list(counted)
    decided = _decided_as(period)
    return [
        _reopened("Approvals", Status.APPROVED, Status.DECLINED, found, decided[Status.APPROVED]),
        _reopened("Refusals", Status.DECLINED, Status.APPROVED, found, decided[Status.DECLINED]),
    ]


_DECISIONS = {
    "decision.approved_by_policy": Status.APPROVED,
    "review.approved": Status.APPROVED,
    "review.declined": Status.DECLINED,
}


def _decisions(period: Period) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(period.holds("at"), kind__in=_DECISIONS).order_by()


def _decided_as(period: Period) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in _decisions(period).values("kind").annotate(count=Count("pk")):
        found[_DECISIONS[row["kind"]]] += row["count"]
    return found


def _reopened(words: str, was: str, other: str, found: list[dict[str, Any]], decided: int) -> Row:
    of_it = [row for row in found if row["was"] == was]
    every, of_period = total(of_it, "count"), total([row for row in of_it if row["of_period"]], "count")
    same, turned = (
        total([row for row in of_it if row["now_is"] == now_is], "count") for now_is in (was, other)
    )
    return {
        "decision": words,
        "decided": decided,
        "taken_back": every,
        "same": same,
        "other": turned,
        "open": every - same - turned,
        "of_period": of_period,
        **shares(of_period, decided),
    }


def _reruns(period: Period) -> Rows:
    """Comparisons that were made again, by what the vendor said then and now."""
    passes = Q(calls__code=SUCCESS, calls__similarity__gte=VENDOR_PASS, calls__answer=AnswerKind.USABLE)
    ended = Rerun.objects.filter(period.holds("ended_at"))
    answered = ended.filter(state=RerunState.ANSWERED)
    again = answered.aggregate(
        passed=Count("pk", filter=Q(attempt__outcome=Outcome.PASSED), distinct=True),
        both=Count("pk", filter=passes & Q(attempt__outcome=Outcome.PASSED), distinct=True),
        now=Count("pk", filter=passes & ~Q(attempt__outcome=Outcome.PASSED), distinct=True),
        all=Count("pk", distinct=True),
    )
    passed, silent = again["passed"], ended.count() - again["all"]
    rows = [
        _rerun("Had passed", passed, passed - again["both"]),
        _rerun("Had not passed", again["all"] - passed, again["now"]),
        _rerun("All", again["all"], passed - again["both"] + again["now"]),
    ]
    return [{**row, "silent": silent if row["was"] == "All" else None} for row in rows]


def _rerun(words: str, answered: int, other: int) -> Row:
    same = answered - other
    return {"was": words, "answered": answered, "same": same, "other": other, **shares(other, answered)}


def _by_policy(period: Period) -> Rows:
    decided = Verification.objects.filter(period.holds("decided_at")).order_by()
    counted = decided.values(number=F("policy__version")).annotate(
        approved=Count("pk", filter=Q(status=Status.APPROVED)),
        declined=Count("pk", filter=Q(status=Status.DECLINED)),
    )
    rows: Rows = [
        {"version": row["number"], "approved": row["approved"], "declined": row["declined"]}
        for row in counted.order_by("number")
    ]
    return [{**row, **shares(row["approved"], row["approved"] + row["declined"])} for row in rows]


_DECIDED = (
    "Cases that are approved or declined when the statistics are made, and that were decided in the period"
)
FIGURES = (
    Figure(
        "outcomes_by_path",
        "Outcomes by path",
        "Who decided: the policy alone on the vendor's answer, one person, or two people who agreed. The system "
        "declines nobody by itself.",
        f"{_DECIDED}. By the policy: no review decided it. By two people: the review that decided it confirms an "
        "earlier one by somebody else. By one person: all others.",
        (
            column("path", "Who decided", TEXT),
            column("approved", "Approved", COUNT),
            column("declined", "Declined", COUNT),
            column("decided", "Both", COUNT, "Approved and declined."),
            *SHARE_COLUMNS,
        ),
        "Cases decided in this way.",
        "All cases decided in the period.",
        "A decision that was taken back later counts only if the case was decided again in the period.",
    ),
    Figure(
        "recordings",
        "Recordings by what they came to",
        "Each recording that was checked, by its outcome. One person may hand in several.",
        "Attempts that finished in the period, by outcome.",
        (column("outcome", "Outcome", TEXT), column("count", "Count", COUNT), *SHARE_COLUMNS),
        "Recordings with this outcome.",
        "All recordings that finished in the period.",
    ),
    Figure(
        "bands",
        "Why cases went to review",
        "Cases that the system sent to review, by the band of the queue that they were in last.",
        "Cases with an event decision.sent_to_review in the period, each counted once, by the band that the case has "
        "when the statistics are made.",
        (column("band", "Band", TEXT), column("count", "Count", COUNT), *SHARE_COLUMNS),
        "Cases of this band.",
        "All cases that were sent to review in the period.",
    ),
    Figure(
        "overrides",
        "People against the vendor",
        "Decisions by people that went against the vendor's newest result, in both directions: approved although it "
        "was no pass, and declined although it was one.",
        f"{_DECIDED} by a review, by decision, band, and the newest finished attempt. The vendor passed it if that "
        "attempt's outcome is 'passed' and its similarity is 70 or more.",
        (
            column("decision", "Decision", TEXT),
            column("band", "Band", TEXT, "The band of the queue that the case was in last."),
            column("with_vendor", "With the vendor", COUNT),
            column("against", "Against", COUNT, "Against the vendor's result."),
            *SHARE_COLUMNS,
        ),
        "Decisions against the vendor's newest result.",
        "All such decisions by people of this band.",
        "A person sees more than the vendor does: a decision against it is no mistake by itself.",
    ),
    Figure(
        "reasons",
        "Reasons given",
        "Decisions by people that took effect, by the reason that they chose.",
        "Reviews of the stage 'decision' in the period with the verdict approve, decline or ask again, by verdict "
        "and reason.",
        (
            column("verdict", "Verdict", TEXT),
            column("code", "Code", CODE, "The reason's code."),
            column("reason", "Reason", TEXT, "The reason as reviewers read it."),
            column("count", "Count", COUNT),
        ),
    ),
    Figure(
        "review_times",
        "Time to a decision",
        "From the moment when a case came into review to its decision, by band; and, without review, from the moment "
        "when the recording was handed in.",
        f"{_DECIDED}. By people: the time since the case came into review last. By the policy: the time since the "
        "recording that passed was handed in. Percentiles by nearest rank, each a time that occurred.",
        (
            column("queue", "Queue", TEXT, "The band of the queue that the case was in last."),
            column("decided", "Decided", COUNT),
            column("median", "Median", SECONDS),
            column("p90", "90th", SECONDS, "90th percentile."),
            column("p95", "95th", SECONDS, "95th percentile."),
            column("in_time", "In time", COUNT, "Decided within the review hours of the case's own policy."),
            *SHARE_COLUMNS,
        ),
        "Decisions by people within the review hours of the policy that the case was invited under.",
        "All decisions by people of this band.",
        f"Of fewer than {MIN_FOR_PERCENTILES} decisions no percentile is told, of fewer than {MIN_FOR_95TH} no 95th. "
        "Time that the applicant was asked for more is not counted.",
    ),
    Figure(
        "taken_back",
        "Decisions taken back",
        "Decided cases that a senior reviewer took back into review, and what became of them.",
        "Events review.reopened in the period, by the status before; and the status of the case when the statistics "
        "are made. Decisions are events decision.approved_by_policy, review.approved and review.declined in the "
        "period.",
        (
            column("decision", "Decision", TEXT),
            column("decided", "Made", COUNT, "Such decisions in the period."),
            column(
                "taken_back", "Taken back", COUNT, "Such decisions, of any time, taken back in the period."
            ),
            column("same", "Same again", COUNT, "Of those: decided in the same way again."),
            column("other", "Turned", COUNT, "Of those: decided in the other way."),
            column("open", "Open", COUNT, "Of those: not decided yet, or ended without a decision."),
            column("of_period", "Of the period", COUNT, "Of those: decided in the period, too."),
            *SHARE_COLUMNS,
        ),
        "Such decisions that were made in the period and taken back in it.",
        "Such decisions that were made in the period.",
        "A decision of an earlier period that was taken back in this one is no part of the share.",
    ),
    Figure(
        "reruns",
        "Comparisons made again",
        "The same evidence sent to the vendor once more, because somebody doubted the answer, as after an appeal. It "
        "decides nothing by itself.",
        "Comparisons made again that ended in the period, by whether the recording had the outcome 'passed', and "
        "whether the new answer is a Success with a similarity of 70 or more.",
        (
            column("was", "First answer", TEXT),
            column("answered", "Answered", COUNT, "Answered once more."),
            column("same", "Same", COUNT, "The same result."),
            column("other", "Other", COUNT, "The other result."),
            column("silent", "No answer", COUNT, "Ended without an answer."),
            *SHARE_COLUMNS,
        ),
        "Comparisons made again that came out differently.",
        "All that were answered.",
    ),
    Figure(
        "decisions_by_policy",
        "Decisions by version of the policy",
        "A case keeps the version that it was invited under.",
        f"{_DECIDED}, by the version of the case's policy.",
        (
            column("version", "Version", COUNT),
            column("approved", "Approved", COUNT),
            column("declined", "Declined", COUNT),
            *SHARE_COLUMNS,
        ),
        "Approved cases of this version.",
        "All cases decided in the period of this version.",
    ),
)
