"""Appointing a member of staff."""

import secrets
from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from verification import audit
from verification.models import StaffUser


class NameTaken(Exception):
    """There is a member of staff of this name."""


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
