"""Times on applicants' pages: in UTC as the server writes them, and in the browser's own zone once scripts run."""

from datetime import UTC, datetime

from django.utils.dateformat import format as date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString


def element(at: datetime) -> SafeString:
    """`at` with its zone, for `static/times.js` to write anew."""
    at = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-time>{} UTC</time>',
        at.isoformat(timespec="seconds"),
        date_format(at, "j F Y, H:i"),
    )
