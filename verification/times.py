"""Lengths and moments of time in words, in UTC."""

from datetime import UTC, datetime, timedelta

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _


def span(length: timedelta) -> str:
    """A duration in one unit, rounded down: 45 min, 3 h, 2 d."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return _("%(n)s min") % {"n": minutes}
    if minutes < 48 * 60:
        return _("%(n)s h") % {"n": minutes // 60}
    return _("%(n)s d") % {"n": minutes // (24 * 60)}


def short_span(length: timedelta) -> str:
    """The same, with seconds below a minute."""
    seconds = int(length.total_seconds())
    return _("%(n)s s") % {"n": max(0, seconds)} if seconds < 60 else span(length)


def moment(at: datetime, now: datetime) -> str:
    """The time of day in UTC, with the date if it is not today."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return date_format(at, "H:i" if at.date() == now.date() else "j M H:i")
