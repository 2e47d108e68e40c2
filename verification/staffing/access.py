"""What lets a member of staff in: first passwords, enrolment codes, second steps and sessions; giving and taking them.

A first password and an enrolment code are shown once, to two different people, and both are needed to get in: nobody
who hands out one of them can sign in as somebody else. `actions.staff_change` decides who sees which. The sign-in's own
models are looked up by name, because only the staff site may import its libraries.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.crypto import constant_time_compare

from verification import audit
from verification.models import StaffUser

# How long a first password and an enrolment code work.
HANDED_OUT_FOR = timedelta(hours=72)
# Without letters and digits that look alike; 12 of them are 58 bits.
_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


def give_first_password(user: StaffUser, *, seen_by: StaffUser | None, now: datetime) -> str:
    """Set a random password, which the user changes at their first sign-in, and return it."""
    password = secrets.token_urlsafe(15)
    _change(
        user,
        password=make_password(password),
        first_password_until=now + HANDED_OUT_FOR,
        first_password_seen_by=seen_by,
    )
    return password


def has_first_password(user: StaffUser) -> bool:
    """Whether their password was handed out and not changed since."""
    return user.first_password_until is not None


def is_first_password_over(user: StaffUser, now: datetime) -> bool:
    return user.first_password_until is not None and user.first_password_until <= now


def forget_first_password(user: StaffUser) -> None:
    """They have a password of their own."""
    _change(user, first_password_until=None, first_password_seen_by=None)


def give_enrolment_code(user: StaffUser, *, seen_by: StaffUser | None, now: datetime) -> str:
    """Make the code that the user's next first second step asks for, in place of an older one, and return it."""
    code = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
    _change(
        user, enrolment_sha256=digest(code), enrolment_until=now + HANDED_OUT_FOR, enrolment_seen_by=seen_by
    )
    return code


def enrolment_in_force(user: StaffUser, now: datetime) -> str:
    """The hash of the user's enrolment code; "" if there is none, or it is over."""
    is_valid = user.enrolment_until is not None and now < user.enrolment_until
    return user.enrolment_sha256 if is_valid else ""


def is_enrolment_code(user: StaffUser, typed: str, now: datetime) -> bool:
    kept = enrolment_in_force(user, now)
    return bool(kept) and constant_time_compare(kept, digest(typed))


def use_up_enrolment_code(user: StaffUser) -> None:
    _change(user, enrolment_sha256="", enrolment_until=None, enrolment_seen_by=None)


def digest(code: str) -> str:
    """What is stored of an enrolment code, however it is typed."""
    plain = "".join(one for one in code.upper() if one.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def second_steps(user: StaffUser) -> list[str]:
    """The kinds of second steps and recovery codes that the user has."""
    steps = apps.get_model("mfa", "Authenticator").objects.filter(user=user)
    return sorted(set(steps.values_list("type", flat=True)))


def remove_second_steps(user: StaffUser) -> list[str]:
    """Returns which kinds there were."""
    kinds = second_steps(user)
    apps.get_model("mfa", "Authenticator").objects.filter(user=user).delete()
    return kinds


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
            _change(user, devices_since=now)
        if keys:
            audit.record("staff.session_ended", by=by, subject=user, at=now, why=why, count=len(keys))
    return len(keys)


def _change(user: StaffUser, **fields: object) -> None:
    """In the database and in this object, so that a later save of it undoes nothing."""
    StaffUser.objects.filter(pk=user.pk).update(**fields)
    for name, value in fields.items():
        setattr(user, name, value)
