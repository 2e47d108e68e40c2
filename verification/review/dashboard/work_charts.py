"""The charts of the work: each a chart, a sentence that says what it shows, and its numbers as a table.

Turns counts into figures for `charts`; no queries.
"""

from collections import Counter
from datetime import date, timedelta

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from verification import charts
from verification.charts import Figure, Table
from verification.counts import work
from verification.review import words

TOP = 12


def day_of(day: date) -> str:
    return date_format(day, "j M")


def share(part: int, whole: int) -> str:
    return _("%d %%") % round(100 * part / whole) if whole else "–"


def _length(length: timedelta | None) -> str:
    if length is None:
        return "–"
    seconds = length.total_seconds()
    return _("%.0f s") % seconds if seconds < 60 else words.span(length)


# Flow and backlog


def flow(counted: dict[str, Counter[date]], days: list[date]) -> Figure:
    names = {
        "invited": _("Invited"),
        "sent": _("Recordings sent"),
        "to_review": _("Sent to review"),
        "decided": _("Decided"),
    }
    sums = {name: sum(counted[name].values()) for name in names}
    top = max((counted[name][day] for name in names for day in days), default=0)
    drawn = [
        charts.columns(
            [day_of(day) for day in days],
            {"plain": [counted[name][day] for day in days]},
            {"plain": ""},
            title=title,
            top=top,
            labels=None if name == "decided" else [],
            height=64,
        )
        for name, title in names.items()
    ]
    return Figure(
        "flow",
        _("Inflow and decisions by day"),
        _(
            "%(invited)s invited, %(sent)s recordings sent, %(to_review)s sent to review, %(decided)s decided. All "
            "four to one scale."
        )
        % sums,
        Table(
            [_("Day"), *names.values()],
            [[day_of(day), *(counted[name][day] for name in names)] for day in reversed(days)],
        ),
        drawn if any(sums.values()) else [],
        note=_("Days of UTC. Somebody who tries again sends more than one recording."),
    )


def backlog(counted: list[tuple[int, int]]) -> Figure:
    ages = [_("under 4 hours"), _("4 hours to 1 day"), _("1 to 3 days"), _("over 3 days")]
    kinds = {"plain": _("in time"), "decline": _("overdue")}
    waiting, late = sum(map(sum, counted)), sum(late for _fine, late in counted)
    lines = [(age, {"plain": fine, "decline": late}) for age, (fine, late) in zip(ages, counted, strict=True)]
    return Figure(
        "backlog",
        _("Backlog by age, now"),
        _("%(waiting)s in review now, %(late)s of them overdue.") % {"waiting": waiting, "late": late},
        Table(
            [_("In review since"), _("In time"), _("Overdue")],
            [[age, fine, late] for age, (fine, late) in zip(ages, counted, strict=True)],
        ),
        [charts.rows(lines, kinds)] if waiting else [],
        list(kinds.items()),
    )


# Decisions


def times(counted: dict[bool, work.Times], percentiles: dict[tuple[bool, int], timedelta]) -> Figure:
    lengths = [
        _("up to 1 min"),
        _("1 to 5 min"),
        _("5 to 30 min"),
        _("30 min to 4 h"),
        _("4 h to 1 d"),
        _("1 to 3 d"),
        _("over 3 d"),
    ]
    kinds = {"plain": _("automatic"), "approve": _("by people")}
    automatic, people = counted[False], counted[True]
    counts = list(zip(lengths, automatic.counts, people.counts, strict=True))
    lines = [(name, {"plain": alone, "approve": by_people}) for name, alone, by_people in counts]
    texts = {
        "people": _length(percentiles.get((True, 50))),
        "people_slow": _length(percentiles.get((True, 90))),
        "alone": _length(percentiles.get((False, 50))),
        "alone_slow": _length(percentiles.get((False, 90))),
    }
    sentences = (
        (
            _("Half of the decisions by people took up to %(people)s, nine of ten up to %(people_slow)s."),
            people,
        ),
        (_("Half of the automatic ones took up to %(alone)s, nine of ten up to %(alone_slow)s."), automatic),
    )
    return Figure(
        "times",
        _("Time to decision"),
        " ".join(sentence % texts for sentence, kind in sentences if kind.total) or _("Nothing was decided."),
        Table(
            [_("Time"), _("Automatic"), _("By people")],
            [
                *counts,
                [_("Median"), texts["alone"], texts["people"]],
                [_("90th percentile"), texts["alone_slow"], texts["people_slow"]],
            ],
        ),
        [charts.rows(lines, kinds)] if automatic.total or people.total else [],
        list(kinds.items()),
        _("By people: since the case came into review. Automatic: since the recording was sent."),
    )


def in_time(people: work.Times) -> Figure:
    kinds = {"plain": _("in time"), "decline": _("late")}
    late = people.total - people.in_time
    line = (_("Decisions by people"), {"plain": people.in_time, "decline": late})
    return Figure(
        "in_time",
        _("Reviewed in time"),
        _("%(share)s of the %(all)s decisions by people came within the policy's review hours.")
        % {"share": share(people.in_time, people.total), "all": people.total},
        Table(
            [_("Decisions by people"), _("Count"), _("Share")],
            [
                [_("In time"), people.in_time, share(people.in_time, people.total)],
                [_("Late"), late, share(late, people.total)],
            ],
        ),
        [charts.rows([line], kinds)] if people.total else [],
        list(kinds.items()),
        _(
            "The policy under which each case was invited. Time that the applicant was asked for more is not counted."
        ),
    )


# Numbers at the top of the page


def heads(
    flow: dict[str, Counter[date]],
    backlog: list[tuple[int, int]],
    times: dict[bool, work.Times],
    percentiles: dict[tuple[bool, int], timedelta],
) -> list[tuple[str, str, bool]]:
    """(number, what it counts, whether it is bad)."""
    alone, people = times[False].total, times[True].total
    late = sum(late for _fine, late in backlog)
    return [
        (str(flow["invited"].total()), _("invited"), False),
        (str(flow["decided"].total()), _("decisions"), False),
        (share(alone, alone + people), _("of them automatic"), False),
        (_length(percentiles.get((True, 50))), _("median time of a reviewer's decision"), False),
        (str(sum(map(sum, backlog))), _("in review now"), False),
        (str(late), _("overdue now"), bool(late)),
    ]
