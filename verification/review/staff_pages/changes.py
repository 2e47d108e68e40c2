"""Changes to staff as the pages show them: what is wanted, by whom, what became of it, and what this user may do."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from verification import permissions
from verification.actions import staff_change as action
from verification.models import ChangeKind, ChangeState, StaffChange, StaffUser
from verification.staffing import effects

# Ended changes that are shown: those that are new to the user, the oldest first; and the latest of the others.
MAX_NEW, MAX_CHANGES = 200, 30
# Changes on the page of one account, the latest first.
MAX_OF_ONE = 20


def listed(user: StaffUser, now: datetime) -> dict[str, Any]:
    """Everything that waits and everything new, so that no number of later changes hides one."""
    unseen = list(action.unseen(user, now).order_by("proposed_at", "pk"))
    latest = action.visible(user).order_by("-proposed_at", "-pk")[:MAX_CHANGES]
    found = {
        one.pk: one for one in (*effects.open_changes(now) & action.visible(user), *unseen[:MAX_NEW], *latest)
    }
    shown = sorted(found.values(), key=lambda one: (one.proposed_at, one.pk), reverse=True)
    rows = [row(one, user, now, one in unseen) for one in shown]
    return {
        "open": [each for each in rows if each["is_open"]],
        "ended": [each for each in rows if not each["is_open"]],
        "new": [action.as_shown(each["change"]) for each in rows if each["is_new"]],
    }


def row(change: StaffChange, user: StaffUser, now: datetime, is_new: bool) -> dict[str, Any]:
    is_open = effects.is_open(change, now)
    own = change.proposed_by_id == user.pk and permissions.can_manage_staff(user)
    return {
        "change": change,
        "is_open": is_open,
        "ran_out": change.state != ChangeState.DONE and change.stopped_by_id is None and not is_open,
        "is_new": is_new,
        "is_own": own,
        "details": _details(change),
        "may_confirm": is_open and permissions.can_confirm_change(user, change),
        "may_open": permissions.can_view_staff(user),
        "is_switch_off": change.kind == ChangeKind.SWITCH_OFF,
        "will_count": is_open and change.alone_until is not None and change.kind in _CREDENTIALS,
        "may_do_alone": is_open and own and action.may_act_alone(change, by=user, now=now),
        "waits_alone": is_open and change.alone_until is not None and now < change.alone_until,
        "may_hand_out": own and action.waits_for_hand_out(change, now),
    }


# What, done alone, makes an account count as its proposer's.
_CREDENTIALS = {ChangeKind.APPOINT, ChangeKind.PASSWORD, ChangeKind.SECOND_STEP}


def _details(change: StaffChange) -> list[tuple[str, str]]:
    labels = {
        "groups": _("Groups"),
        "is_active": _("May sign in"),
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "email": _("E-mail"),
    }
    found = [(label, change.wanted[name]) for name, label in labels.items() if name in change.wanted]
    return [(label, _plain(value)) for label, value in found if value != ""]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(value) or _("none") if isinstance(value, list) else str(value)


def of_account(one: StaffUser, user: StaffUser, now: datetime) -> list[dict[str, Any]]:
    """The latest changes to one account, for somebody who reads the staff list."""
    latest = action.visible(user).filter(user=one).order_by("-proposed_at", "-pk")[:MAX_OF_ONE]
    unseen = set(action.unseen(user, now).filter(user=one).values_list("pk", flat=True))
    return [row(change, user, now, change.pk in unseen) for change in latest]
