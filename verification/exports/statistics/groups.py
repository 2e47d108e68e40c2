"""Whether the check treats groups alike: how cases went by mode, device, browser and language.

The system knows neither age, sex nor origin of a person, so it can't compare by them. What a browser and an invitation
say is all there is, and a difference by it can be a hint at more.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from verification.evidence.browsers import browser_of, device_of
from verification.exports.period.table import Period
from verification.exports.snapshot import chunks
from verification.exports.statistics.figure import (
    COUNT,
    DIFFERENCE,
    SHARE_COLUMNS,
    TEXT,
    YES_NO,
    Figure,
    Row,
    Rows,
    column,
    interval,
    shares,
)
from verification.exports.statistics.intervals import difference
from verification.exports.statistics.withholding import SMALLEST, Cells, Withheld, withheld
from verification.models import AuditEvent, LinkBinding, Review, Verdict, VerificationAttempt
from verification.states import ENDED, Device, Mode, Outcome, Status

# Half of the interval of a share of 100 is 10 points at most.
ENOUGH = 100
MAX_GROUPS = 12
SEVERAL, NOT_KNOWN, ALL_OTHERS, ALL = "several browsers", "not known", "all others", "All"


class Case(NamedTuple):
    """What is known of a case, as far as a figure by group needs it."""

    mode: str
    device: str
    browser: str
    language: str
    passed: bool
    again: bool
    reviewed: bool
    status: str

    @property
    def ending(self) -> str:
        return self.status if self.status in (Status.APPROVED, Status.DECLINED) else "without"

    @property
    def hindered(self) -> bool:
        """The first recording did not pass, or another one or a person was needed."""
        return self.again or self.reviewed or not self.passed


DIMENSIONS: dict[str, tuple[str, Callable[[Case], str]]] = {
    "mode": ("Liveness mode", lambda case: case.mode),
    "device": ("Device class", lambda case: case.device),
    "browser": ("Browser", lambda case: case.browser),
    "language": ("Language", lambda case: case.language),
}


@dataclass(frozen=True)
class Rate:
    """`part` names the part of the cases that a case falls into, of `parts`; the rate is the share of `parts[0]`."""

    key: str
    title: str
    numerator: str
    parts: Sequence[str]
    part: Callable[[Case], str]
    denominator: str = "Cases of this group."


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


_BOTH = ("yes", "no")
_ENDINGS = (Status.APPROVED, Status.DECLINED, "without")
_FALSE_ALARMS = "false_alarms"
RATES = (
    Rate(
        "passed",
        "First recording passed",
        "Cases whose first recording the vendor passed.",
        _BOTH,
        lambda case: _yes(case.passed),
    ),
    Rate(
        "approved",
        "Approved in the end",
        "Cases that were approved in the end.",
        _ENDINGS,
        lambda case: case.ending,
    ),
    Rate(
        "declined",
        "Declined in the end",
        "Cases that were declined in the end.",
        (Status.DECLINED, Status.APPROVED, "without"),
        lambda case: case.ending,
    ),
    Rate(
        "again",
        "Another recording needed",
        "Cases in which more than one recording was checked.",
        _BOTH,
        lambda case: _yes(case.again),
    ),
    Rate(
        "reviewed",
        "Sent to review",
        "Cases that the system sent to a person.",
        _BOTH,
        lambda case: _yes(case.reviewed),
    ),
    Rate(
        _FALSE_ALARMS,
        "False alarms",
        "Cases that were approved in the end, and whose first recording did not pass, "
        "or that took another recording or a person.",
        _BOTH,
        lambda case: _yes(case.hindered),
        "Cases of this group that were approved in the end.",
    ),
)


# From the database


def _first_recordings(period: Period) -> QuerySet[Any]:
    """The first recording of each case that the vendor or the portal did not fail, with what became of the case."""
    checked = VerificationAttempt.objects.finished().exclude(outcome=Outcome.VENDOR_FAILED)
    same = checked.filter(verification=OuterRef("verification"))
    others = LinkBinding.objects.filter(verification=OuterRef("verification"))
    reopened = Review.objects.filter(verification=OuterRef("verification"), verdict=Verdict.REOPEN)
    sent = AuditEvent.objects.filter(
        subject_id=OuterRef("verification__public_id"), kind="decision.sent_to_review"
    )
    # Reopening queues a case, too. Only of those that were reopened the trail is asked.
    reviewed = Q(verification__queued_at__isnull=False) & (~Exists(reopened) | Exists(sent))
    return (
        checked.filter(period.holds("finished_at"), verification__status__in=ENDED)
        .filter(~Exists(same.filter(number__lt=OuterRef("number"))))
        .annotate(
            passed=Q(outcome=Outcome.PASSED),
            again=Exists(same.filter(number__gt=OuterRef("number"))),
            reviewed=reviewed,
            several=Exists(others.exclude(browser_hash=OuterRef("browser_hash"))),
        )
        .order_by()
        .values_list(
            "mode",
            "verification__applicant__locale",
            "verification__consents__user_agent",
            "passed",
            "again",
            "reviewed",
            "several",
            "verification__status",
        )
        .annotate(count=Count("pk"))
    )


def count(period: Period) -> Counter[Case]:
    """Cases by all that the figures need. There are few different ones, whatever the browsers claim."""
    found: Counter[Case] = Counter()
    rows = chain.from_iterable(chunks(_first_recordings(period)))
    for mode, locale, agent, passed, again, reviewed, several, status, number in rows:
        device, browser = (SEVERAL, SEVERAL) if several else _of_agent(agent or "")
        case = Case(
            str(Mode(mode).label), device, browser, language_of(locale), passed, again, reviewed, status
        )
        found[case] += number
    return found


def _of_agent(agent: str) -> tuple[str, str]:
    device, browser = device_of(agent), browser_of(agent)
    return (
        NOT_KNOWN if device == Device.OTHER else str(device.label).removeprefix("a "),
        str(browser.label),
    )


def language_of(locale: str) -> str:
    """The language without its region: de-AT and de-CH are de."""
    return locale.replace("_", "-").split("-")[0].lower() or NOT_KNOWN


# Tables by group


def collect(period: Period, _now: datetime) -> dict[str, Rows]:
    """The rows of each of FIGURES."""
    return tables(count(period))


def tables(found: Counter[Case]) -> dict[str, Rows]:
    """For each figure its rows, with what is withheld left empty."""
    every: dict[str, Rows] = {f"groups_{rate.key}": [] for rate in RATES}
    for name, (title, group_of) in DIMENSIONS.items():
        cells = {rate.key: _cells(found, name, group_of, rate) for rate in RATES}
        endings = withheld(cells["approved"])
        for rate in RATES:
            # How many were approved is what false alarms are a share of.
            also = endings.parts if rate.key == _FALSE_ALARMS else frozenset()
            every[f"groups_{rate.key}"] += _told(
                title, cells[rate.key], withheld(cells[rate.key], also), endings, rate.key
            )
    return every


def _cells(
    found: Counter[Case], name: str, group_of: Callable[[Case], str], rate: Rate
) -> dict[str, tuple[int, ...]]:
    kept = _largest(found, group_of)
    counted: dict[str, Counter[str]] = {group: Counter() for group in kept}
    for case, number in found.items():
        group = group_of(case)
        group = group if group in counted else ALL_OTHERS
        if rate.key != _FALSE_ALARMS or case.status == Status.APPROVED:
            counted.setdefault(group, Counter())[rate.part(case)] += number
    return {group: tuple(parts[part] for part in rate.parts) for group, parts in counted.items()}


def _largest(found: Counter[Case], group_of: Callable[[Case], str]) -> list[str]:
    """The groups that have a row of their own, the largest first."""
    sizes: Counter[str] = Counter()
    for case, number in found.items():
        sizes[group_of(case)] += number
    ranked = sorted(sizes, key=lambda group: (-sizes[group], group))
    return ranked if len(ranked) <= MAX_GROUPS else ranked[: MAX_GROUPS - 1]


def _told(title: str, cells: Cells, hidden: Withheld, endings: Withheld, key: str) -> Rows:
    columns = list(zip(*cells.values(), strict=True))
    every = tuple(map(sum, columns)) or (0, 0)
    all_hidden = key == _FALSE_ALARMS and endings.total_parts
    rows = [
        {"dimension": title, "group": group, **_of_group(parts, every, hidden, group)}
        for group, parts in cells.items()
    ]
    return [*rows, {"dimension": title, "group": ALL, **_of_all(every, hidden, all_hidden)}]


_EMPTY: Row = {
    "cases": None,
    "count": None,
    **shares(0, 0),
    "difference": None,
    "difference_low": None,
    "difference_high": None,
    "enough": None,
    "withheld": True,
}
_DIFFERENCE = ("difference", "difference_low", "difference_high")


def _of_group(parts: tuple[int, ...], every: tuple[int, ...], hidden: Withheld, group: str) -> Row:
    whole, of_all = sum(parts), sum(every)
    if group in hidden.sizes:
        return dict(_EMPTY)
    others = of_all - whole
    # A single group has nothing to be compared with.
    enough = whole >= ENOUGH and (others == 0 or others >= ENOUGH)
    if group in hidden.parts:
        return {**_EMPTY, "cases": whole, "enough": enough}
    other = difference(parts[0], whole, every[0] - parts[0], others)
    apart = other if not hidden.total_parts else None
    return {
        "cases": whole,
        "count": parts[0],
        **shares(parts[0], whole),
        **interval(apart, _DIFFERENCE),
        "enough": enough,
        "withheld": False,
    }


def _of_all(every: tuple[int, ...], hidden: Withheld, all_hidden: bool) -> Row:
    whole = sum(every)
    if hidden.total_size or all_hidden:
        return dict(_EMPTY)
    if hidden.total_parts:
        return {**_EMPTY, "cases": whole, "enough": whole >= ENOUGH}
    return {
        **_EMPTY,
        "cases": whole,
        "count": every[0],
        **shares(every[0], whole),
        "enough": whole >= ENOUGH,
        "withheld": False,
    }


_COHORT = (
    "Cases whose first recording was checked in the period, whatever became of them later, as far as they have ended "
    "when the statistics are made. A recording on which the vendor or the portal failed is passed over."
)
_NOTES = (
    f"Counts from 1 to {SMALLEST - 1} are withheld, with as many further rows as are needed so that they can't be "
    f"worked out. Below {ENOUGH} cases in the group or in all others a share is too uncertain to compare. Of twenty "
    "differences between like groups, one has an interval without 0 by chance alone."
)
_COLUMNS = (
    column("dimension", "By", TEXT, "What the cases are grouped by."),
    column("group", "Group", TEXT),
    column("cases", "Cases", COUNT, "The denominator."),
    column("count", "Of these", COUNT, "The numerator."),
    *SHARE_COLUMNS,
    column(
        "difference",
        "Difference",
        DIFFERENCE,
        "The group's share less the share of all other groups together.",
    ),
    column("difference_low", "from", DIFFERENCE, "Lower end of its 95 % interval (Newcombe)."),
    column("difference_high", "to", DIFFERENCE, "Upper end of it."),
    column("enough", "Enough", YES_NO, f"Whether the group and all others hold {ENOUGH} cases each."),
    column("withheld", "Withheld", YES_NO, "Whether the counts are withheld because one of them is small."),
)
_GROUPS = (
    "By the mode of the first recording; by device class and browser, as the browser called itself when the person "
    f"consented, or '{SEVERAL}' if the case was open in another one too; by the language of the invitation, without "
    f"its region. The {MAX_GROUPS - 1} largest groups have rows of their own if there are more than {MAX_GROUPS}."
)


FIGURES = tuple(
    Figure(
        f"groups_{rate.key}",
        f"{rate.title}, by group",
        rate.numerator,
        f"{_COHORT} {_GROUPS}",
        _COLUMNS,
        rate.numerator,
        rate.denominator,
        _NOTES,
    )
    for rate in RATES
)
