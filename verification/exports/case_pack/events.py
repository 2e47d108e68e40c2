"""The events of a case and of all that belongs to it, as the log holds them, each with its proof."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model

from verification.audit import facts, log, viewing
from verification.audit.entries import Entry
from verification.models import AuditEvent, Checkpoint
from verification.transparency import checkpoints, merkle, tiles

# Of the looks, the newest come along; a case that was looked at more often says how many are left out.
MAX_LOOKS: Final = 5_000
_ACTIVATED: Final = "policy.activated"


@dataclass(frozen=True)
class Events:
    """In the order in which they were written. `left_out`: how many older looks do not come along. `places`: the index
    of each in the log."""

    deeds: list[AuditEvent]
    looks: list[AuditEvent]
    left_out: int
    places: dict[int, int]

    def __iter__(self) -> Iterator[AuditEvent]:
        yield from self.deeds
        yield from self.looks


def of(records: Sequence[Model], checkpoint: Checkpoint) -> Events:
    """The events about these records in the log of that checkpoint. Raises log.NotSealed if it lacks one of a deed.

    A look that came later belongs to a later pack.
    """
    about = {(record._meta.model_name, facts.key(record)) for record in records}
    keys = {key for _kind, key in about}
    found = AuditEvent.objects.filter(subject_id__in=keys).order_by("pk")
    events = [event for event in found if (event.subject_kind, event.subject_id) in about and _belongs(event)]
    deeds = [event for event in events if event.kind not in viewing.LOOKS]
    looks = [event for event in events if event.kind in viewing.LOOKS]
    places = log.places([event.pk for event in events])
    sealed = {event for event, place in places.items() if place < checkpoint.size}
    if not all(event.pk in sealed for event in deeds):
        raise log.NotSealed("An event of the case is not sealed yet.")
    looks = [event for event in looks if event.pk in sealed]
    return Events(deeds, looks[-MAX_LOOKS:], max(0, len(looks) - MAX_LOOKS), places)


def _belongs(event: AuditEvent) -> bool:
    """Of the policy's events that alone which put it into force: its drafts are not about the case."""
    return event.subject_kind != "policy" or event.kind == _ACTIVATED


def lines(events: Sequence[AuditEvent]) -> bytes:
    """The log's entries, byte for byte, one a line."""
    return b"".join(bytes(Entry.of(event)) + b"\n" for event in events)


def proofs(events: Events, checkpoint: Checkpoint) -> Iterator[tuple[str, bytes]]:
    """For each event its number and its proof. The hashes of the log are read once for all of them."""
    nodes, note = tiles.nodes(log.read_tile), log.cosigned(checkpoint)
    for event in events:
        index = events.places[event.pk]
        hashes = merkle.inclusion_proof(index, checkpoint.size, nodes)
        yield str(event.pk), str(checkpoints.Proof(index, tuple(hashes), note)).encode()


def counts(events: Events) -> dict[str, Any]:
    return {"events": len(events.deeds), "looks": len(events.looks), "looks_left_out": events.left_out}
