"""The trail: how far it is sealed, and what keeps it from being sealed."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import anchors
from verification.audit import log, sealing
from verification.health.fact import Fact, Tone
from verification.models import TrailAnchor

TITLE: Final = gettext_lazy("Sealing")
_OUTSIDE: Final = gettext_lazy("Checkpoints outside")
# By what an address begins with.
_TITLES: Final = {
    "file": gettext_lazy("Folder outside"),
    "s3": gettext_lazy("Bucket outside"),
    "mailto": gettext_lazy("Mailbox outside"),
    "tsa+http": gettext_lazy("Time stamps"),
    "tsa+https": gettext_lazy("Time stamps"),
    "witness+https": gettext_lazy("Witness"),
}
_WHY: Final = {
    "": gettext_lazy("No worker has tried to send more."),
    "not_reached": gettext_lazy("It can't be reached."),
    "no_answer": gettext_lazy("It does not answer in time."),
    "not_cosigned": gettext_lazy("Its answer has no cosignature of the key in KYC_TRAIL_ANCHORS."),
    "not_stamped": gettext_lazy(
        "Its answer is no time stamp of somebody whom KYC_TRAIL_TSA_CA_FILE vouches for."
    ),
}
MAX_FOUND: Final = 600  # characters of what lies there and should not


def facts(now: datetime) -> list[Fact]:
    return [*_sealing(now), *_outside(now)]


def _outside(now: datetime) -> list[Fact]:
    if not anchors.places():
        says = _(
            "None: whoever has the database and the key of the trail can rewrite it, and nobody could tell."
        )
        to_do = _("Name places that others keep in KYC_TRAIL_ANCHORS (docs/trail.md).")
        return [Fact("trail.anchors", _OUTSIDE, Tone.QUIET if settings.DEMO else Tone.WARN, says, to_do)]
    late = {row.pk for row in anchors.late(now=now)}
    return [_place(row, row.pk in late) for row in anchors.standing()]


def _place(row: TrailAnchor, late: bool) -> Fact:
    code, title = f"trail.anchor.{row.address}", _TITLES[row.address.partition(":")[0]]
    if row.verdict == TrailAnchor.Verdict.CONTRADICTS:
        says = _(
            "%(place)s has a checkpoint that the log does not begin with: the database was set back or changed."
        )
        to_do = _("Nothing is sealed until an operator has found out why: docs/trail.md.")
        return Fact(code, title, Tone.BAD, says % {"place": row.short}, to_do, _found(row))
    if row.verdict == TrailAnchor.Verdict.UNREADABLE:
        says = _("In %(place)s lies what is no checkpoint of this log.") % {"place": row.short}
        to_do = _("Find out who put it there. Who can write there can also hide checkpoints from the portal.")
        return Fact(code, title, Tone.BAD, says, to_do, _found(row))
    if row.error == anchors.NOT_LOCKED:
        says = _("%(place)s takes checkpoints, but does not keep them from being deleted.") % {
            "place": row.short
        }
        to_do = _("Switch object lock on for the bucket, and let its keys read retention (docs/trail.md).")
        return Fact(code, title, Tone.WARN, says, to_do)
    if row.error or late:
        says = " ".join(
            [_took(row), str(_WHY.get(row.error, _("The last try failed: %(code)s.") % {"code": row.error}))]
        )
        to_do = _("It is tried again by itself; docs/trail.md says what to look at.")
        return Fact(code, title, Tone.BAD if late else Tone.WARN, says, to_do)
    return Fact(code, title, Tone.GOOD if row.sent_at else Tone.QUIET, _took(row))


def _took(row: TrailAnchor) -> str:
    if row.sent_at is None:
        return _("%(place)s has nothing yet.") % {"place": row.short}
    facts = {"place": row.short, "size": row.size, "at": _at(row.sent_at)}
    return _("%(place)s has %(size)s events, since %(at)s UTC.") % facts


def _found(row: TrailAnchor) -> tuple[str, ...]:
    return tuple(row.found[:MAX_FOUND].splitlines())


def _sealing(now: datetime) -> list[Fact]:
    newest = log.newest()
    if anchors.contradicting():
        says = _("Nothing is sealed: a place outside has what the log does not begin with.")
        return [Fact("trail", TITLE, Tone.BAD, says, _("See docs/trail.md, When the history was rewound."))]
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
