"""The second step of a session: whether it was taken, can be taken, or must be set up first."""

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

# Recovery codes alone are no second step: they only stand in for one.
STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def taken(request: HttpRequest) -> bool:
    """Whether this session's person took it. Asks no database."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def has_one(user: StaffUser | AnonymousUser) -> bool:
    return bool(is_mfa_enabled(user, STEPS))


def is_required() -> bool:
    return bool(settings.STAFF_MFA == "required")


def mark_taken(request: HttpRequest, user: StaffUser, kind: str) -> None:
    """Whoever sets one up has just used it."""
    record_authentication(request, user, "mfa", type=kind)


def forget(request: HttpRequest) -> None:
    """The last one is gone: this session is one without it."""
    for record in get_authentication_records(request, request.user):
        if record["method"] == "mfa":
            record["method"] = "removed"
    request.session.modified = True


def ways(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages on which this person can show again that it is them, the usual one first."""
    methods: list[dict[str, Any]] = get_adapter(request).get_reauthentication_methods(request.user)
    return methods


def way_to_take(request: HttpRequest) -> str:
    """The page on which somebody who is signed in takes a second step; a password is none."""
    return next(str(way["url"]) for way in ways(request) if way["id"].startswith("mfa_"))
