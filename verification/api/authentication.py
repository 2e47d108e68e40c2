"""Authentication of callers by a bearer key of 256 random bits, and its scopes.

A key is looked up by its SHA-256, so a stolen table holds no key, and the lookup leaks nothing by its time. The answer
to an unknown, a revoked and an expired key is the same.
"""

import hashlib
import re
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from verification.api import limits
from verification.api.errors import ApiError
from verification.models import ApiClient, ApiKey

KEY = re.compile(r"kyc_live_[A-Za-z0-9_-]{43}")
USE_NOTED_EVERY = timedelta(minutes=1)


class BearerKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[ApiClient, ApiKey] | None:
        header = request.headers.get("Authorization", "")
        if "," in header:
            raise ApiError("invalid_authorization")
        if (credentials := _credentials(header)) is None:
            return None
        key = _find(credentials)
        if key is None:
            limits.count_bad_key(request.META.get("REMOTE_ADDR", ""))
            raise AuthenticationFailed
        limits.count_call(key.client)
        _note_use(key)
        return key.client, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """The view's `scopes` name what each method needs. The view itself refuses a method that it does not have."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = getattr(view, "scopes", {}).get(request.method)
        if not isinstance(request.auth, ApiKey):
            return False
        return needed in request.auth.scopes if needed else request.method not in view.allowed_methods


def key_of(request: HttpRequest) -> ApiKey | None:
    """The key of a request that is refused for another reason, if it is a good one."""
    return _find(_credentials(request.headers.get("Authorization", "")) or "")


def _credentials(header: str) -> str | None:
    scheme, _, credentials = header.partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else None


def _find(text: str) -> ApiKey | None:
    if not KEY.fullmatch(text):
        return None
    return (
        ApiKey.objects.select_related("client")
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()))
        .filter(
            key_sha256=hashlib.sha256(text.encode()).hexdigest(),
            revoked_at__isnull=True,
            client__disabled_at__isnull=True,
        )
        .first()
    )


def _note_use(key: ApiKey) -> None:
    """Write at most once a minute, to spare the database."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk, last_used_at=key.last_used_at).update(last_used_at=now)
