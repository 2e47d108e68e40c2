"""Reading the sealed log: its checkpoints, its hashes, and the proofs of an event and of two checkpoints."""

from collections.abc import Sequence
from typing import Final

from django.db.models import OuterRef, Subquery

from verification.models import Attestation, AuditEvent, Checkpoint, LogRun, LogTile
from verification.transparency import checkpoints, merkle, tiles

# With the log's own signature, as many as every reader takes.
MAX_COSIGNATURES: Final = 15
AT_ONCE: Final = 500


class NotSealed(LookupError):
    """The event has no place in the log of that checkpoint."""


def newest() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-size").first()


def read_tile(level: int, index: int) -> bytes:
    """The hashes of the tile; none if there is no such tile."""
    found = LogTile.objects.filter(level=level, index=index).values_list("hashes", flat=True).first()
    return b"" if found is None else bytes(found)


def place(event_id: int) -> int | None:
    """The index of the event in the log; None as long as it is not sealed."""
    run = LogRun.objects.filter(first_event__lte=event_id).order_by("-first_event").first()
    offset = 0 if run is None else event_id - run.first_event
    return run.first_index + offset if run is not None and offset < run.count else None


def places(event_ids: Sequence[int]) -> dict[int, int]:
    """The index of each of these events that is sealed, by few queries however many they are."""
    before = LogRun.objects.filter(first_event__lte=OuterRef("pk")).order_by("-first_event")
    found: dict[int, int] = {}
    for start in range(0, len(event_ids), AT_ONCE):
        some = AuditEvent.objects.filter(pk__in=event_ids[start : start + AT_ONCE])
        of_event = dict(some.values_list("pk", Subquery(before.values("pk")[:1])))
        runs = LogRun.objects.in_bulk([run for run in set(of_event.values()) if run is not None])
        for event, run in ((event, runs[run]) for event, run in of_event.items() if run is not None):
            if event - run.first_event < run.count:
                found[event] = run.first_index + event - run.first_event
    return found


def event_at(place: int) -> int | None:
    """The id of the event at that index of the log; None if the log is not so long."""
    run = LogRun.objects.filter(first_index__lte=place).order_by("-first_index").first()
    offset = 0 if run is None else place - run.first_index
    return run.first_event + offset if run is not None and offset < run.count else None


def proof(event: AuditEvent, checkpoint: Checkpoint) -> checkpoints.Proof:
    """That the event stands in the log of that checkpoint. Raises NotSealed."""
    index = place(event.pk)
    if index is None or index >= checkpoint.size:
        raise NotSealed("The event is not in the log of this checkpoint.")
    hashes = merkle.inclusion_proof(index, checkpoint.size, tiles.nodes(read_tile))
    return checkpoints.Proof(index, tuple(hashes), cosigned(checkpoint))


def cosigned(checkpoint: Checkpoint) -> str:
    """The checkpoint with the signatures of its witnesses behind the log's own."""
    lines = checkpoint.attestations.filter(kind=Attestation.Kind.COSIGNATURE).order_by("pk")
    return checkpoint.note + "".join(lines.values_list("content", flat=True)[:MAX_COSIGNATURES])


def consistency(old: int, new: int) -> list[bytes]:
    """The hashes that show that the log of `new` entries begins with the one of `old` entries."""
    return merkle.consistency_proof(old, new, tiles.nodes(read_tile))


def root(size: int) -> bytes:
    return merkle.root(size, tiles.nodes(read_tile))
