"""The dashboard's figures of the work: each a chart, the sentence that says what it shows, and its numbers as a table.

Turns what `figures` counted into what `charts` draws; asks no database.
"""

from collections import Counter
from datetime import date, timedelta

from django.utils.dateformat import format as date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from verification import reasons
from verification.models import Verdict
from verification.review import charts, figures, words
from verification.review.charts import Figure, Table
from verification.states import Band

TOP = 12
LONGEST = 40  # letters above a bar


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


def times(counted: dict[bool, figures.Times], percentiles: dict[tuple[bool, int], timedelta]) -> Figure:
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
    said = {
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
        " ".join(sentence % said for sentence, kind in sentences if kind.total) or _("Nothing was decided."),
        Table(
            [_("Time"), _("Automatic"), _("By people")],
            [
                *counts,
                [_("Median"), said["alone"], said["people"]],
                [_("90th percentile"), said["alone_slow"], said["people_slow"]],
            ],
        ),
        [charts.rows(lines, kinds)] if automatic.total or people.total else [],
        list(kinds.items()),
        _("By people: since the case came into review. Automatic: since the recording was sent."),
    )


def in_time(people: figures.Times) -> Figure:
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


def overrides(counted: dict[str, tuple[int, int]]) -> Figure:
    kinds = {"plain": _("the vendor had passed it"), "decline": _("against the vendor")}
    found = [(str(band.label), *counted[band]) for band in Band if band in counted]
    against, both = sum(row[2] for row in found), sum(row[1] + row[2] for row in found)
    return Figure(
        "overrides",
        _("Approvals against the vendor"),
        _("Of %(all)s approvals by people, %(against)s (%(share)s) went against what the vendor found.")
        % {"all": both, "against": against, "share": share(against, both)},
        Table(
            [_("Band"), _("With the vendor"), _("Against"), _("Share against")],
            [[name, fine, bad, share(bad, fine + bad)] for name, fine, bad in found],
        ),
        [charts.rows([(name, {"plain": fine, "decline": bad}) for name, fine, bad in found], kinds)]
        if found
        else [],
        list(kinds.items()),
    )


# Review


def bands(counted: Counter[str]) -> Figure:
    lines = [(str(band.label), counted[band]) for band in Band]
    whole = counted.total()
    return Figure(
        "bands",
        _("Why cases went to review"),
        _("%d cases were sent to review, each counted by the band it was in last.") % whole,
        Table(
            [_("Band"), _("Count"), _("Share")],
            [[name, count, share(count, whole)] for name, count in lines],
        ),
        [charts.rows([(name, {"plain": count}) for name, count in lines], {"plain": ""})] if whole else [],
    )


def why(counted: Counter[tuple[str, str]]) -> Figure:
    """The verdict stands in the table: a bar has room for the reason alone."""
    whole = counted.total()
    found = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    lines: list[tuple[str, str, int]] = [
        (reasons.label(code), str(Verdict(verdict).label), count) for (verdict, code), count in found[:TOP]
    ]
    rest = sum(count for _reason, count in found[TOP:])
    if rest:
        lines.append((_("All others"), "", rest))
    bars = [(Truncator(reason).chars(LONGEST), {"plain": count}) for reason, _verdict, count in lines]
    return Figure(
        "reasons",
        _("Reasons given"),
        _("%d decisions by people, by the reason they gave.") % whole,
        Table(
            [_("Reason"), _("Decision"), _("Count"), _("Share")],
            [[reason, verdict, count, share(count, whole)] for reason, verdict, count in lines],
        ),
        [charts.rows(bars, {"plain": ""})] if whole else [],
    )


def agreement(found: list[figures.Reviewer], *, names: bool) -> Figure:
    proposals: Counter[str] = sum((reviewer.proposals for reviewer in found), Counter())
    same, different = (sum(getattr(one, name) for one in found) for name in ("same", "different"))
    handed_back = proposals[figures.HANDED_BACK]
    settled = proposals[figures.CONFIRMED] + handed_back
    kinds = {"plain": _("agreed"), "decline": _("disagreed"), "open": _("open, withdrawn or void")}
    open_ones = proposals.total() - settled
    lines = [
        (
            _("Second person, on proposals"),
            {"plain": proposals[figures.CONFIRMED], "decline": handed_back, "open": open_ones},
        ),
        (_("Blind, on automatic passes"), {"plain": same, "decline": different, "open": 0}),
    ]
    said = {
        "confirmed": proposals[figures.CONFIRMED],
        "settled": settled,
        "same": same,
        "blind": same + different,
    }
    return Figure(
        "agreement",
        _("Do reviewers agree?"),
        _(
            "A second person confirmed %(confirmed)s of %(settled)s proposals; %(same)s of %(blind)s blind verdicts "
            "agree with the automatic pass."
        )
        % said,
        _by_reviewer(found) if names else _agreed(lines),
        [charts.rows(lines, kinds, shares=True)] if any(sum(row.values()) for _n, row in lines) else [],
        list(kinds.items()),
        _(
            "Sorted by name. Too few and too different cases lie behind these counts to compare people by them."
        )
        if names
        else "",
    )


def _agreed(lines: list[tuple[str, dict[str, int]]]) -> Table:
    head = [_("Who looked"), _("Agreed"), _("Disagreed"), _("Open or void")]
    return Table(head, [[name, *row.values()] for name, row in lines])


def _by_reviewer(found: list[figures.Reviewer]) -> Table:
    head = [
        _("Reviewer"),
        _("Decided"),
        _("Proposed"),
        _("Confirmed"),
        _("Handed back"),
        _("Blind: same"),
        _("other"),
    ]
    return Table(
        head,
        [
            [
                one.name,
                one.decided,
                one.proposals.total(),
                one.proposals[figures.CONFIRMED],
                one.proposals[figures.HANDED_BACK],
                one.same,
                one.different,
            ]
            for one in found
        ],
    )


# At the head of the page


def heads(
    flow: dict[str, Counter[date]],
    backlog: list[tuple[int, int]],
    times: dict[bool, figures.Times],
    percentiles: dict[tuple[bool, int], timedelta],
) -> list[tuple[str, str, bool]]:
    """(number, what it is, whether it is bad)."""
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
