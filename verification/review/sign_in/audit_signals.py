"""Records sign-ins in the trail, from signals of Django and allauth. No event holds a secret or typed text."""

from typing import Any

from allauth.account import signals as account
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import signals as auth
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from verification import audit
from verification.actions import staff_by_shell
from verification.models import StaffUser
from verification.review.page import acting
from verification.review.sign_in import at_rest, lifetime, second_step
from verification.staffing import access

HOW = {Authenticator.Type.RECOVERY_CODES.value: "recovery"}


def _record(kind: str, user: StaffUser, **data: Any) -> None:
    audit.record(kind, by=acting(user), subject=user, at=timezone.now(), **data)


@receiver(auth.user_logged_in)
def session_begins(request: HttpRequest, **kwargs: Any) -> None:
    lifetime.begin(request.session, timezone.now())


@receiver(account.user_logged_in)
def signed_in(request: HttpRequest, user: StaffUser, **kwargs: Any) -> None:
    """A sign-in counts as re-authentication."""
    last = get_authentication_records(request, user)[-1]
    last["reauthenticated"] = True
    request.session.modified = True
    kind = last.get("type", "password")
    _record("staff.signed_in", user, how=HOW.get(kind, kind))


@receiver(auth.user_logged_out)
def signed_out(request: HttpRequest, user: StaffUser | None, **kwargs: Any) -> None:
    if user is None:
        return
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    why = getattr(request, "ended_because", "")
    if why:
        audit.record(
            "staff.session_ended", by=audit.By.system(), subject=user, at=timezone.now(), why=why, count=1
        )
    else:
        _record("staff.signed_out", user)


@receiver([mfa.authenticator_added, mfa.authenticator_reset])
def second_step_added(
    request: HttpRequest, user: StaffUser, authenticator: Authenticator, **kwargs: Any
) -> None:
    kind = str(authenticator.type)
    if kind in second_step.STEPS:
        second_step.mark_taken(request, user, kind)
        access.use_up_enrolment_code(user)
        # The signal is sent after the commit, when the session may already be saved.
        request.session.save()
    _record("staff.second_step_added", user, step=HOW.get(kind, kind))


@receiver(mfa.authenticator_used)
def second_step_used(user: StaffUser, **kwargs: Any) -> None:
    at_rest.wrap_anew(user)


@receiver(mfa.authenticator_removed)
def second_step_removed(
    request: HttpRequest, user: StaffUser, authenticator: Authenticator, **kwargs: Any
) -> None:
    """End the other sessions: the device may be lost, and somebody may have signed in with it."""
    kind = str(authenticator.type)
    _record("staff.second_step_removed", user, step=HOW.get(kind, kind))
    own = request.session.session_key or ""
    access.end_sessions(user, by=acting(user), now=timezone.now(), why="second_step_removed", but=own)
    if not second_step.has_one(user):
        second_step.forget(request)


@receiver(account.password_changed)
def password_changed(user: StaffUser, **kwargs: Any) -> None:
    _record("staff.password_changed", user)


@receiver(post_save, sender=StaffUser)
def end_sessions_after_change(instance: StaffUser, created: bool, **kwargs: Any) -> None:
    """End the user's sessions after a deactivation or a new password, in whichever way it was done.

    Django refuses these sessions anyway (backend, password hash); this deletes them and records it. A new password, by
    the user or by `manage.py changepassword`, is no first password: it does not run out.
    """
    has_new_password = getattr(instance, "_password", None) is not None
    if created or (instance.is_active and not has_new_password):
        return
    if has_new_password:
        access.forget_first_password(instance)
    request = context.request
    user = getattr(request, "user", None)
    by = acting(user) if isinstance(user, StaffUser) else audit.By.shell()
    own = request.session.session_key or "" if user == instance else ""
    why = "password_changed" if has_new_password else "deactivated"
    access.end_sessions(instance, by=by, now=timezone.now(), why=why, but=own)
    if has_new_password and by == audit.By.shell():
        staff_by_shell.note_new_password(instance, now=timezone.now())
