"""The server that shows the page: its versions, and how far its clock is from the database's."""

import platform
import socket
from datetime import datetime

import celery
import django
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import __version__, clock
from verification.health.clocks import in_words, is_off
from verification.health.fact import Fact, Tone


def facts(now: datetime) -> list[Fact]:
    versions = _(
        "Portal %(portal)s, Django %(django)s, Celery %(celery)s, Python %(python)s, on %(host)s."
    ) % {
        "portal": __version__,
        "django": django.get_version(),
        "celery": celery.__version__,
        "python": platform.python_version(),
        "host": socket.gethostname(),
    }
    return [Fact("host.versions", gettext_lazy("Versions"), Tone.QUIET, versions), _clock()]


def _clock() -> Fact:
    ahead = clock.host_ahead_ms()
    says = _("%(clock)s.") % {"clock": in_words(ahead).capitalize()}
    if is_off(ahead):
        to_do = _("Set the server's clock (NTP): codes of authenticator apps and signed calls go by it.")
        return Fact("host.clock", gettext_lazy("Clock"), Tone.WARN, says, to_do)
    return Fact("host.clock", gettext_lazy("Clock"), Tone.GOOD, says)
