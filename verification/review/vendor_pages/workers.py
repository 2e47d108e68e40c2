"""What nobody works on, in words with what to do, for the work board and the vendor page."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.jobs import answers
from verification.jobs.answers import State
from verification.review import words

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
        "See that the broker runs and start kyc-beat; until then nobody can tell whether the workers listen."
    ),
}


def notices(now: datetime) -> list[dict[str, str]]:
    """What stands still and what to do, for each queue that no worker answers and for beat; usually none."""
    return [
        {"what": _what(name, last, now), "to_do": _to_do(name)}
        for name, (state, last) in answers.states(now=now).items()
        if state in {State.SILENT, State.NEVER}
    ]


def _what(name: str, last: datetime | None, now: datetime) -> str:
    return str(_NEVER[name]) if last is None else _SILENT[name] % {"span": words.span(now - last)}


def _to_do(name: str) -> str:
    if settings.DEMO:
        return _("Start the demo again; nothing is lost meanwhile.")
    return str(_TO_DO[name])
