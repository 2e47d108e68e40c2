"""What one operator may do to an account of the staff at once, because it takes rights away; and old sessions' end."""

from datetime import datetime, timedelta

from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from verification import audit, permissions
from verification.models import AuditEvent, ChangeKind, ChangeState, StaffChange, StaffUser
from verification.staffing import access, effects

# How often one operator lifts the wait of one account.
LIFTED_ONCE_IN = timedelta(hours=24)
FORGOTTEN_EVERY = timedelta(hours=1)
_FORGOTTEN = "staff.sessions-forgotten"


@transaction.atomic
def switch_off(user: StaffUser, *, by: StaffUser, acting_as: audit.By, now: datetime) -> bool:
    """The account opens nothing any more, and its sessions end. False if it was off. Raises permissions.Denied.

    It leaves a change that is in effect, which the other staff read of.
    """
    permissions.check_manage_staff(by)
    if user.pk == by.pk:
        raise permissions.ConflictOfInterest(_("This is your own account. Another operator switches it off."))
    if not StaffUser.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        return False
    user.is_active = False
    StaffChange.objects.create(
        kind=ChangeKind.SWITCH_OFF,
        state=ChangeState.DONE,
        user=user,
        proposed_by=by,
        proposed_at=now,
        ended_at=now,
    )
    audit.record("staff.switched_off", by=acting_as, subject=user, at=now, user=user.get_username())
    access.end_sessions(user, by=acting_as, now=now, why="deactivated")
    return True


def check_lift(user: StaffUser, *, by: StaffUser, now: datetime) -> None:
    """Whether `by` may let somebody try again at once. Raises permissions.Denied or effects.NotPossible.

    A lifted wait is a number of further guesses, so nobody gives them to one account again and again alone.
    """
    permissions.check_manage_staff(by)
    lifted = AuditEvent.objects.filter(
        kind="staff.unlocked",
        subject_kind="staffuser",
        subject_id=str(user.pk),
        actor_id__in=[account.get_username() for account in by.accounts()],
        at__gt=now - LIFTED_ONCE_IN,
    )
    if lifted.exists():
        raise effects.NotPossible(
            _("You lifted a wait of this account less than a day ago. Another operator has to lift this one.")
        )


def end_sessions(user: StaffUser, *, by: StaffUser, acting_as: audit.By, now: datetime) -> int:
    """Sign somebody out everywhere. Returns of how many sessions. Raises permissions.Denied."""
    permissions.check_manage_staff(by)
    return access.end_sessions(user, by=acting_as, now=now, why="ended_by_operator")


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
