"""Lockout after failed sign-ins: axes counts; this module adds the limit per day, the trail and the page.

5 failures of a name from one address lock this pair for 15 minutes. 100 failures of a name in a day (UTC), from any
address and without a successful sign-in in between, lock the name until the day ends or an operator unlocks it. Open
sessions go on: otherwise anybody could lock a user out of their work. Unknown names are counted and locked alike, and
stored as a hash, because people type passwords into the wrong field.
"""

from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt, AccessFailureLog
from django.conf import settings
from django.db.models import Q
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from verification import audit
from verification.client_address import network
from verification.models import StaffUser
from verification.review.sign_in.layout import page

FAILURES_A_DAY = 100
_RETENTION = timedelta(days=2)


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    name = str((credentials or {}).get("username") or "")
    if StaffUser.objects.filter(username=name).exists():
        return name
    return f"unknown {salted_hmac('sign-in', name).hexdigest()[:32]}"


def address(request: HttpRequest) -> str | None:
    """The client's address as set by `ForwardedAddressMiddleware`; of IPv6 its /64 network."""
    return network(request.META.get("REMOTE_ADDR", "")) or None


class Lockout(AxesDatabaseHandler):
    def is_locked(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        return super().is_locked(request, credentials) or _day_is_spent(request, credentials)

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        denied = request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if denied:  # the password was not checked
            return
        if _day_is_spent(request, credentials):
            request.axes_locked_out, request.axes_credentials = True, credentials
        _record(credentials, locked=request.axes_locked_out)

    def user_logged_in(self, sender: Any, request: Any, user: StaffUser, **kwargs: Any) -> None:
        super().user_logged_in(sender, request, user, **kwargs)
        AccessFailureLog.objects.filter(username=user.get_username()).delete()
        self.remove_out_of_limit_failure_logs(username=user.get_username())

    def remove_out_of_limit_failure_logs(self, *, username: str, limit: int | None = None) -> int:
        """Delete by age: axes would delete the newest entries, which are the ones that count."""
        old, _of_each = AccessFailureLog.objects.filter(attempt_time__lt=timezone.now() - _RETENTION).delete()
        return int(old)

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """`manage.py axes_reset…`: an operator unlocks a name, an address or everything, also for the day."""
        named = {"username": username, "ip_address": ip_address and network(ip_address)}
        selected = Q(
            *[(field, value) for field, value in named.items() if value],
            _connector=Q.OR if ip_or_username else Q.AND,
        )
        found, names = 0, set()
        for rows in (AccessAttempt.objects.filter(selected), AccessFailureLog.objects.filter(selected)):
            names.update(rows.values_list("username", flat=True))
            found += rows.delete()[0]
        if found:
            _record_unlocked(names)
        return found


@receiver(pre_save, sender=AccessAttempt)
def keep_nothing_typed(instance: AccessAttempt, **kwargs: Any) -> None:
    """Store no request data: axes masks only the fields it knows, and `next` can hold a search text."""
    instance.get_data = instance.post_data = ""


def locked_page(request: Any, response: Any, credentials: dict[str, Any] | None) -> HttpResponse:
    """429 for a locked name, with the time at which the lock ends."""
    now = timezone.now()
    until = _locked_until(request, credentials, now)
    minutes = ceil((until - now).total_seconds() / 60)
    context = {"title": _("Too many tries"), "until": until, "minutes": minutes}
    answer = page(request, "account/locked.html", context, status=429)
    answer["Retry-After"] = str(minutes * 60)
    return answer


def too_many_page(request: HttpRequest) -> HttpResponse:
    """429 for too many requests of one kind from one address."""
    answer = page(request, "account/locked.html", {"title": _("Too many tries"), "minutes": 1}, status=429)
    answer["Retry-After"] = "60"
    return answer


def _day_is_spent(request: Any, credentials: dict[str, Any] | None) -> bool:
    if request.user.is_authenticated:
        return False
    return _failures_today(counted_name(request, credentials)) >= FAILURES_A_DAY


def _failures_today(name: str) -> int:
    today = AccessFailureLog.objects.filter(username=name, attempt_time__gte=_midnight(timezone.now()))
    return int(today.count())


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _locked_until(request: Any, credentials: dict[str, Any] | None, now: datetime) -> datetime:
    if _day_is_spent(request, credentials):
        return _midnight(now) + timedelta(days=1)
    tries = Lockout().get_user_attempts(request, credentials)[0]
    last = tries.order_by("-attempt_time").values_list("attempt_time", flat=True).first() or now
    return last + (get_cool_off(request) or settings.AXES_COOLOFF_TIME)


def _record(credentials: dict[str, Any], *, locked: bool) -> None:
    """Record the failure in the trail, without the name if no user has it."""
    user = StaffUser.objects.filter(username=str(credentials.get("username") or "")).first()
    note = partial(
        audit.record,
        by=audit.By.system(),
        subject=user or StaffUser(pk=""),
        at=timezone.now(),
        known=bool(user),
    )
    note("staff.sign_in_failed", step=credentials.get("step", "password"))
    if locked:
        note("staff.locked_out")


def _record_unlocked(names: set[str]) -> None:
    """Record the users that were unlocked; unknown names are one event without a subject."""
    now = timezone.now()
    for user in StaffUser.objects.filter(username__in=names) or [StaffUser(pk="")]:
        audit.record("staff.unlocked", by=audit.By.shell(), subject=user, at=now)
