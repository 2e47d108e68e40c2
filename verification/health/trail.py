"""The trail: how far it is sealed, and what keeps it from being sealed."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.audit import log, sealing
from verification.health.fact import Fact, Tone

TITLE: Final = gettext_lazy("Sealing")


def facts(now: datetime) -> list[Fact]:
    newest = log.newest()
    if sealing.stopped(now=now):
        to_do = _(
            "Look for trail.not_sealed in the log of the workers; docs/trail.md says what each reason means."
        )
        if newest is None:
            return [Fact("trail", TITLE, Tone.BAD, _("No event of the trail has ever been sealed."), to_do)]
        says = _("The trail was sealed last at %(at)s UTC.") % {"at": _at(newest.signed_at)}
        return [Fact("trail", TITLE, Tone.BAD, says, to_do)]
    if newest is None:
        return [Fact("trail", TITLE, Tone.GOOD, _("Nothing to seal yet."))]
    says = _("%(size)s events are sealed; the last checkpoint was signed at %(at)s UTC.")
    return [Fact("trail", TITLE, Tone.GOOD, says % {"size": newest.size, "at": _at(newest.signed_at)})]


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
