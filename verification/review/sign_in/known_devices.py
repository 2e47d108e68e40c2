"""Known devices: browsers in which a user has signed in with a second step. Strangers' guesses do not lock them.

A signed cookie names the user and the device. It opens nothing: it only has the failed sign-ins of this browser counted
apart from those of strangers. It ends with the user's password, when all their sessions are ended, and after KEPT.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.crypto import get_random_string

from verification.models import StaffUser
from verification.review.sign_in import second_step

KEPT = timedelta(days=90)
_SALT = "staff known device"


def cookie_name() -> str:
    """With the prefix by which browsers accept it from this host alone, if it is sent over HTTPS only."""
    return "__Host-staff_device" if settings.SESSION_COOKIE_SECURE else "staff_device"


def device_of(request: HttpRequest, user: StaffUser) -> str:
    """The id of the device, if this browser is one that the user is known on; else ""."""
    try:
        read: Any = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=_SALT, max_age=KEPT)
    except signing.BadSignature:
        return ""
    owner, proof, device, since = read
    is_theirs = (owner, proof) == (user.pk, _proof(user))
    return str(device) if is_theirs and since >= _revoked_at(user) else ""


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Make this browser a known device of a user who has taken the second step in it."""
    user = request.user
    if not isinstance(user, StaffUser) or not second_step.taken(request) or device_of(request, user):
        return
    value = [user.pk, _proof(user), get_random_string(22), timezone.now().timestamp()]
    response.set_cookie(
        cookie_name(),
        signing.dumps(value, salt=_SALT),
        max_age=KEPT,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Strict",
    )


def _proof(user: StaffUser) -> str:
    """Differs after each change of the password."""
    return user.get_session_auth_hash()[:16]


def _revoked_at(user: StaffUser) -> float:
    since: datetime | None = user.devices_since
    return since.timestamp() if since else 0
