"""Ships the newest checkpoint to the places outside. None keeps another or the sealing waiting."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import QuerySet

from verification.anchors import comparing, named
from verification.anchors.place import Contradicts, Newest, NotTaken, Place, Statement
from verification.jobs.connections import let_go_of_database
from verification.messages import outgoing
from verification.models import Attestation, TrailAnchor

# So long without a checkpoint outside, and operators are told.
LATE: Final = timedelta(days=1)
NOT_LOCKED: Final = "not_locked"

log = structlog.get_logger(__name__)


def something_to_ship(*, now: datetime) -> bool:
    newest = _to_ship(now)
    return newest is not None and outgoing.due(_waiting(newest), now=now).exists()


def _to_ship(now: datetime) -> Newest | None:
    """The checkpoint that every place shall have; None without a place, or if one contradicts the log."""
    places = named.places()
    newest = comparing.newest() if places else None
    if newest is None or comparing.contradicting():
        return None
    comparing.rows(places, now=now)
    return newest


def ship_next(*, clock: Callable[[], datetime]) -> bool:
    """Ship to the place that is due first; False if none is, or a place contradicts the log."""
    now = clock()
    newest = _to_ship(now)
    row = outgoing.claim(_waiting(newest), now=now) if newest else None
    if newest is None or row is None:
        return False
    place = next(each for each in named.places() if each.address == row.address)
    let_go_of_database()
    try:
        taken = place.take(newest, row.size)
    except NotTaken as error:
        log.warning("trail.not_anchored", place=row.address, code=error.code)
        outgoing.finish(row, error=error.code, not_before=outgoing.next_try(row, now=clock()))
    except Contradicts as error:
        comparing.remember(row, TrailAnchor.Verdict.CONTRADICTS, str(error.size), now=clock())
        outgoing.finish(row, error="contradicts", not_before=outgoing.next_try(row, now=clock()))
    else:
        _took(row, place, newest, taken.statement, taken.doubt, clock())
    return True


def failing(*, now: datetime) -> list[TrailAnchor]:
    """The places that somebody has to look at: in them lies what is no checkpoint of the log, or they are late."""
    unreadable = comparing.of_settings().filter(verdict=TrailAnchor.Verdict.UNREADABLE)
    found = {row.pk: row for row in [*unreadable, *late(now=now)]}
    return list(found.values())


def late(*, now: datetime) -> list[TrailAnchor]:
    """The places that have lacked the newest checkpoint for LATE."""
    newest = comparing.newest() if named.places() else None
    return list(_waiting(newest).filter(due_at__lte=now - LATE)) if newest else []


def _waiting(newest: Newest) -> QuerySet[TrailAnchor]:
    return comparing.of_settings().filter(size__lt=newest.size)


def _took(
    row: TrailAnchor, place: Place, newest: Newest, statement: Statement | None, doubt: str, now: datetime
) -> None:
    if statement is not None:
        # A place that is asked twice about one checkpoint has said enough the first time.
        Attestation.objects.bulk_create(
            [
                Attestation(
                    checkpoint_id=newest.size,
                    kind=statement.kind,
                    by=row.address,
                    content=statement.content,
                    at=statement.at,
                )
            ],
            ignore_conflicts=True,
        )
    again = now + place.every
    outgoing.finish(row, size=newest.size, sent_at=now, due_at=again, not_before=again, tries=0, error=doubt)
