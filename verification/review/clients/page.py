"""The list of clients, and the page of one: its keys, and its events with who did what."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from verification import labels, permissions
from verification.models import ApiClient, ApiKey, AuditEvent
from verification.review.clients.forms import KeyForm
from verification.review.page import signed_in

MAX_CLIENTS, MAX_KEYS, MAX_EVENTS = 200, 50, 50
# A key that runs out this soon is marked, so that its system can get another in time.
SOON_DAYS = 14


@require_safe
def clients(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    works = Q(keys__revoked_at__isnull=True) & (
        Q(keys__expires_at__isnull=True) | Q(keys__expires_at__gt=now)
    )
    rows = ApiClient.objects.annotate(
        working=Count("keys", filter=works), last_used_at=Max("keys__last_used_at")
    ).order_by("name")
    context = {
        "title": _("API clients"),
        "clients": rows[:MAX_CLIENTS],
        "more": rows.count() > MAX_CLIENTS,
        "may_manage": permissions.can_manage_clients(signed_in(request)),
    }
    return TemplateResponse(request, "review/clients/clients.html", context)


@require_safe
def client(request: HttpRequest, public_id: str) -> HttpResponse:
    return client_page(request, get_object_or_404(ApiClient, public_id=public_id))


def client_page(
    request: HttpRequest, one: ApiClient, *, form: KeyForm | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    keys = one.keys.order_by("-pk")
    events = AuditEvent.objects.filter(subject_id=one.public_id).order_by("-pk")
    context = {
        "title": one.name,
        "one": one,
        "keys": [_key(key, now) for key in keys[:MAX_KEYS]],
        "more_keys": keys.count() > MAX_KEYS,
        "events": [_event(event) for event in events[:MAX_EVENTS]],
        "more_events": events.count() > MAX_EVENTS,
        "form": form or KeyForm(),
        "may_manage": permissions.can_manage_clients(signed_in(request)),
    }
    return TemplateResponse(request, "review/clients/client.html", context, status=status)


def _key(key: ApiKey, now: datetime) -> dict[str, Any]:
    is_over = key.expires_at is not None and key.expires_at <= now
    left = (key.expires_at - now).days if key.expires_at is not None else None
    return {
        "key": key,
        "is_over": is_over,
        "works": key.revoked_at is None and not is_over,
        "ends_soon": left is not None and not is_over and left < SOON_DAYS,
    }


def _event(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": event.at,
        "what": labels.label(labels.EVENTS, event.kind),
        "who": labels.actor(event.actor_kind, event.actor_id),
        "prefix": event.data.get("prefix", ""),
    }
