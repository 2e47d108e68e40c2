"""Session lifetime: STAFF_IDLE_MINUTES without use, STAFF_SESSION_HOURS in any case. The session stores both times."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SINCE, SEEN = "staff_since", "staff_seen"
# Seconds between writes of the last use, so that not every picture of a case writes the session.
NOTED_EVERY = 30


def begin(session: SessionBase, now: datetime) -> None:
    session[SINCE] = session[SEEN] = now.timestamp()


def ended(session: SessionBase, now: datetime) -> str:
    """Why this session is over: "absolute" or "idle"; "" while it is valid."""
    return _ended(session.get(SINCE, 0), session.get(SEEN, 0), now.timestamp())


def is_over(listed: UserSession, now: datetime) -> bool:
    """Whether a listed session would be ended at its next request."""
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
    """The message for a user whose session ended by itself."""
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
