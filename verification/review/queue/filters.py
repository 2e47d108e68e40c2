"""The views of the review queue: filters and order.

Each list is a range of one index in the order in which it is shown; no filter searches text or JSON.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from verification import casework, labels
from verification.models import StaffUser, Verification
from verification.permissions import RIGHTS
from verification.states import Band, Mark, Status

SOON = timedelta(hours=4)
MAX_PK = 18  # digits


class View(TextChoices):
    """The views of the queue that a reviewer can choose."""

    ALL = "all", _("All")
    MINE = "mine", _("Mine")
    UNASSIGNED = "unassigned", _("Unassigned")
    DUE = "due", _("Due")
    SECOND_LOOK = "second_look", _("Second look")
    ESCALATED = "escalated", _("Escalated")
    SNOOZED = "snoozed", _("Snoozed")
    APPLICANT = "applicant", _("Waiting for applicant")


# All other views are sorted by `due_at`.
_SORTED_BY = {View.SNOOZED: "snoozed_until", View.APPLICANT: "asked_again_at"}


@dataclass(frozen=True)
class Chosen:
    """A view with its filters: an owner, and one of a band, a reason or a mark.

    A reason nearly always lies within one band, and each has an index of its own, so no index covers two.
    """

    view: View = View.ALL
    band: str = ""
    reason: str = ""
    owner: str = ""
    mark: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "Chosen":
        """From a query string; unknown values are ignored. A reason replaces band and mark, because its form also sends
        what was chosen before; a mark replaces the band."""
        view, band, reason = (
            parameters.get("view", ""),
            parameters.get("band", ""),
            parameters.get("reason", ""),
        )
        owner = parameters.get("owner", "")
        reason = reason if reason in labels.WHY_HERE else ""
        mark = parameters.get("mark", "")
        mark = mark if mark in Mark and not reason else ""
        return cls(
            view=View(view) if view in View else View.ALL,
            band=band if band in Band and not (reason or mark) else "",
            reason=reason,
            owner=str(int(owner)) if owner.isascii() and owner.isdigit() and len(owner) <= MAX_PK else "",
            mark=mark,
        )

    @property
    def sort(self) -> str:
        return _SORTED_BY.get(self.view, "due_at")

    @property
    def query(self) -> str:
        """The query string, always the same for the same choice."""
        view = "" if self.view == View.ALL else self.view.value
        parameters = {
            "view": view,
            "band": self.band,
            "reason": self.reason,
            "mark": self.mark,
            "owner": self.owner,
        }
        return urlencode({name: value for name, value in parameters.items() if value})

    @property
    def link(self) -> str:
        """The same for a link: the address without one opens what the user, or a senior for all, has chosen."""
        return self.query or urlencode({"view": View.ALL.value})

    def cases(self, user: StaffUser, now: datetime) -> QuerySet[Verification]:
        found = _VIEWS[self.view](user, now)
        if self.band:
            found = found.filter(band=self.band)
        if self.reason:
            found = found.filter(main_reason=self.reason)
        if self.mark:
            found = found.filter(**{f"marked_{self.mark}": True})
        if self.owner:
            found = found.filter(_of(int(self.owner), now))
        return found.order_by(self.sort, "pk")


def in_review() -> QuerySet[Verification]:
    return Verification.objects.filter(status=Status.IN_REVIEW)


def overdue(now: datetime) -> QuerySet[Verification]:
    return in_review().filter(due_at__lt=now).order_by("due_at", "pk")


def holders(now: datetime, including: str) -> QuerySet[StaffUser]:
    """The users who hold a case now or have one kept for them, and the reviewer with the key `including`, even if they
    have none. No other names: not everybody who sees the queue may see who the staff are."""
    held = in_review().filter(claimed_by=OuterRef("pk"), claimed_until__gt=now)
    found = Q(Exists(held)) | Q(Exists(in_review().filter(assigned_to=OuterRef("pk"))))
    if including:
        reviewers = StaffUser.objects.filter(groups__name__in=RIGHTS["decide"].groups)
        found |= Q(pk__in=reviewers.filter(pk=int(including)))
    return StaffUser.objects.filter(found).order_by("username")


def _awake(now: datetime) -> QuerySet[Verification]:
    return in_review().filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now))


def _all(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    return _awake(now)


def _mine(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    return in_review().filter(_of(user.pk, now))


def _of(owner: int, now: datetime) -> Q:
    """Claimed by this reviewer now, or kept for them."""
    return Q(claimed_by=owner, claimed_until__gt=now) | Q(assigned_to=owner)


def _unassigned(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    free = Q(claimed_by__isnull=True) | Q(claimed_until__lte=now)
    return _awake(now).filter(free, assigned_to__isnull=True)


def _due(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    """Includes snoozed cases, whose due time does not stop."""
    return in_review().filter(due_at__lt=now + SOON)


def _second_look(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    """Proposals of colleagues that this user may confirm."""
    return casework.open_to(user, now=now).filter(proposal__isnull=False)


def _escalated(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    return _awake(now).filter(escalated_at__isnull=False)


def _snoozed(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    return in_review().filter(snoozed_until__gt=now)


def _applicant(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    """Cases in which a reviewer asked the applicant again and the applicant has not sent anything yet."""
    return Verification.objects.filter(asked_again_at__isnull=False)


_VIEWS: dict[View, Callable[[StaffUser, datetime], QuerySet[Verification]]] = {
    View.ALL: _all,
    View.MINE: _mine,
    View.UNASSIGNED: _unassigned,
    View.DUE: _due,
    View.SECOND_LOOK: _second_look,
    View.ESCALATED: _escalated,
    View.SNOOZED: _snoozed,
    View.APPLICANT: _applicant,
}
