"""What a change to an account of the staff does, and whether it can be proposed; not who may ask for it."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from verification import audit, permissions
from verification.models import ChangeKind, ChangeState, StaffChange, StaffUser
from verification.staffing import access

# How long a proposal can be confirmed, and a first password handed out after that.
OPEN_FOR = timedelta(days=7)
# Changes of one operator that wait at the same time: whoever reads of them has to judge each.
MAX_OPEN = 20
_DETAILS = ("first_name", "last_name", "email")


class NotPossible(Exception):
    """The change can't be proposed, confirmed, stopped or handed out now; the message is a sentence for the user."""


class NameTaken(NotPossible):
    """There is a member of staff of this name, or one is proposed."""


def open_changes(now: datetime) -> QuerySet[StaffChange]:
    waiting = StaffChange.objects.filter(state=ChangeState.OPEN, proposed_at__gt=now - OPEN_FOR)
    return waiting.select_related("user", "proposed_by", "confirmed_by", "stopped_by")


def is_open(change: StaffChange, now: datetime) -> bool:
    """Whether it is one of `open_changes`."""
    return change.state == ChangeState.OPEN and now < change.proposed_at + OPEN_FOR


def check_room(by: StaffUser, now: datetime) -> None:
    """Raises NotPossible if MAX_OPEN changes that `by` proposed wait."""
    if open_changes(now).filter(proposed_by=by).count() >= MAX_OPEN:
        raise NotPossible(_("%d changes that you proposed wait. Stop one first.") % MAX_OPEN)


def target_of(about: StaffUser | None, wanted: dict[str, Any]) -> str:
    """Two changes of one kind that wait differ in this; the database refuses a second one."""
    return str(about.pk) if about else str(wanted["username"]).casefold()


def waits_already(about: StaffUser | None) -> NotPossible:
    if about is None:
        return NameTaken(_("There is a member of staff of this name, or one is proposed."))
    return NotPossible(_("The same change is proposed already. Confirm or stop that one first."))


def end_what_ran_out(now: datetime) -> None:
    """Changes that waited for OPEN_FOR make room for the same one."""
    over = StaffChange.objects.filter(state=ChangeState.OPEN, proposed_at__lte=now - OPEN_FOR)
    over.update(state=ChangeState.STOPPED, ended_at=now)


def check_can_be_proposed(
    kind: ChangeKind, about: StaffUser | None, wanted: dict[str, Any], now: datetime
) -> None:
    waiting = open_changes(now)
    if about is None:
        name = wanted["username"]
        taken = StaffUser.objects.filter(username__iexact=name).exists()
        if taken or waiting.filter(kind=kind, target=target_of(None, wanted)).exists():
            raise waits_already(None)
        return
    if waiting.filter(user=about, kind=kind).exists():
        raise waits_already(about)
    if kind == ChangeKind.VOUCH and about.person() == about:
        raise NotPossible(_("This account counts as a person of its own already."))
    if kind == ChangeKind.RIGHTS and not wanted:
        raise NotPossible(_("Nothing would change."))


def apply(change: StaffChange, acting_as: audit.By, now: datetime) -> None:
    """Do what the change says, and record it with the acting persons. An appointment gets its account."""
    if change.kind == ChangeKind.APPOINT:
        change.user = _make_account(change.wanted)
    user = account_of(change)
    kind, facts = "staff.password_reset_agreed", dict[str, Any]()
    if change.kind == ChangeKind.APPOINT:
        kind, facts = "staff.added", {"groups": change.wanted["groups"]}
    elif change.kind == ChangeKind.RIGHTS:
        kind, facts = "staff.changed", _change_rights(user, change.wanted)
        if change.wanted.get("is_active") is False:
            access.end_sessions(user, by=acting_as, now=now, why="deactivated")
    elif change.kind == ChangeKind.SECOND_STEP:
        kind, facts = "staff.second_step_removed", {"steps": access.remove_second_steps(user)}
        access.end_sessions(user, by=acting_as, now=now, why="second_step_reset")
    elif change.kind == ChangeKind.VOUCH:
        kind, facts = "staff.vouched", {"counted_as": user.person().get_username()}
        set_person(user, None)
    audit.record(kind, by=acting_as, subject=user, at=now, **facts, **acting_persons(change))


def account_of(change: StaffChange) -> StaffUser:
    if change.user is None:
        raise NotPossible(_("There is no such account yet."))
    return change.user


def acting_persons(change: StaffChange) -> dict[str, Any]:
    """The acting persons, for the trail."""
    return {
        "user": change.username,
        "proposed_by": change.proposed_by.get_username() if change.proposed_by else "",
        "confirmed_by": change.confirmed_by.get_username() if change.confirmed_by else "",
    }


def _make_account(wanted: dict[str, Any]) -> StaffUser:
    if StaffUser.objects.filter(username__iexact=wanted["username"]).exists():
        raise NameTaken(_("There is a member of staff of this name."))
    details = {name: wanted.get(name, "") for name in _DETAILS}
    user = StaffUser.objects.create_user(wanted["username"], is_staff=True, **details)
    user.groups.set(Group.objects.filter(name__in=wanted["groups"]))
    return user


def _change_rights(user: StaffUser, wanted: dict[str, Any]) -> dict[str, Any]:
    before = sorted(permissions.groups_of(user))
    fields = {name: wanted[name] for name in (*_DETAILS, "is_active") if name in wanted}
    StaffUser.objects.filter(pk=user.pk).update(**fields)
    if "groups" in wanted:
        user.groups.set(Group.objects.filter(name__in=wanted["groups"]))
    return {"groups_before": before, "groups": wanted.get("groups", before), "fields": sorted(fields)}


def set_person(user: StaffUser, person: StaffUser | None) -> None:
    same = None if person == user else person
    StaffUser.objects.filter(pk=user.pk).update(same_person_as=same)
    user.same_person_as = same
