"""What the log holds of an event: canonical JSON, made from the event's row whenever it is needed."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from verification.models import AuditEvent
from verification.transparency.canonical import canonical

VERSION: Final = 1
# An entry may have 65,535 bytes, because a published log gives its length in two. The rest leaves room for the names.
MAX_DATA_BYTES: Final = 60_000


@dataclass(frozen=True, slots=True)
class Entry:
    """The facts of an event, as its row has them, in the order of FIELDS."""

    event_id: int
    at: datetime
    kind: str
    actor_kind: str
    actor_id: str
    subject_kind: str
    subject_id: str
    data: dict[str, Any]

    @classmethod
    def of(cls, event: AuditEvent) -> Self:
        return cls(*(getattr(event, name) for name in FIELDS))

    def __bytes__(self) -> bytes:
        head = canonical(
            {
                "actor": {"id": self.actor_id, "kind": self.actor_kind},
                "at": self.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            }
        )
        tail = canonical(
            {
                "event": self.event_id,
                "kind": self.kind,
                "subject": {"id": self.subject_id, "kind": self.subject_kind},
                "v": VERSION,
            }
        )
        # The names of the whole stand in their order: actor, at, data, event, kind, subject, v.
        return b"%s,%s,%s" % (head[:-1], self._data(), tail[1:])

    def _data(self) -> bytes:
        """The data; of data that are too large for an entry, their hash."""
        content = canonical(self.data)
        if len(content) <= MAX_DATA_BYTES:
            return b'"data":%s' % content
        return b'"data_sha256":"%s"' % hashlib.sha256(content).hexdigest().encode()


FIELDS: Final = ("pk", "at", "kind", "actor_kind", "actor_id", "subject_kind", "subject_id", "data")
