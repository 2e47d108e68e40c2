"""How long a session of staff lives: so long without use, and so long in any case. The session keeps both times."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SINCE, SEEN = "staff_since", "staff_seen"
# Written once in so many seconds, and not with each picture of a case.
NOTED_EVERY = 30


def begin(session: SessionBase, now: datetime) -> None:
    session[SINCE] = session[SEEN] = now.timestamp()


def ended(session: SessionBase, now: datetime) -> str:
    """Why this session is over: "absolute", "idle", or "" while it is not."""
    return _ended(session.get(SINCE, 0), session.get(SEEN, 0), now.timestamp())


def is_over(listed: UserSession, now: datetime) -> bool:
    """One that nobody has come back with: it would be ended if somebody did."""
    return bool(_ended(listed.created_at.timestamp(), listed.last_seen_at.timestamp(), now.timestamp()))


def _ended(since: float, seen: float, at: float) -> str:
    if at - since >= settings.STAFF_SESSION_HOURS * 3600:
        return "absolute"
    return "idle" if at - seen >= settings.STAFF_IDLE_MINUTES * 60 else ""


def note_use(request: HttpRequest, now: datetime) -> None:
    if now.timestamp() - request.session[SEEN] < NOTED_EVERY:
        return
    request.session[SEEN] = now.timestamp()
    UserSession.objects.filter(session_key=request.session.session_key).update(
        last_seen_at=now, ip=request.META["REMOTE_ADDR"]
    )


def sentence(why: str) -> str:
    """What a person is told whose session ended by itself."""
    if why == "idle":
        minutes = settings.STAFF_IDLE_MINUTES
        return (
            ngettext(
                "You were signed out after %d minute without use. Please sign in again.",
                "You were signed out after %d minutes without use. Please sign in again.",
                minutes,
            )
            % minutes
        )
    return _("You were signed out: a session lasts at most %d hours. Please sign in again.") % (
        settings.STAFF_SESSION_HOURS
    )
