"""Writing an event. Call `record` in the transaction of the change, so that neither is committed without the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verification.audit import commitments, facts, kinds
from verification.models import AuditEvent, StaffUser
from verification.states import Actor


@dataclass(frozen=True)
class By:
    """The actor: a kind, and an id that stays meaningful after the person has left."""

    kind: str
    id: str = ""

    @classmethod
    def applicant(cls, public_id: str) -> "By":
        return cls(Actor.APPLICANT, public_id)

    @classmethod
    def system(cls) -> "By":
        return cls(Actor.SYSTEM)

    @classmethod
    def shell(cls) -> "By":
        return cls("shell")

    @classmethod
    def client(cls, public_id: str) -> "By":
        return cls(Actor.CLIENT, public_id)

    @classmethod
    def staff(cls, user: StaffUser, *, acting_as: Actor = Actor.REVIEWER) -> "By":
        return cls(acting_as, user.get_username())


def record(kind: str, *, by: By, subject: Any, at: datetime, commits: Any = (), **data: Any) -> AuditEvent:
    """Append one event about `subject` (a record with a `public_id`). `data` holds ids, codes and hashes only.

    `commits` are the records that came with it, saved already; the event holds salted hashes of their facts.
    """
    written = event(kind, by=by, subject=subject, at=at, commits=commits, **data)
    written.save(force_insert=True)
    commitments.keep([written])
    return written


def record_all(events: Sequence[AuditEvent]) -> None:
    """Append these events of `event`, in this order, by one statement."""
    commitments.keep(AuditEvent.objects.bulk_create(events))


def event(kind: str, *, by: By, subject: Any, at: datetime, commits: Any = (), **data: Any) -> AuditEvent:
    """An event for `record_all`, with the arguments of `record`. Raises kinds.NotInTable."""
    about = subject._meta.model_name
    kinds.check(kind, subject=about, actor=by.kind, names=data.keys())
    committed, salts = commitments.commit(commits)
    made = AuditEvent(
        at=at,
        kind=kind,
        actor_kind=by.kind,
        actor_id=by.id,
        subject_kind=about,
        subject_id=facts.key(subject),
        data=data | committed,
    )
    made.salts = salts
    return made
