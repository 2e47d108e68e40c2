"""Applicant links and the browser sessions they turn into.

A link carries 256 random bits of which only the SHA-256 is stored. Opening it changes nothing (mail scanners open
links too): it sets a signed cookie that names the case and this browser. The first thing the person does binds
the case to that browser.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet

from verification.models import Policy, Verification

COOKIE = "kyc_applicant" if settings.DEMO else "__Host-kyc_applicant"
_SALT = "verification.links.session"


def new_token() -> str:
    """256 random bits, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored instead of a token: lower-case hex SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def url(token: str) -> str:
    return f"{settings.PUBLIC_URL}/v/{token}"


def expiry(policy: Policy, *, now: datetime) -> datetime:
    """When a link that is given out now stops working."""
    return now + timedelta(days=policy.link_days)


def find(token: str, *, now: datetime) -> Verification | None:
    """The case whose link has this token and is neither revoked nor expired. A case that has ended is found too."""
    if len(token) != 43 or not token.isascii():
        return None
    return _reachable(now).filter(link_hash=token_hash(token)).first()


def _reachable(now: datetime) -> QuerySet[Verification]:
    return Verification.objects.filter(link_revoked_at__isnull=True, link_expires_at__gt=now)


@dataclass(frozen=True)
class Session:
    """The content of the cookie: which case, through which link, in which browser."""

    verification_id: str
    link: str
    browser: str

    @property
    def browser_hash(self) -> str:
        return token_hash(self.browser)

    def seal(self) -> str:
        return signing.dumps([self.verification_id, self.link, self.browser], salt=_SALT)


def open_session(verification: Verification, earlier: Session | None = None) -> Session:
    """A session for `verification`; a browser that opens its link again keeps its identity."""
    browser = earlier.browser if earlier else secrets.token_urlsafe(32)
    return Session(verification.public_id, verification.link_hash[:16], browser)


def read_session(cookie: str | None) -> Session | None:
    """The session of a cookie with a valid signature, else None."""
    try:
        verification_id, link, browser = signing.loads(cookie or "", salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    return Session(verification_id, link, browser)


def verification_of(session: Session, *, now: datetime) -> Verification | None:
    """The session's case, while its link is the one that the session began with, not revoked and not expired."""
    cases = _reachable(now).select_related("applicant", "policy")
    found = cases.filter(public_id=session.verification_id).first()
    return found if found and found.link_hash.startswith(session.link) else None
