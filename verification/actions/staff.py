"""Appointing a member of staff, ending their sessions, removing a lost second step, and deleting old sessions.

The sign-in's own models are looked up by name, because only the staff site may import its libraries.
"""

import secrets
from datetime import datetime, timedelta

from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction

from verification import audit
from verification.models import StaffUser

FORGOTTEN_EVERY = timedelta(hours=1)
_FORGOTTEN = "staff.sessions-forgotten"


class NameTaken(Exception):
    """There is a member of staff of this name."""


class NoSuchStaff(Exception):
    """There is no member of staff of this name."""


@transaction.atomic
def appoint(username: str, group: str, *, by: audit.By, now: datetime) -> str:
    """A new member of `group` (by its name). Returns the random password that they sign in with first."""
    if StaffUser.objects.filter(username=username).exists():
        raise NameTaken("There is a member of staff of this name.")
    password = secrets.token_urlsafe(15)
    user = StaffUser.objects.create_user(username, password=password, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    audit.record("staff.added", by=by, subject=user, at=now, user=username, groups=[group])
    return password


def end_sessions(
    user: StaffUser, *, by: audit.By, now: datetime, why: str, but: str = "", only: str = ""
) -> int:
    """Sign `user` out everywhere but in the session of key `but`, or out of session number `only`. Returns how many.

    Signing out everywhere also ends the known devices.
    """
    found = apps.get_model("usersessions", "UserSession").objects.filter(user=user).exclude(session_key=but)
    if only:
        found = found.filter(pk=int(only) if only.isdecimal() and len(only) < 19 else None)
    with transaction.atomic():
        keys = list(found.values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        found.delete()
        if not only:
            StaffUser.objects.filter(pk=user.pk).update(devices_since=now)
            user.devices_since = now  # else a later save of this object would undo it
        if keys:
            audit.record("staff.session_ended", by=by, subject=user, at=now, why=why, count=len(keys))
    return len(keys)


@transaction.atomic
def reset_second_step(username: str, *, by: audit.By, now: datetime) -> None:
    """Remove every second step of somebody who lost theirs, and end their sessions. They set up a new one."""
    user = StaffUser.objects.filter(username=username).first()
    if user is None:
        raise NoSuchStaff("There is no member of staff of this name.")
    steps = apps.get_model("mfa", "Authenticator").objects.filter(user=user)
    kinds = sorted(steps.values_list("type", flat=True))
    steps.delete()
    end_sessions(user, by=by, now=now, why="second_step_reset")
    audit.record("staff.second_step_removed", by=by, subject=user, at=now, steps=kinds)


def forget_sessions(*, now: datetime) -> int:
    """Delete expired sessions, of staff and of visitors of the sign-in page. Does nothing for an hour after that.

    Failed sign-ins need no deletion here: the next sign-in, good or bad, deletes old ones.
    """
    if cache.get(_FORGOTTEN):
        return 0
    cache.set(_FORGOTTEN, True, FORGOTTEN_EVERY.total_seconds())
    expired, _of_each = Session.objects.filter(expire_date__lt=now).delete()
    listed = apps.get_model("usersessions", "UserSession").objects
    listed.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return expired
