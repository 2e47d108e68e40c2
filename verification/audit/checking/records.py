"""The records: each is still what its newest event committed to, and none is there without such an event."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db.models import Model, Q, QuerySet

from verification.audit import commitments, facts
from verification.audit.checking.finding import Finding
from verification.models import AuditEvent, AuditSalt, TrailKey, Verification
from verification.states import MOVES, Status

AT_ONCE: Final = 1_000
# A longer number is no row's.
MAX_DIGITS: Final = 19
# The event in which the first key of the log says which records are older than their commitments.
FIRST: Final = "trail.key_introduced"

_MOVES: Final = sorted({move.audit_event for move in MOVES.values()})
_MODELS: Final = {str(model._meta.model_name): model for model in facts.COMMITTED}


def findings() -> Iterator[Finding]:
    yield from _commitments()
    before = _before()
    for model, committed in facts.COMMITTED.items():
        older = before.get(str(model._meta.model_name), 0)
        for batch in _batches(facts.rows(model)):
            yield from _of_rows(batch, _pks(model, committed, batch), older)
    for cases in _batches(Verification.objects.all()):
        yield from _statuses(cases)


def _before() -> Mapping[str, int]:
    first = AuditEvent.objects.filter(kind=FIRST, subject_id=_first_key()).order_by("pk").first()
    return _numbers(_of(first.data, "older")) if first else {}


def _first_key() -> str:
    key = TrailKey.objects.order_by("pk").first()
    return str(key.pk) if key else ""


def _of(data: Any, name: str) -> dict[str, Any]:
    """An object in an event's data; empty if it is none, because the database's owner may have written anything."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _numbers(values: Mapping[str, Any]) -> dict[str, int]:
    return {name: value for name, value in values.items() if isinstance(value, int)}


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """All of them: the database numbers rows from 1, and its owner as they like."""
    batch = list(rows.order_by("pk")[:AT_ONCE])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1].pk).order_by("pk")[:AT_ONCE])


def _pks(model: type[Model], committed: Q, batch: Sequence[Model]) -> set[int]:
    return set(
        model._base_manager.filter(committed, pk__in=[row.pk for row in batch]).values_list("pk", flat=True)
    )


def _commitments() -> Iterator[Finding]:
    """Each commitment has its salt and its record, unless the person was erased."""
    for events in _batches(AuditEvent.objects.filter(data__has_key=commitments.NAME)):
        salts = set(
            AuditSalt.objects.filter(event_id__in=[event.pk for event in events]).values_list(
                "event_id", "name"
            )
        )
        names = {name for event in events for name in _of(event.data, commitments.NAME)}
        there = _rows(names)
        for event in events:
            for name in _of(event.data, commitments.NAME):
                if name not in there:
                    yield Finding(name, f"event {event.pk} wrote it, and it is missing")
                elif (event.pk, name) not in salts and not _is_erased(there[name]):
                    yield Finding(
                        name, f"its salt of event {event.pk} is missing, and its person was not erased"
                    )


def _rows(names: set[str]) -> dict[str, Model]:
    by_model: dict[str, list[str]] = {}
    for name in names:
        model_name, _, key = name.partition(":")
        by_model.setdefault(model_name, []).append(key)
    found: dict[str, Model] = {}
    for model_name in by_model.keys() & _MODELS.keys():
        model, keys = _MODELS[model_name], by_model[model_name]
        field = "public_id" if hasattr(model, "public_id") else "pk"
        if field == "pk":
            keys = [key for key in keys if key.isascii() and key.isdecimal() and len(key) < MAX_DIGITS]
        found |= {facts.name(row): row for row in facts.rows(model).filter(**{f"{field}__in": keys})}
    return found


def _is_erased(record: Model) -> bool:
    """Whether the trail says that the record's person was erased."""
    case = record if isinstance(record, Verification) else getattr(record, "verification", None)
    applicant = getattr(case, "applicant", record)
    erased = AuditEvent.objects.filter(
        kind="applicant.erased", subject_id=getattr(applicant, "public_id", "")
    )
    return erased.exists()


def _of_rows(batch: Sequence[Model], must: set[int], older: int) -> Iterator[Finding]:
    names = {facts.name(row): row for row in batch}
    committed = _open(list(names))
    for name, row in names.items():
        if name in committed and (row.pk in must or not isinstance(row, Verification)):
            # Of what never changes each one counts. An event that was slipped in for a changed record is one more.
            counts = committed[name][-1:] if type(row) in facts.CHANGING else committed[name]
            if any(commitments.opened(row, salt, digest) is None for salt, digest in counts):
                yield Finding(name, "it is not what its event committed to")
        elif name not in committed and row.pk in must and not 0 < row.pk <= older and not _is_erased(row):
            yield Finding(name, "no event wrote it")


def _open(names: Sequence[str]) -> dict[str, list[tuple[bytes, str]]]:
    """Salt and hash of each commitment to these that is open, the newest last."""
    salts = list(AuditSalt.objects.filter(name__in=names).order_by("event_id"))
    events = AuditEvent.objects.in_bulk({salt.event_id for salt in salts})
    found: dict[str, list[tuple[bytes, str]]] = {}
    for salt in salts:
        event = events.get(salt.event_id)
        digest = _of(event.data, commitments.NAME).get(salt.name) if event else None
        if digest is not None:
            found.setdefault(salt.name, []).append((_bytes(salt.salt), digest))
    return found


def _bytes(salt: str) -> bytes:
    """Empty for what is no salt: nothing was committed to with that."""
    try:
        return bytes.fromhex(salt)
    except ValueError:
        return b""


def _statuses(cases: Sequence[Verification]) -> Iterator[Finding]:
    moves = AuditEvent.objects.filter(
        subject_id__in=[case.public_id for case in cases], kind__in=_MOVES, data__has_key="target"
    )
    told = dict(moves.order_by("pk").values_list("subject_id", "data__target"))
    for case in cases:
        status = told.get(case.public_id, Status.INVITED)
        if case.status != status:
            yield Finding(case.public_id, f"it is {case.status}, and its last event made it {status}")
