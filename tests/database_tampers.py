"""Random changes of the trail and of the records in the database, as its owner can make them: triggers are off."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, models, transaction

from verification.audit import facts
from verification.models import AuditEvent, AuditSalt, Checkpoint, LogRun, LogTile, TrailHead, TrailKey

# Of the tables of the trail: what is proven. When a row was written is not, nor what the sealer looks at next.
OF_THE_TRAIL: dict[type[models.Model], tuple[str, ...]] = {
    AuditEvent: ("at", "kind", "actor_kind", "actor_id", "subject_kind", "subject_id", "data"),
    AuditSalt: ("event_id", "name", "salt"),
    Checkpoint: ("root", "note"),
    LogRun: ("first_event", "count"),
    LogTile: ("level", "index", "hashes"),
    TrailHead: ("size", "watermark"),
    TrailKey: ("vkey", "since", "introduction"),
}
OF_RECORDS = {
    model: tuple(
        name.replace(".username", "").replace(".public_id", "") for name in names if ".version" not in name
    )
    for model, names in facts.FIELDS.items()
}


@contextmanager
def triggers_off() -> Iterator[None]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        yield
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = DEFAULT")


def tamper(chance: random.Random) -> str:
    """Change one thing, whatever it is, and say what; the caller is in a transaction, and rolls it back."""
    while True:
        model = chance.choice([*OF_THE_TRAIL, *OF_RECORDS])
        way = chance.choice([_edit, _edit, _edit, _drop, _copy, _swap])
        try:
            with transaction.atomic():
                if said := way(model, chance):
                    return f"{model.__name__}: {said}"
        except IntegrityError:
            continue  # a constraint of the database keeps even its owner from it


def _fields(model: type[models.Model]) -> tuple[str, ...]:
    return OF_THE_TRAIL.get(model) or OF_RECORDS[model]


def _field(model: type[models.Model], chance: random.Random) -> Any:
    return model._meta.get_field(chance.choice(_fields(model)))


def _rows(model: type[models.Model]) -> Any:
    return model._base_manager.order_by("pk")


def _one(model: type[models.Model], chance: random.Random) -> Any:
    rows = list(_rows(model))
    return chance.choice(rows) if rows else None


def _edit(model: type[models.Model], chance: random.Random) -> str:
    row = _one(model, chance)
    if row is None:
        return ""
    field = _field(model, chance)
    before = getattr(row, field.attname)
    after = _another(before, field, chance)
    if after == before:
        return ""
    _rows(model).filter(pk=row.pk).update(**{field.attname: after})
    return f"{field.name} of {row.pk} changed"


def _another(value: Any, field: Any, chance: random.Random) -> Any:
    if isinstance(field, models.ForeignKey):
        others = [pk for pk in field.related_model._base_manager.values_list("pk", flat=True) if pk != value]
        return chance.choice(others) if others else value
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.BinaryField):
        return _bytes(bytes(value), chance)
    if isinstance(field, models.JSONField):
        return [*value, "x"] if isinstance(value, list) else {**value, "x": chance.random()}
    if isinstance(field, models.DateTimeField):
        return (value or datetime.fromisoformat("2026-01-01T00:00:00Z")) + timedelta(
            microseconds=chance.choice([1, -60])
        )
    if isinstance(field, models.CharField | models.TextField):
        return _text(value, field, chance)
    if isinstance(field, models.GenericIPAddressField):
        return "203.0.113.77"
    return (value or 0) + chance.choice([1, 2, -1])


def _bytes(value: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(value))
    changed = value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    return chance.choice([changed, value[:-32], value + value[:32]])


def _text(value: str, field: Any, chance: random.Random) -> str:
    if field.choices:
        return str(chance.choice([code for code, _words in field.flatchoices]))
    if not value:
        return "x"
    at = chance.randrange(len(value))
    return value[:at] + chance.choice("0123456789abcdef") + value[at + 1 :]


def _drop(model: type[models.Model], chance: random.Random) -> str:
    row = _one(model, chance)
    if row is None:
        return ""
    _rows(model).filter(pk=row.pk)._raw_delete("default")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE" if connection.vendor == "postgresql" else "SELECT 1")
    return f"{row.pk} dropped"


def _copy(model: type[models.Model], chance: random.Random) -> str:
    """A row that nobody wrote."""
    row = _one(model, chance)
    if row is None or model in (TrailHead, AuditSalt):
        return ""
    head = TrailHead.objects.get()
    for field in model._meta.concrete_fields:
        if field.unique and not field.primary_key:
            setattr(row, field.attname, _unused(getattr(row, field.attname), chance))
    if model is AuditEvent:
        # Above what was sealed it would be an event like any other: it is not sealed yet.
        free = sorted(set(range(1, head.watermark)) - set(AuditEvent.objects.values_list("pk", flat=True)))
        if not free:
            return ""
        row.pk = chance.choice(free)
    else:
        row.pk = (model._base_manager.aggregate(most=models.Max("pk"))["most"] or 0) + 1
    row._state.adding = True
    models.Model.save_base(row, force_insert=True, raw=True)
    return f"{row.pk} slipped in"


def _unused(value: Any, chance: random.Random) -> Any:
    if value is None:
        return None
    return f"{str(value)[:-6]}{chance.randrange(10**6):06d}" if isinstance(value, str) else value + 10**6


def _swap(model: type[models.Model], chance: random.Random) -> str:
    """What two rows say, exchanged."""
    rows = list(_rows(model))
    if len(rows) < 2:
        return ""
    one, other = chance.sample(rows, 2)
    field = _field(model, chance)
    mine, theirs = getattr(one, field.attname), getattr(other, field.attname)
    if mine == theirs or field.unique:
        return ""
    _rows(model).filter(pk=one.pk).update(**{field.attname: theirs})
    _rows(model).filter(pk=other.pk).update(**{field.attname: mine})
    return f"{field.name} of {one.pk} and {other.pk} exchanged"
