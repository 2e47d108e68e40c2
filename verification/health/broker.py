"""Whether the broker answers, and how many messages wait in it. Asked in a thread: a broker may hang."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from verification.health.fact import Fact, Tone
from verification.jobs import doorbell

QUEUES: Final = tuple(dict.fromkeys(doorbell.QUEUES.values()))
_TITLE = gettext_lazy("Messages")


def facts(now: datetime) -> list[Fact]:
    try:
        waiting = {name: doorbell.unanswered(name) for name in QUEUES}
    except (OperationalError, OSError):
        says = _("The broker can't be reached. Work waits in the database and is not lost.")
        return [
            Fact(
                "broker",
                _TITLE,
                Tone.BAD,
                says,
                _("Start the broker; workers and beat connect again by themselves."),
            )
        ]
    shown = ", ".join(f"{name} {number}" for name, number in waiting.items())
    says = _("The broker answers. Messages that wait: %(shown)s.") % {"shown": shown}
    if max(waiting.values()) >= doorbell.MAX_UNANSWERED:
        return [Fact("broker", _TITLE, Tone.WARN, says, _("See whether the workers of that queue answer."))]
    return [Fact("broker", _TITLE, Tone.GOOD, says)]
