"""Which places in the trail's log the events of a period have, and what shows that none of them is missing.

The log's root follows from the events of a range of places and a few hashes. The range reaches from the first event of
the period to the last, and some further on both sides, so that one sees that the period is over there. What lies in the
range but not in the period stands in a file of its own.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

from django.db.models import Max, Min, QuerySet

from verification.audit import log
from verification.exports import verify_pack
from verification.exports.period.table import Period, Table
from verification.exports.snapshot import Row, chunks
from verification.models import AuditEvent, LogRun

# Places beside the period on either side. Events are sealed within minutes and nearly in the order of their times.
BESIDE: Final = verify_pack.AROUND

_Run = tuple[int, int, int]


class Places:
    """The places of events whose ids rise, in the log of `size` entries. It remembers which places it gave."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.first, self.end = size, 0
        self._runs: Iterator[_Run] = iter(())
        self._begun = False
        self._run: _Run = (0, 0, 0)

    def sealed(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that are in the log, with their place as a last value. The first value of each is its id."""
        if not self._begun:
            self._runs, self._begun = _runs_from(rows[0][0]), True
        places = self._all_in_one_run(rows) or [self._of(row[0]) for row in rows]
        found = [(*row, place) for row, place in zip(rows, places, strict=True) if place is not None]
        if found:
            self.first = min(self.first, min(row[-1] for row in found))
            self.end = max(self.end, 1 + max(row[-1] for row in found))
        return found

    def _all_in_one_run(self, rows: Sequence[Row]) -> list[int | None]:
        """Nearly always; otherwise none."""
        self._go_to(rows[0][0])
        first_event, count, first_index = self._run
        offset, last = first_index - first_event, rows[-1][0]
        if first_event <= rows[0][0] and last < first_event + count and last + offset < self.size:
            return [row[0] + offset for row in rows]
        return []

    def _of(self, event_id: int) -> int | None:
        self._go_to(event_id)
        first_event, count, first_index = self._run
        if not first_event <= event_id < first_event + count:
            return None
        place = first_index + event_id - first_event
        return place if place < self.size else None

    def _go_to(self, event_id: int) -> None:
        """On to the run that may hold the event."""
        while self._run[0] + self._run[1] <= event_id:
            following = next(self._runs, None)
            if following is None:
                return
            self._run = following
            if following[0] > event_id:
                return


def _runs_from(event_id: int) -> Iterator[_Run]:
    before = LogRun.objects.filter(first_event__lte=event_id).aggregate(newest=Max("first_event"))["newest"]
    runs = LogRun.objects.filter(first_event__gte=before or 0).order_by("first_event")
    return chain.from_iterable(chunks(runs.values_list("first_event", "count", "first_index")))


def around(places: Places, period: Period) -> tuple[int, int]:
    """The first place of the range and the one behind its last."""
    first, end = places.first, places.end
    if not end:  # no event: where the first one would stand
        before = AuditEvent.objects.filter(at__lt=period.start).order_by("-at", "-pk")
        found = (log.place(pk) for pk in before.values_list("pk", flat=True)[:BESIDE])
        first = end = 1 + next((place for place in found if place is not None and place < places.size), -1)
    return max(0, first - BESIDE), min(places.size, end + BESIDE)


def beside(table: Table, period: Period, first: int, end: int) -> Iterator[list[Row]]:
    """The rows of the events at these places that are not in the period."""
    runs = LogRun.objects.filter(first_index__lt=end).order_by("-first_index")
    lowest = runs.filter(first_index__lte=first).values_list("first_index", flat=True).first() or 0
    ids = runs.filter(first_index__gte=lowest).aggregate(first=Min("first_event"), last=Max("first_event"))
    if ids["first"] is None:
        return
    places = Places(end)
    for rows in chunks(table.rows_of(_others(period, ids["first"], ids["last"], end))):
        found = [row for row in places.sealed(rows) if row[-1] >= first]
        if found:
            yield found


def _others(period: Period, first_id: int, last_run: int, end: int) -> QuerySet[Any]:
    """Events outside of the period from an id on, up to the end of the run that begins with another."""
    run = LogRun.objects.get(first_event=last_run)
    last_id = last_run + min(run.count, max(0, end - run.first_index))
    return (
        AuditEvent.objects.filter(pk__gte=first_id, pk__lt=last_id).exclude(period.holds("at")).order_by("pk")
    )
