"""The second step of a session: taken, still to take, or to set up first."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from verification.models import StaffUser

# Recovery codes alone are no second step; they only replace one.
STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def taken(request: HttpRequest) -> bool:
    """Whether the second step was taken in this session. No query."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def has_one(user: StaffUser | AnonymousUser) -> bool:
    return bool(is_mfa_enabled(user, STEPS))


def is_required() -> bool:
    return bool(settings.STAFF_MFA == "required")


def mark_taken(request: HttpRequest, user: StaffUser, kind: str) -> None:
    """Setting up a second step counts as taking it."""
    record_authentication(request, user, "mfa", type=kind)


def forget(request: HttpRequest) -> None:
    """After the last second step was removed, the session counts as one without it."""
    for record in get_authentication_records(request, request.user):
        if record["method"] == "mfa":
            record["method"] = "removed"
    request.session.modified = True


def ways(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages of re-authentication for this user, the preferred one first."""
    methods: list[dict[str, Any]] = get_adapter(request).get_reauthentication_methods(request.user)
    return methods


def way_to_take(request: HttpRequest) -> str:
    """The URL at which a signed-in user takes the second step; a password does not count."""
    return next(str(way["url"]) for way in ways(request) if way["id"].startswith("mfa_"))
