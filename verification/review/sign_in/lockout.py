"""Lockout after failed sign-ins: axes counts; this module says whose failures count together, and for how long.

Failures are counted in three separate counters, so that strangers' guesses lock nobody out where they are known:

* of a name, from browsers that it is not known on. From FREE failures within a day, each one is followed by a wait that
  grows, and after a wait one try is checked, however many are sent at once. Before that, no more tries are under way at
  once than failures are left without a wait. In any 24 hours there are at most MAX_FAILURES_A_DAY. Unknown names are
  counted and made to wait alike, and stored as a hash, because people type passwords into the wrong field.
* of a known device of a user (`known_devices`), and of a user's open sessions: at most MAX_FAILURES_OF_A_DEVICE in 24
  hours.

In each of them, 5 failures from one address lock it there for 15 minutes. A sign-in clears the counter that it would
have counted in, and that of the sessions. A passkey that signs in alone is not counted: it can't be guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt, AccessFailureLog
from django.conf import settings
from django.core.cache import cache
from django.db.models import Max, Q, QuerySet
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from verification import audit
from verification.client_address import network
from verification.models import StaffUser
from verification.review.sign_in import known_devices

MAX_FAILURES_A_DAY, MAX_FAILURES_OF_A_DEVICE = 100, 20
_DAY = timedelta(days=1)
# From so many failures of a name within a day: the wait after each further one.
WAITS = ((10, timedelta(minutes=1)), (20, timedelta(minutes=5)), (30, timedelta(minutes=20)))
FREE = WAITS[0][0]
# Seconds until a try that neither failed nor signed in lets another one follow.
TURN_SECONDS = 60
# What can be tried.
_STEPS = ("password", "code", "passkey", "enrolment")
_RETENTION = timedelta(days=2)


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The counter of a failure. No username has a space, so the counters can't be mixed up."""
    name = str((credentials or {}).get("username") or "")
    user = StaffUser.objects.filter(username=name).first()
    if user is None:
        return f"unknown {salted_hmac('sign-in', name).hexdigest()[:32]}"
    if device := known_devices.device_of(request, user):
        return f"{_device(user)} {device}"
    return _session(user) if getattr(request, "user", None) == user else name


def _device(user: StaffUser) -> str:
    return f"device {user.pk}"


def _session(user: StaffUser) -> str:
    return f"session {user.pk}"


def _is_strangers(counted: str) -> bool:
    return not counted.startswith(("device ", "session "))


def address(request: HttpRequest) -> str | None:
    """The client's address as set by `ForwardedAddressMiddleware`; of IPv6 its /64 network."""
    return network(request.META.get("REMOTE_ADDR", "")) or None


