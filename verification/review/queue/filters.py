"""Which cases a view of the review queue holds, and what else narrows it.

Each list here is the start of one index of the table, in the order in which it is shown; nothing is looked for in text
or JSON. Shows nothing and knows no request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from verification.actions import claim
from verification.models import StaffUser, Verification
from verification.permissions import RIGHTS
from verification.review import labels
from verification.states import Band, Status

SOON = timedelta(hours=4)
MAX_PK = 18  # digits


class View(TextChoices):
    """What a reviewer may want to see of the queue."""

    ALL = "all", _("All")
    MINE = "mine", _("Mine")
    UNASSIGNED = "unassigned", _("Unassigned")
    DUE = "due", _("Due")
    SECOND_LOOK = "second_look", _("Second look")
    ESCALATED = "escalated", _("Escalated")
    SNOOZED = "snoozed", _("Snoozed")
    APPLICANT = "applicant", _("Waiting for applicant")


# By when they are due, except for:
_SORTED_BY = {View.SNOOZED: "snoozed_until", View.APPLICANT: "asked_again_at"}


@dataclass(frozen=True)
class Chosen:
    """A view, and what narrows it: an owner, and at most one of band and reason.

    A reason lies within one band nearly always, so no index serves both.
    """

    view: View = View.ALL
    band: str = ""
    reason: str = ""
    owner: str = ""

    @classmethod
    def read(cls, said: Mapping[str, str]) -> "Chosen":
        """From a query string; what is not known is as if it had not been said. A reason takes the place of a band:
        the form in which it is chosen sends along the band that was shown before."""
        view, band, reason = said.get("view", ""), said.get("band", ""), said.get("reason", "")
        owner = said.get("owner", "")
        reason = reason if reason in labels.WHY_HERE else ""
        return cls(
            view=View(view) if view in View else View.ALL,
            band=band if band in Band and not reason else "",
            reason=reason,
            owner=str(int(owner)) if owner.isascii() and owner.isdigit() and len(owner) <= MAX_PK else "",
        )

    @property
    def sort(self) -> str:
        return _SORTED_BY.get(self.view, "due_at")

    @property
    def query(self) -> str:
        """As a query string: the same for the same choice."""
        view = "" if self.view == View.ALL else self.view.value
        said = {"view": view, "band": self.band, "reason": self.reason, "owner": self.owner}
        return urlencode({name: value for name, value in said.items() if value})

    def cases(self, user: StaffUser, now: datetime) -> QuerySet[Verification]:
        found = _VIEWS[self.view](user, now)
        if self.band:
            found = found.filter(band=self.band)
        if self.reason:
            found = found.filter(main_reason=self.reason)
        if self.owner:
            found = found.filter(claimed_by=int(self.owner), claimed_until__gt=now)
        return found.order_by(self.sort, "pk")


def in_review() -> QuerySet[Verification]:
    return Verification.objects.filter(status=Status.IN_REVIEW)


def overdue(now: datetime) -> QuerySet[Verification]:
    return in_review().filter(due_at__lt=now).order_by("due_at", "pk")


def holders(now: datetime, besides: str) -> QuerySet[StaffUser]:
    """Who holds a case at this moment, and the reviewer of that key, who may hold none. Of nobody else the name: who
    the rest of the staff are is not for everybody who sees the queue."""
    held = in_review().filter(claimed_by=OuterRef("pk"), claimed_until__gt=now)
    found = Q(Exists(held))
    if besides:
        reviewers = StaffUser.objects.filter(groups__name__in=RIGHTS["decide"].groups)
        found |= Q(pk__in=reviewers.filter(pk=int(besides)))
    return StaffUser.objects.filter(found).order_by("username")


def _awake(now: datetime) -> QuerySet[Verification]:
    return in_review().filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now))


def _all(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    return _awake(now)


def _mine(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    return in_review().filter(claimed_by=user, claimed_until__gt=now)


def _unassigned(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    return _awake(now).filter(Q(claimed_by__isnull=True) | Q(claimed_until__lte=now))


def _due(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    """The snoozed ones too: their hours run on."""
    return in_review().filter(due_at__lt=now + SOON)


def _second_look(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    """What colleagues proposed and this person may confirm."""
    return claim.open_to(user, now=now).filter(proposal__isnull=False)


def _escalated(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    return _awake(now).filter(escalated_at__isnull=False)


def _snoozed(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    return in_review().filter(snoozed_until__gt=now)


def _applicant(user: StaffUser, now: datetime) -> QuerySet[Verification]:
    """Asked for something by a reviewer; over as soon as they sent it."""
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
