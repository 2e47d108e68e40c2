"""Who may do what. Every rule stands here once, so that a button and the address behind it can't disagree.

`check_x` raises `Denied` with a sentence fit for the person; `can_x` asks the same question. Rights come from the
groups alone: being a superuser opens nothing. Whether a case's status allows an act is not known here; that is
`workflow`.
"""

from collections.abc import Callable
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from verification.models import StaffUser

User = StaffUser | AnonymousUser
Check = Callable[[User], None]


class Denied(Exception):
    """This person may not do it; the message tells them so."""


class Group(StrEnum):
    """The groups' names in the database."""

    REVIEWER = "Reviewer"
    SENIOR = "Senior reviewer"
    AUDITOR = "Auditor"
    OPERATOR = "Operator"


REVIEWERS = frozenset({Group.REVIEWER, Group.SENIOR})


def groups_of(user: User) -> frozenset[str]:
    """The person's groups; none for somebody who has not signed in or was deactivated. Asks the database once."""
    if not isinstance(user, StaffUser) or not user.is_active:
        return frozenset()
    prefetch_related_objects([user], "groups")
    return frozenset(group.name for group in user.groups.all())


def _require(user: User, allowed: frozenset[Group], sentence: str) -> None:
    if not groups_of(user) & allowed:
        raise Denied(sentence)


def _asking(check: Check) -> Callable[[User], bool]:
    """The `can_x` of a `check_x`."""

    def can(user: User) -> bool:
        try:
            check(user)
        except Denied:
            return False
        return True

    return can


def check_view_queue(user: User) -> None:
    _require(user, REVIEWERS, _("Only reviewers see the review queue."))


def check_view_case(user: User) -> None:
    _require(user, REVIEWERS | {Group.AUDITOR}, _("Only reviewers and auditors see cases."))


def check_view_evidence(user: User) -> None:
    _require(user, REVIEWERS | {Group.AUDITOR}, _("Only reviewers and auditors see photos and recordings."))


def check_decide(user: User) -> None:
    _require(user, REVIEWERS, _("Only reviewers decide cases."))


def check_reopen(user: User) -> None:
    _require(user, frozenset({Group.SENIOR}), _("Only senior reviewers reopen a decided case."))


def check_export(user: User) -> None:
    _require(user, frozenset({Group.AUDITOR}), _("Only auditors make and download exports."))


def check_view_trail(user: User) -> None:
    _require(
        user,
        frozenset({Group.AUDITOR, Group.SENIOR}),
        _("Only auditors and senior reviewers see the audit trail."),
    )


def check_manage_staff(user: User) -> None:
    _require(user, frozenset({Group.OPERATOR}), _("Only operators manage staff."))


def check_view_operations(user: User) -> None:
    _require(
        user,
        frozenset({Group.OPERATOR, Group.SENIOR, Group.AUDITOR}),
        _("Only operators, senior reviewers and auditors see how the vendor account is doing."),
    )


def check_probe_account(user: User) -> None:
    _require(user, frozenset({Group.OPERATOR}), _("Only operators have a paused account probed."))


can_view_queue = _asking(check_view_queue)
can_view_case = _asking(check_view_case)
can_view_evidence = _asking(check_view_evidence)
can_decide = _asking(check_decide)
can_reopen = _asking(check_reopen)
can_export = _asking(check_export)
can_view_trail = _asking(check_view_trail)
can_manage_staff = _asking(check_manage_staff)
can_view_operations = _asking(check_view_operations)
can_probe_account = _asking(check_probe_account)
