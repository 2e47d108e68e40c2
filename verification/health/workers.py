"""Whether workers and beat answer, since when, and on which hosts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import __version__, times
from verification.health.clocks import in_words, is_off
from verification.health.fact import Fact, Tone
from verification.jobs import answers
from verification.jobs.answers import Answer, State
from verification.models import QueueAnswer, WorkerHost

MAX_HOSTS: Final = 20  # of each queue

_TITLES: Mapping[str, Promise] = {
    "media": gettext_lazy("Preparing recordings"),
    "liveness": gettext_lazy("Calling the vendor"),
    "sweep": gettext_lazy("Regular sweep"),
    answers.BEAT: gettext_lazy("Beat"),
}
_SILENT: Mapping[str, Promise] = {
    "media": gettext_lazy("No worker that prepares recordings has answered for %(span)s."),
    "liveness": gettext_lazy("No worker that calls the vendor has answered for %(span)s."),
    "sweep": gettext_lazy("No worker has done the regular sweep for %(span)s."),
    answers.BEAT: gettext_lazy("Beat, which starts the regular work, has sent nothing for %(span)s."),
}
_NEVER: Mapping[str, Promise] = {
    "media": gettext_lazy("No worker that prepares recordings has ever answered."),
    "liveness": gettext_lazy("No worker that calls the vendor has ever answered."),
    "sweep": gettext_lazy("No worker has ever done the regular sweep."),
    answers.BEAT: gettext_lazy("Beat, which starts the regular work, has never sent anything."),
}
_TO_DO: Mapping[str, Promise] = {
    "media": gettext_lazy("Start kyc-media on a server; nothing is lost meanwhile."),
    "liveness": gettext_lazy("Start kyc-liveness on a server; nothing is lost meanwhile."),
    "sweep": gettext_lazy("Start kyc-media or kyc-liveness on a server; nothing is lost meanwhile."),
    answers.BEAT: gettext_lazy(
        "See that the broker runs and start kyc-beat; until then nothing ends or is reminded of by itself, and nobody "
        "can tell whether the workers listen."
    ),
}


def notices(now: datetime) -> list[dict[str, str]]:
    """What stands still and what to do, for each queue that no worker answers and for beat; usually none."""
    return [
        {"what": what(name, answer, now), "to_do": to_do(name)}
        for name, answer in answers.states(now=now).items()
        if answer.stands_still
    ]


def what(name: str, answer: Answer, now: datetime) -> str:
    """That nobody answers the queue, and for how long."""
    if answer.last is None:
        return str(_NEVER[name])
    return str(_SILENT[name]) % {"span": times.short_span(now - answer.last)}


def to_do(name: str) -> str:
    if settings.DEMO:
        return _("Start the demo again; nothing is lost meanwhile.")
    return str(_TO_DO[name])


def facts(now: datetime) -> list[Fact]:
    """One line for each queue and for beat."""
    since = dict(QueueAnswer.objects.values_list("queue", "since"))
    hosts = list(WorkerHost.objects.filter(answered_at__gt=now - answers.SILENT_AFTER))
    found = []
    for name, answer in answers.states(now=now).items():
        if answer.state is State.UP and answer.last:
            own = [row for row in hosts if row.queue == name]
            found.append(_up(name, answer.last, since.get(name, answer.last), own, now))
        else:
            found.append(_not_up(name, answer, now))
    return found


def _not_up(name: str, answer: Answer, now: datetime) -> Fact:
    code, title = f"workers.{name}", _TITLES[name]
    if answer.stands_still:
        return Fact(code, title, Tone.BAD, what(name, answer, now), to_do(name))
    return Fact(code, title, Tone.QUIET, _("Not known: beat stands still, or has not run for long enough."))


def _up(name: str, last: datetime, since: datetime, hosts: list[WorkerHost], now: datetime) -> Fact:
    says = _("Answered %(ago)s ago, and without a gap since %(since)s UTC.") % {
        "ago": times.short_span(now - last),
        "since": times.moment(since, now),
    }
    details = tuple(_host(row, now) for row in hosts[:MAX_HOSTS])
    if len(hosts) > MAX_HOSTS:
        details += (_("and %(number)s further hosts") % {"number": len(hosts) - MAX_HOSTS},)
    mend = _to_mend(hosts)
    return Fact(f"workers.{name}", _TITLES[name], Tone.WARN if mend else Tone.GOOD, says, mend, details)


def _to_mend(hosts: list[WorkerHost]) -> str:
    """What is to be done about hosts that answer; "" if nothing."""
    if others := sorted({row.version for row in hosts} - {__version__}):
        sentence = _("A host runs version %(others)s, this server %(own)s. Bring all to the same version.")
        return sentence % {"others": ", ".join(others), "own": __version__}
    return _("Set the clock of the host that differs.") if any(is_off(row.clock_ms) for row in hosts) else ""


def _host(row: WorkerHost, now: datetime) -> str:
    return _("%(host)s: %(ago)s ago, version %(version)s, %(clock)s") % {
        "host": row.host,
        "ago": times.short_span(now - row.answered_at),
        "version": row.version,
        "clock": in_words(row.clock_ms),
    }