class Lockout(AxesDatabaseHandler):
    def is_locked(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        counted, now = counted_name(request, credentials), timezone.now()
        if super().is_locked(request, credentials) or waits_until(counted, now) > now:
            return True
        return not _takes_turn(counted, (credentials or {}).get("step", "password"), now)

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        denied = request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if denied:  # the password was not checked
            return
        now = timezone.now()
        if waits_until(counted_name(request, credentials), now) > now:
            request.axes_locked_out, request.axes_credentials = True, credentials
        _record(credentials, locked=request.axes_locked_out)

    def user_logged_in(self, sender: Any, request: Any, user: StaffUser, **kwargs: Any) -> None:
        """Clear the counter in which this sign-in would have counted, had it failed, and that of the sessions."""
        super().user_logged_in(sender, request, user, **kwargs)
        device = known_devices.device_of(request, user)
        counted = f"{_device(user)} {device}" if device else user.get_username()
        AccessAttempt.objects.filter(username=counted, ip_address=request.axes_ip_address).delete()
        AccessFailureLog.objects.filter(username__in=(counted, _session(user))).delete()
        _free_places((counted, _session(user)))
        self.remove_out_of_limit_failure_logs(username=counted)

    def remove_out_of_limit_failure_logs(self, *, username: str, limit: int | None = None) -> int:
        """Delete by age: axes would delete the newest entries, which are the ones that count."""
        old, _of_each = AccessFailureLog.objects.filter(attempt_time__lt=timezone.now() - _RETENTION).delete()
        return int(old)

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """`manage.py axes_reset…`: somebody at the server unlocks a name, an address or everything."""
        parts = [Q(ip_address=network(ip_address))] if ip_address else []
        parts += [_of_name(username)] if username else []
        selected = Q(*parts, _connector=Q.OR if ip_or_username else Q.AND)
        found, names = _forget(selected)
        if found:
            _record_unlocked(names)
        return found


def _of_name(username: str) -> Q:
    """Every counter of the name: of strangers, of its devices, of its sessions."""
    own = Q(username=username)
    for user in StaffUser.objects.filter(username=username):
        own |= Q(username=_session(user)) | Q(username__startswith=f"{_device(user)} ")
    return own


def _forget(selected: Q) -> tuple[int, set[str]]:
    """Delete the failures, and return how many there were and in which counters."""
    found, names = 0, set()
    for rows in (AccessAttempt.objects.filter(selected), AccessFailureLog.objects.filter(selected)):
        names.update(rows.values_list("username", flat=True))
        found += rows.delete()[0]
    _free_places(names)
    return found, names


def lift(user: StaffUser, *, by: audit.By, now: datetime) -> bool:
    """Let the user try again at once, from everywhere. False if nothing was counted."""
    found, _names = _forget(_of_name(user.get_username()))
    if found:
        audit.record("staff.unlocked", by=by, subject=user, at=now)
    return bool(found)


@dataclass(frozen=True)
class Failures:
    """Failures of a name within 24 hours: of strangers, with the end of their wait; of known devices and open sessions.

    `locked` is how many addresses are locked for the name just now.
    """

    strangers: int
    until: datetime | None
    known: int
    locked: int

    def __bool__(self) -> bool:
        return bool(self.strangers or self.known or self.locked)


def failures(user: StaffUser, now: datetime) -> Failures:
    name = user.get_username()
    until = waits_until(name, now)
    every = AccessFailureLog.objects.filter(_of_name(name), attempt_time__gt=now - _DAY).count()
    locked = AccessAttempt.objects.filter(
        _of_name(name),
        failures_since_start__gte=settings.AXES_FAILURE_LIMIT,
        attempt_time__gt=now - settings.AXES_COOLOFF_TIME,
    )
    strangers = _lately(name, now).count()
    addresses = locked.values("ip_address").distinct().count()
    return Failures(strangers, until if until > now else None, every - strangers, addresses)


def waiting(users: Iterable[StaffUser], now: datetime) -> dict[int, datetime]:
    """Of these users those whom strangers' failures make wait in a new browser, by primary key, and until when."""
    keys = {user.get_username(): user.pk for user in users}
    times: dict[int, list[datetime]] = {}
    rows = AccessFailureLog.objects.filter(username__in=keys, attempt_time__gt=now - _DAY)
    for name, at in rows.order_by("attempt_time").values_list("username", "attempt_time"):
        times.setdefault(keys[name], []).append(at)
    found = {key: next_try(failed, strangers=True) for key, failed in times.items()}
    return {key: until for key, until in found.items() if until and until > now}


@receiver(pre_save, sender=AccessAttempt)
def keep_nothing_typed(instance: AccessAttempt, **kwargs: Any) -> None:
    """Store no request data: axes masks only the fields it knows, and `next` can hold a search text."""
    instance.get_data = instance.post_data = ""


def _lately(counted: str, now: datetime) -> QuerySet[Any]:
    rows: QuerySet[Any] = AccessFailureLog.objects.filter(username=counted, attempt_time__gt=now - _DAY)
    return rows


def waits_until(counted: str, now: datetime) -> datetime:
    """When a try of this counter is checked again; `now` or earlier if at once."""
    times = list(_lately(counted, now).order_by("attempt_time").values_list("attempt_time", flat=True))
    return next_try(times, strangers=_is_strangers(counted)) or now


def next_try(failures: list[datetime], *, strangers: bool) -> datetime | None:
    """When another try is checked after these failures of the last 24 hours, the oldest first; None if at once."""
    most = MAX_FAILURES_A_DAY if strangers else MAX_FAILURES_OF_A_DEVICE
    if len(failures) >= most:
        return failures[-most] + _DAY
    wait = max((wait for start, wait in WAITS if start <= len(failures)), default=None)
    return failures[-1] + wait if wait and strangers else None


def _takes_turn(counted: str, step: str, now: datetime) -> bool:
    """Of many tries at once after a wait one is checked: else a hundred could be sent together.

    Before there are waits, a try takes the place of one of the failures that are left.
    """
    lately = _lately(counted, now)
    failures, places = lately.count(), FREE if _is_strangers(counted) else MAX_FAILURES_OF_A_DEVICE
    if failures < places:
        return any(_takes(_place(counted, step, number)) for number in range(failures, places))
    return _takes(f"{counted} {step} after {lately.aggregate(newest=Max('pk'))['newest']}")


def _place(counted: str, step: str, number: int) -> str:
    return f"{counted} {step} place {number}"


def _takes(turn: str) -> bool:
    return bool(cache.add(_key(turn), 1, TURN_SECONDS))


def _key(turn: str) -> str:
    return salted_hmac("sign-in turn", turn).hexdigest()


def _free_places(counted: Iterable[str]) -> None:
    """After a sign-in, or when a wait is lifted, no try of before holds a place."""
    places = range(max(FREE, MAX_FAILURES_OF_A_DEVICE))
    cache.delete_many(
        _key(_place(name, step, place)) for name in counted for step in _STEPS for place in places
    )


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


def _record_unlocked(counted: set[str]) -> None:
    """Record the users that were unlocked; unknown names are one event without a subject."""
    numbers = {int(name.split()[1]) for name in counted if not _is_strangers(name)}
    users = StaffUser.objects.filter(Q(username__in=counted) | Q(pk__in=numbers))
    for user in users or [StaffUser(pk="")]:
        audit.record("staff.unlocked", by=audit.By.shell(), subject=user, at=timezone.now())
