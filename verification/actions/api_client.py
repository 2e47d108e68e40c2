"""Access for a back-end system: create a client, issue a key that is shown once, revoke a key."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from verification import audit
from verification.models import ApiClient, ApiKey, AuditEvent

SCOPES = ("verifications:write", "verifications:read")
EXPOSED_NOTED_EVERY = timedelta(days=1)
MAX_NAME = 100
DAYS = (1, 3650)  # for which a key that runs out is valid
SHOWN = 16  # characters of a key that people may see: enough to tell keys apart, useless to call with


class NameTaken(Exception):
    """There is a client of this name already."""


class UnknownScope(ValueError):
    """A scope that does not exist; the message names those that do."""


class UnknownKey(Exception):
    """No key begins like this, or it is revoked already."""


@dataclass(frozen=True)
class NewKey:
    """A key and its record. The key is in no table and can't be shown again."""

    record: ApiKey
    key: str


@transaction.atomic
def create_client(
    *, name: str, scopes: Collection[str] = SCOPES, days: int | None = None, by: audit.By, now: datetime
) -> NewKey:
    """A client with its first key, valid for `days` or until revoked. Raises NameTaken, UnknownScope."""
    client, made = ApiClient.objects.get_or_create(name=name, defaults={"created_at": now})
    if not made:
        raise NameTaken("There is an API client of this name already.")
    audit.record("api_client.created", by=by, subject=client, at=now)
    return issue_key(client, scopes=scopes, days=days, by=by, now=now)


@transaction.atomic
def issue_key(
    client: ApiClient, *, scopes: Collection[str], days: int | None, by: audit.By, now: datetime
) -> NewKey:
    """Another key for `client`. Raises UnknownScope."""
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes:
        raise UnknownScope(f"Scopes are some of {', '.join(SCOPES)}.")
    key = f"kyc_live_{secrets.token_urlsafe(32)}"
    record = ApiKey.objects.create(
        client=client,
        prefix=key[:SHOWN],
        key_sha256=hashlib.sha256(key.encode()).hexdigest(),
        scopes=[scope for scope in SCOPES if scope in scopes],
        created_at=now,
        expires_at=now + timedelta(days=days) if days else None,
    )
    audit.record(
        "api_key.issued", by=by, subject=client, at=now, prefix=record.prefix, scopes=record.scopes, days=days
    )
    return NewKey(record, key)


@transaction.atomic
def revoke_key(prefix: str, *, by: audit.By, now: datetime) -> ApiKey:
    """Refuse the key that begins with `prefix` for good, from its next call on. Raises UnknownKey."""
    key = ApiKey.objects.select_related("client").filter(prefix=prefix, revoked_at__isnull=True).first()
    if key is None or not revoke(key, by=by, now=now):
        raise UnknownKey("No key begins like this, or it is revoked already.")
    return key


@transaction.atomic
def revoke(key: ApiKey, *, by: audit.By, now: datetime) -> bool:
    """Refuse this key for good, from its next call on; False if it is revoked already."""
    done = ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now)
    if done:
        audit.record("api_key.revoked", by=by, subject=key.client, at=now, prefix=key.prefix)
    return bool(done)


@transaction.atomic
def disable(client: ApiClient, *, by: audit.By, now: datetime) -> bool:
    """Refuse every key of the client from its next call on; False if they are refused already."""
    return _switch(client, "api_client.disabled", {"disabled_at": now}, disabled=False, by=by, now=now)


@transaction.atomic
def enable(client: ApiClient, *, by: audit.By, now: datetime) -> bool:
    """Take the keys again that are not revoked and have not run out; False if none is refused for the client."""
    return _switch(client, "api_client.enabled", {"disabled_at": None}, disabled=True, by=by, now=now)


def _switch(
    client: ApiClient, kind: str, fields: dict[str, Any], *, disabled: bool, by: audit.By, now: datetime
) -> bool:
    done = ApiClient.objects.filter(pk=client.pk, disabled_at__isnull=not disabled).update(**fields)
    if done:
        audit.record(kind, by=by, subject=client, at=now)
    return bool(done)


@transaction.atomic
def note_exposed(key: ApiKey, *, by: audit.By, now: datetime) -> None:
    """Record that a key was sent in clear, once a day. It goes on working: a proxy that is set up wrongly must not end
    every system's access; people revoke it."""
    kind, subject = "api_key.exposed", key.client
    noted = AuditEvent.objects.filter(
        kind=kind, subject_id=subject.public_id, at__gt=now - EXPOSED_NOTED_EVERY, data__prefix=key.prefix
    )
    if not noted.exists():
        audit.record(kind, by=by, subject=subject, at=now, prefix=key.prefix)
