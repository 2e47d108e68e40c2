"""Commitments: an event holds the salted hash of a record's facts, which says nothing without the salt.

Whoever is given facts and salt can check them against the sealed event. Once the salt is deleted, because the person
was erased, nobody can find out by trying what the facts were.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db.models import Model

from verification.audit import facts
from verification.models import AuditEvent, AuditSalt
from verification.transparency.canonical import canonical

SALT_BYTES: Final = 32
# Where an event's data has them: the hash, hex, by `facts.name`.
NAME: Final = "commits"


def digest(salt: bytes, of_record: dict[str, Any]) -> str:
    """SHA-256 over the salt and the facts as canonical JSON, hex."""
    return hashlib.sha256(salt + canonical(of_record)).hexdigest()


def opened(record: Model, salt: bytes, committed: str) -> dict[str, Any] | None:
    """The facts of the record, if it is still what was committed to."""
    every = facts.of_every_version(record)
    return next((each for each in every if digest(salt, each) == committed), None)


def commit(records: Sequence[Model]) -> tuple[dict[str, Any], list[AuditSalt]]:
    """What the event's data gets for these records, and the salts, which `keep` stores."""
    if not records:
        return {}, []
    hashes, salts = {}, []
    for record in records:
        salt, name = secrets.token_bytes(SALT_BYTES), facts.name(record)
        hashes[name] = digest(salt, facts.of(record))
        salts.append(AuditSalt(name=name, salt=salt.hex()))
    return {NAME: hashes}, salts


def keep(events: Iterable[AuditEvent]) -> None:
    """Store the salts of these events, which have their numbers by now."""
    salts = []
    for event in events:
        for salt in event.salts:
            salt.event_id = event.pk
            salts.append(salt)
    if salts:
        AuditSalt.objects.bulk_create(salts)


def forget(records: Iterable[Model]) -> None:
    """Delete the salts of records whose person was erased."""
    AuditSalt.objects.filter(name__in=[facts.name(record) for record in records]).delete()
