"""The charts of review: why cases came, what was decided, and whether reviewers agree.

Turns counts into figures for `charts`; no queries.
"""

from collections import Counter

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from verification import charts
from verification.charts import Figure, Table
from verification.counts import reviews
from verification.models import Verdict
from verification.review.dashboard.work_charts import TOP, share
from verification.rules import reasons
from verification.states import Band

MAX_LABEL = 40  # characters


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
    """Decisions by reason; the verdict is in the table only, because a bar has no room for it."""
    whole = counted.total()
    found = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    lines: list[tuple[str, str, int]] = [
        (reasons.label(code), str(Verdict(verdict).label), count) for (verdict, code), count in found[:TOP]
    ]
    rest = sum(count for _reason, count in found[TOP:])
    if rest:
        lines.append((_("All others"), "", rest))
    bars = [(Truncator(reason).chars(MAX_LABEL), {"plain": count}) for reason, _verdict, count in lines]
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


def agreement(found: list[reviews.Reviewer], *, names: bool) -> Figure:
    proposals: Counter[str] = sum((reviewer.proposals for reviewer in found), Counter())
    same, different = (sum(getattr(one, name) for one in found) for name in ("same", "different"))
    disagreed = proposals[reviews.DISAGREED]
    settled = proposals[reviews.CONFIRMED] + disagreed
    kinds = {"plain": _("agreed"), "decline": _("disagreed"), "open": _("open, withdrawn or void")}
    open_ones = proposals.total() - settled
    lines = [
        (
            _("Second person, on proposals"),
            {"plain": proposals[reviews.CONFIRMED], "decline": disagreed, "open": open_ones},
        ),
        (_("Blind, on automatic passes"), {"plain": same, "decline": different, "open": 0}),
    ]
    counts = {
        "confirmed": proposals[reviews.CONFIRMED],
        "settled": settled,
        "same": same,
        "blind": same + different,
    }
    return Figure(
        "agreement",
        _("Do reviewers agree?"),
        _(
            "A second person shared %(confirmed)s of %(settled)s verdicts; %(same)s of %(blind)s blind verdicts "
            "agree with the automatic pass."
        )
        % counts,
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


def _by_reviewer(found: list[reviews.Reviewer]) -> Table:
    head = [
        _("Reviewer"),
        _("Decided"),
        _("Proposed"),
        _("Confirmed"),
        _("Not shared"),
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
                one.proposals[reviews.CONFIRMED],
                one.proposals[reviews.DISAGREED],
                one.same,
                one.different,
            ]
            for one in found
        ],
    )
