"""The pages that refuse a try: too many failures of a name, or too many requests from one address."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from axes.helpers import get_cool_off
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from verification.review.sign_in import lockout
from verification.review.sign_in.layout import page


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


def _locked_until(request: Any, credentials: dict[str, Any] | None, now: datetime) -> datetime:
    """The later end of the two locks; at least as long as somebody else's turn may last."""
    ends = [
        lockout.waits_until(lockout.counted_name(request, credentials), now),
        now + timedelta(seconds=lockout.TURN_SECONDS),
    ]
    if lockout.Lockout().get_failures(request, credentials) >= settings.AXES_FAILURE_LIMIT:
        tries = lockout.Lockout().get_user_attempts(request, credentials)[0]
        last = tries.order_by("-attempt_time").values_list("attempt_time", flat=True).first() or now
        ends.append(last + (get_cool_off(request) or settings.AXES_COOLOFF_TIME))
    return max(ends)
