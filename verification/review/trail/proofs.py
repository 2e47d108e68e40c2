"""What shows that an event is the one that was sealed: its entry, its proof, and whether that holds as of now."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.utils.translation import gettext as _

from verification.audit import log, sealing, trail_keys
from verification.audit.entries import Entry
from verification.models import AuditEvent, Checkpoint, TrailGap
from verification.transparency import checkpoints, merkle, notes

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Checked:
    """The proof of one event, made and checked anew from what the database holds. `problem` is empty if it holds."""

    entry: bytes
    leaf: bytes
    proof: checkpoints.Proof
    checkpoint: Checkpoint
    steps: tuple[merkle.Step, ...]
    problem: str


def check(event: AuditEvent, checkpoint: Checkpoint) -> Checked:
    """Raises log.NotSealed."""
    proof, entry = log.proof(event, checkpoint), bytes(Entry.of(event))
    leaf, problem = merkle.leaf_hash(entry), ""
    # The log may have had another name then.
    origin = checkpoint.note.partition("\n")[0]
    try:
        proof.check(entry, origin, trail_keys.known_at(checkpoint.size))
    except (merkle.NotProven, checkpoints.BadCheckpoint, notes.BadNote) as error:
        problem = str(error)
        logger.error("trail.event_not_proven", audit_event=event.pk, checkpoint=checkpoint.size)
    way = tuple(merkle.way(leaf, proof.index, checkpoint.size, proof.hashes))
    return Checked(entry, leaf, proof, checkpoint, way, problem)


def waits(*, now: datetime) -> str:
    """When an event that is not sealed yet will be, in a sentence."""
    newest = log.newest()
    if sealing.stopped(now=now):
        return _("Nothing is sealed at present. An operator sees on the System page what to do.")
    due = now if newest is None else newest.signed_at + sealing.SOON
    if due <= now:
        return _("It will be sealed within a minute.")
    return _("It will be sealed at about %(at)s UTC.") % {"at": f"{due:%H:%M:%S}"}


def why_missing(number: int) -> str:
    """Why there is no event of that number, in a sentence."""
    if TrailGap.objects.filter(first__lte=number, last__gte=number).exists():
        return _("No event has the number %(number)d: the act that would have got it did not take place.") % {
            "number": number
        }
    return _("There is no event of the number %(number)d.") % {"number": number}
