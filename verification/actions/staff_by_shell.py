"""Changes to staff by commands on the server. Whoever has its shell is trusted; each act is an event and a notice."""

from datetime import datetime
from typing import Any

from django.db import transaction

from verification import audit
from verification.models import ChangeKind, ChangeState, StaffChange, StaffUser
from verification.staffing import access, effects


class NoSuchStaff(Exception):
    """There is no member of staff of this name."""


@transaction.atomic
def appoint(username: str, group: str, *, now: datetime) -> tuple[str, str]:
    """A new member of `group` (by its name). Returns the first password and the enrolment code. Raises NameTaken."""
    wanted = {"username": StaffUser.normalize_username(username), "groups": [group]}
    effects.check_can_be_proposed(ChangeKind.APPOINT, None, wanted, now)
    user = effects.account_of(_by_shell(ChangeKind.APPOINT, None, wanted, now))
    password = access.give_first_password(user, seen_by=None, now=now)
    return password, access.give_enrolment_code(user, seen_by=None, now=now)


@transaction.atomic
def reset_second_step(username: str, *, now: datetime) -> str:
    """Remove every second step and end the sessions. Returns the enrolment code for a new one. Raises NoSuchStaff."""
    user = _named(username)
    _by_shell(ChangeKind.SECOND_STEP, user, {}, now)
    return access.give_enrolment_code(user, seen_by=None, now=now)


@transaction.atomic
def vouch(username: str, *, now: datetime) -> None:
    """From now on the account counts as a person of its own. Raises NoSuchStaff or NotPossible."""
    user = _named(username)
    effects.check_can_be_proposed(ChangeKind.VOUCH, user, {}, now)
    _by_shell(ChangeKind.VOUCH, user, {}, now)


@transaction.atomic
def note_new_password(user: StaffUser, *, now: datetime) -> None:
    """`manage.py changepassword` has set a password, and so somebody at the server knows it."""
    StaffChange.objects.create(
        kind=ChangeKind.PASSWORD, state=ChangeState.DONE, user=user, proposed_at=now, ended_at=now
    )
    facts = {"user": user.get_username(), "proposed_by": "", "confirmed_by": ""}
    audit.record("staff.password_reset", by=audit.By.shell(), subject=user, at=now, **facts)


def _named(username: str) -> StaffUser:
    user = StaffUser.objects.filter(username=username).first()
    if user is None:
        raise NoSuchStaff("There is no member of staff of this name.")
    return user


def _by_shell(kind: ChangeKind, user: StaffUser | None, wanted: dict[str, Any], now: datetime) -> StaffChange:
    change = StaffChange(kind=kind, user=user, wanted=wanted, proposed_at=now, ended_at=now)
    change.state = ChangeState.DONE
    effects.apply(change, audit.By.shell(), now)
    change.save()
    return change
