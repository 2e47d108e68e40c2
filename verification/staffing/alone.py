"""Who could be the second person of a change to staff; without one, its proposer may go on alone after a wait."""

from datetime import datetime, timedelta
from typing import Any

from verification import permissions
from verification.models import ChangeKind, ChangeState, StaffChange, StaffUser

# Whoever was switched off still counts for so long, so that nobody becomes alone by switching the others off.
STILL_COUNTED = timedelta(days=30)


def may_become_alone(
    kind: ChangeKind, about: StaffUser | None, wanted: dict[str, Any], *, by: StaffUser, now: datetime
) -> bool:
    """Whether a change that `by` proposes may take effect without a second person. Vouching never does."""
    return kind != ChangeKind.VOUCH and not others_who_confirm(kind, about, wanted, by=by, now=now)


def others_who_confirm(
    kind: ChangeKind, about: StaffUser | None, wanted: dict[str, Any], *, by: StaffUser, now: datetime
) -> list[StaffUser]:
    """Those who could be the second person of a change that `by` proposes, or were switched off lately.

    The account that the change is about counts only if the change takes its rights: without a second person nobody
    loses the right to confirm, or one alone would remove the other.
    """
    groups = permissions.RIGHTS["confirm_staff"].groups
    found = StaffUser.objects.filter(is_staff=True, groups__name__in=groups).distinct()
    off, own = _switched_off_lately(now), by.person()
    counted = [user for user in found if (user.is_active or user.pk in off) and user.person() != own]
    return [user for user in counted if user != about or _touches_rights(kind, wanted)]


def _touches_rights(kind: ChangeKind, wanted: dict[str, Any]) -> bool:
    return kind == ChangeKind.RIGHTS and bool({"groups", "is_active"} & wanted.keys())


def _switched_off_lately(now: datetime) -> set[int]:
    done = StaffChange.objects.filter(kind=ChangeKind.SWITCH_OFF, state=ChangeState.DONE, user__isnull=False)
    return set(done.filter(ended_at__gt=now - STILL_COUNTED).values_list("user_id", flat=True))
