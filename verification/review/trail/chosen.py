"""Which events the trail page shows: what was asked for in the address, as a filter of the events."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

from verification.audit import viewing
from verification.models import AuditEvent
from verification.permissions import User
from verification.review import blind

# Longer values are no id and no name of ours.
MAX_VALUE = 150


class Show(StrEnum):
    DEEDS = "deeds"
    LOOKS = "looks"
    ALL = "all"


@dataclass(frozen=True)
class Chosen:
    """The filters. Both days are included; `who` and `about` are whole names and ids."""

    show: Show = Show.DEEDS
    first: date | None = None
    last: date | None = None
    kind: str = ""
    who: str = ""
    about: str = ""

    @classmethod
    def read(cls, asked: QueryDict) -> "Chosen":
        """What can't be read is left out, and the form shows that it is."""
        show = asked.get("show", "")
        return cls(
            show=Show(show) if show in set(Show) else Show.DEEDS,
            first=_day(asked.get("first", "")),
            last=_day(asked.get("last", "")),
            kind=asked.get("kind", "")[:MAX_VALUE],
            who=asked.get("who", "").strip()[:MAX_VALUE],
            about=asked.get("about", "").strip()[:MAX_VALUE],
        )

    @property
    def query(self) -> str:
        given = {
            "show": "" if self.show == Show.DEEDS else self.show,
            "first": self.first or "",
            "last": self.last or "",
            "kind": self.kind,
            "who": self.who,
            "about": self.about,
        }
        return urlencode({name: value for name, value in given.items() if value})

    def events(self, user: User) -> QuerySet[AuditEvent]:
        """The events of the filters that this user may see."""
        found = blind.without_events(AuditEvent.objects.all(), user)
        if self.kind:
            found = found.filter(kind=self.kind)
        elif self.show != Show.ALL:
            looks = {"kind__in": viewing.LOOKS}
            found = found.filter(**looks) if self.show == Show.LOOKS else found.exclude(**looks)
        if self.first:
            found = found.filter(at__gte=datetime.combine(self.first, time.min, tzinfo=UTC))
        if self.last:
            found = found.filter(at__lte=datetime.combine(self.last, time.max, tzinfo=UTC))
        if self.who:
            found = found.filter(actor_id=self.who)
        if self.about:
            found = found.filter(subject_id=self.about)
        return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
