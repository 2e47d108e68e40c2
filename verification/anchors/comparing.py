"""Whether the log still begins with what lies outside.

A database that was set back to an earlier day goes on from there, and everything in it fits together. Only a checkpoint
that lies elsewhere shows that there was more: the log may then sign no other one under this name.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from django.db import transaction
from django.db.models import QuerySet

from verification import audit, outside
from verification.anchors import named
from verification.anchors.place import Found, Newest, Place, Readable
from verification.audit import log as trail
from verification.audit import trail_keys
from verification.jobs.connections import let_go_of_database
from verification.models import TrailAnchor
from verification.transparency import checkpoints, merkle, notes

# Seconds that sealing waits for all places together.
PATIENCE: Final = 5.0
# Without anything to seal they are asked so often.
EVERY: Final = timedelta(minutes=5)
# One that did not answer is not asked again for so long: each checkpoint would wait for it.
AWAY_FOR: Final = timedelta(minutes=1)
MAX_KEPT: Final = 4_000  # characters of a checkpoint that was found

Verdict = TrailAnchor.Verdict
log = structlog.get_logger(__name__)


def rows(places: Iterable[Place], *, now: datetime) -> list[TrailAnchor]:
    """The row of each place, in this order; one is made for a place that has none."""
    wanted = [place.address for place in places]
    there = {row.address: row for row in TrailAnchor.objects.filter(address__in=wanted)}
    missing = [address for address in wanted if address not in there]
    if missing:
        # Another process may be quicker: its rows count.
        TrailAnchor.objects.bulk_create(
            (TrailAnchor(address=each, created_at=now, due_at=now, not_before=now) for each in missing),
            ignore_conflicts=True,
        )
        there |= {row.address: row for row in TrailAnchor.objects.filter(address__in=missing)}
    return [there[address] for address in wanted]


def standing() -> list[TrailAnchor]:
    """The row of each place in the order of the settings, made up and not saved for a place that has none yet."""
    there = {row.address: row for row in of_settings()}
    return [there.get(place.address) or TrailAnchor(address=place.address) for place in named.places()]


def newest() -> Newest | None:
    """The newest checkpoint of the log under the name that it has now; None before its first one."""
    checkpoint = trail.newest()
    if checkpoint is None:
        return None
    origin = checkpoints.Checkpoint.parse(notes.parse(checkpoint.note).text).origin
    if origin != trail_keys.origin():
        return None
    return Newest(origin, checkpoint.size, checkpoint.note, partial(_proof, checkpoint.size))


def _proof(new: int, old: int) -> list[bytes]:
    return trail.consistency(old, new) if old < new else []


def of_settings() -> QuerySet[TrailAnchor]:
    """The rows of the places that the settings name now. A place that was taken out of them counts no more."""
    return TrailAnchor.objects.filter(address__in=[place.address for place in named.places()]).order_by("pk")


def contradicting() -> list[TrailAnchor]:
    """The places that have what the log does not begin with. While there is one, nothing is sealed."""
    return list(of_settings().filter(verdict=Verdict.CONTRADICTS))


def is_due(*, now: datetime) -> bool:
    readable = [place for place in named.places() if isinstance(place, Readable)]
    asked = [row.asked_at for row in rows(readable, now=now)] if readable else []
    return any(at is None or not at <= now < at + EVERY for at in asked)


def compare(*, now: datetime) -> list[TrailAnchor]:
    """Ask every place that tells what it has, and remember what follows; those that contradict the log.

    A place that does not answer within PATIENCE keeps its last contradiction, and otherwise stops nothing.
    """
    places = [place for place in named.places() if isinstance(place, Readable)]
    if not places:
        return []
    found = {row.address: row for row in rows(places, now=now) if not _is_away(row, now)}
    readable = [place for place in places if place.address in found]
    origin, ours = trail_keys.origin(), newest()
    let_go_of_database()
    asked = outside.ask({_question(place): partial(place.found, origin, ours) for place in readable})
    answers = outside.answers(asked, PATIENCE)
    for place in readable:
        remember(found[place.address], *_judge(answers[_question(place)], origin), now=now)
    return contradicting()


def _is_away(row: TrailAnchor, now: datetime) -> bool:
    asked = row.asked_at
    return row.verdict == Verdict.AWAY and asked is not None and asked <= now < asked + AWAY_FOR


def _question(place: Place) -> str:
    return f"anchor {place.address}"


def _judge(found: Sequence[Found] | None, origin: str) -> tuple[Verdict, str]:
    """The worst verdict about what was found, and what was found of it."""
    if found is None:
        return Verdict.AWAY, ""
    verdicts = [
        (_verdict(each, origin), str(each.size) if each.note is None else each.note) for each in found
    ]
    for verdict in (Verdict.CONTRADICTS, Verdict.UNREADABLE):
        for each, what in verdicts:
            if each == verdict:
                return verdict, what
    return Verdict.AGREES, ""


def _verdict(found: Found, origin: str) -> Verdict:
    """About one checkpoint. The log is read after the place was, because another worker may have gone on meanwhile."""
    if found.note is None:
        return Verdict.CONTRADICTS if found.differs or found.size > _size() else Verdict.AGREES
    try:
        note = notes.parse(found.note)
        checkpoint = checkpoints.Checkpoint.parse(note.text)
    except (notes.BadNote, checkpoints.BadCheckpoint):
        return Verdict.UNREADABLE
    by_us = [signature for signature in note.signatures if signature.name == origin]
    if checkpoint.origin != origin or checkpoint.size != found.size or not by_us:
        return Verdict.UNREADABLE
    keys = {(key.name, key.key_id) for key in _keys()}
    if not any((signature.name, signature.key_id) in keys for signature in by_us):
        return Verdict.CONTRADICTS  # our name, and a key that this database has never heard of
    try:
        checkpoints.open_checkpoint(found.note, origin, _keys())
    except (notes.BadNote, checkpoints.BadCheckpoint):
        return Verdict.UNREADABLE
    return Verdict.AGREES if _begins_with(checkpoint) else Verdict.CONTRADICTS


def _keys() -> list[notes.PublicKey]:
    """Those that the log knows, or of a database without a log those of the ring, for which a device may be needed."""
    return trail_keys.known() or [signer.key for signer in trail_keys.ring().values()]


def _begins_with(checkpoint: checkpoints.Checkpoint) -> bool:
    if checkpoint.size > _size():
        return False
    return (trail.root(checkpoint.size) if checkpoint.size else merkle.EMPTY) == checkpoint.root


def _size() -> int:
    checkpoint = trail.newest()
    return checkpoint.size if checkpoint else 0


def remember(row: TrailAnchor, verdict: Verdict, what: str, *, now: datetime) -> None:
    """Write the verdict. That a place contradicts the log is an event when it is found."""
    what = _legible(what)
    with transaction.atomic():
        row = TrailAnchor.objects.select_for_update().get(pk=row.pk)
        if verdict == Verdict.CONTRADICTS and row.verdict != Verdict.CONTRADICTS:
            log.error("trail.contradicted", place=row.address)
            audit.record(
                "trail.contradicted",
                by=audit.By.system(),
                subject=row,
                at=now,
                place=row.address,
                found=what,
            )
        if verdict != Verdict.AWAY or row.verdict != Verdict.CONTRADICTS:
            row.verdict, row.found = verdict, what
        row.asked_at = now
        row.save(update_fields=["verdict", "found", "asked_at"])


def _legible(text: str) -> str:
    """As a database, an event and a page can show it, whatever somebody put there."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text[:MAX_KEPT])
