"""Applicant links and the browser sessions they turn into.

A link carries 256 random bits of which only the SHA-256 is stored. Opening it changes nothing (mail scanners open
links too): it sets a signed cookie that names the case and this browser. The first thing the person does binds
the case to that browser, until another one that has the link takes it over.
"""

import hashlib
import html
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import unquote

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from verification.models import LinkBinding, Policy, Verification
from verification.states import Status

COOKIE = "kyc_applicant" if settings.DEMO else "__Host-kyc_applicant"
_SALT = "verification.links.session"
MAX_PARKED = 3  # sessions of other cases in the cookie
MARK = "case"  # the name of the mark in an address
OPENED = "opened"  # in the address right after the link, at which the cookie must come back
_MARK_SALT = "verification.links.mark"
TOKEN_LENGTH = 43  # URL-safe characters: 256 bits
MAX_ENCODINGS = 3  # mail filters encode an address that is encoded already
_READ = 4000  # characters of an address; Python refuses to read numbers of over 4300 digits, as in &#1…;
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH},}}")
_NO_TOKEN = re.compile(r"[^A-Za-z0-9_-]+")
# Typing aids write a token's hyphens like this.
_HYPHENS = str.maketrans({**dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"), "\u2014": "--"})


class OtherBrowser(Exception):
    """The case is open in another browser, or its link does not work any more."""


def new_token() -> str:
    """256 random bits, TOKEN_LENGTH URL-safe characters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored instead of a token: lower-case hex SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def url(token: str) -> str:
    return f"{settings.PUBLIC_URL}/v/{token}"


def expiry(policy: Policy, *, now: datetime) -> datetime:
    """When a link that is given out now stops working."""
    return now + timedelta(days=policy.link_days)


def find(typed: str, *, now: datetime) -> Verification | None:
    """The case of the token in `typed`, if its link is neither revoked nor expired. A case that has ended is found too.

    `typed` is the end of an address as it arrived, or the token alone.
    """
    hashes = [token_hash(token) for token in _tokens_in(typed)]
    cases = _reachable(now).select_related("client__brand")
    return cases.filter(link_hash__in=hashes).first() if hashes else None


def _tokens_in(typed: str) -> set[str]:
    """The tokens that `typed` can mean, at most two: mail programs take what stands around a link into it.

    Nothing is guessed: what can't belong to a token is cut off, and taken out where a line was broken within the token.
    """
    text = typed[:_READ]
    for _ in range(MAX_ENCODINGS):
        text = html.unescape(unquote(text))
    text = text.translate(_HYPHENS)
    whole = _TOKEN.search(text)
    letters = whole[0] if whole else _NO_TOKEN.sub("", text)
    # The underscores of Markdown can't be told from a token's own.
    ends = {letters[:TOKEN_LENGTH], letters[-TOKEN_LENGTH:]}
    return {end for end in ends if len(end) == TOKEN_LENGTH}


def _reachable(now: datetime) -> QuerySet[Verification]:
    return Verification.objects.filter(link_revoked_at__isnull=True, link_expires_at__gt=now)


@dataclass(frozen=True)
class Session:
    """The content of the cookie: which case, through which link, in which browser.

    `parked` are the sessions of cases that were open in this browser before: it is no other browser when it comes back
    to one of them.
    """

    verification_id: str
    link: str
    browser: str
    parked: tuple["Session", ...] = ()

    @property
    def browser_hash(self) -> str:
        return token_hash(self.browser)

    def seal(self) -> str:
        sessions = (self, *self.parked)
        return signing.dumps(
            [text for each in sessions for text in (each.verification_id, each.link, each.browser)],
            salt=_SALT,
        )


def open_session(verification: Verification, earlier: Session | None = None) -> Session:
    """A session for `verification`.

    A browser that had the case keeps its identity. Every other one gets a new identity, so that nobody knows it in
    advance and two cases never share one.
    """
    known = (earlier, *earlier.parked) if earlier else ()
    browser = next((each.browser for each in known if had(verification, each)), secrets.token_urlsafe(32))
    others = [replace(each, parked=()) for each in known if each.verification_id != verification.public_id]
    return Session(verification.public_id, link_prefix(verification), browser, tuple(others[:MAX_PARKED]))


def link_prefix(verification: Verification) -> str:
    """What a session and a binding keep of the link's hash."""
    return verification.link_hash[:16]


def browser_prefix(browser_hash: str) -> str:
    """What an event keeps of a browser's hash."""
    return browser_hash[:16]


def read_session(cookie: str | None) -> Session | None:
    """The session of a cookie with a valid signature, else None."""
    try:
        texts = signing.loads(cookie or "", salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    first, *parked = (Session(*texts[start : start + 3]) for start in range(0, len(texts), 3))
    return replace(first, parked=tuple(parked))


def verification_of(session: Session, *, now: datetime) -> Verification | None:
    """The session's case, while its link is the one that the session began with, not revoked and not expired."""
    cases = _reachable(now).select_related("applicant", "policy", "client__brand")
    found = cases.filter(public_id=session.verification_id).first()
    return found if found and found.link_hash.startswith(session.link) else None


def mark(verification: Verification) -> str:
    """An opaque value for the case: its pages carry it, so that what they send never lands in another case."""
    return salted_hmac(_MARK_SALT, verification.public_id).hexdigest()[:16]


def may_continue(verification: Verification, session: Session) -> bool:
    """Whether the session's browser may go on with the case: it has it, or nobody has it yet."""
    return verification.browser_hash in {"", session.browser_hash}


def had(verification: Verification, session: Session) -> bool:
    """Whether the session is for this case, and its browser has or had it."""
    if session.verification_id != verification.public_id:
        return False
    return (
        verification.browser_hash == session.browser_hash
        or verification.bindings.filter(browser_hash=session.browser_hash).exists()
    )


@dataclass(frozen=True)
class History:
    """The browsers that had a case with its present link, the first one first. Empty if nobody has begun."""

    bindings: tuple[LinkBinding, ...]

    @property
    def newest(self) -> LinkBinding | None:
        """When and on what the case was opened that has it now."""
        return self.bindings[-1] if self.bindings else None

    @property
    def changes(self) -> int:
        """How often the case went from one browser to another."""
        return self.newest.number if self.newest else 0

    @property
    def changes_from_first(self) -> int:
        """How often the case went to a browser that did not begin with the link."""
        return sum(each.number > 0 and not self._is_first(each.browser_hash) for each in self.bindings)

    def began(self, session: Session) -> bool:
        """Whether the session's browser is the one that began with the link."""
        return self._is_first(session.browser_hash)

    def _is_first(self, browser_hash: str) -> bool:
        return any(each.number == 0 and each.browser_hash == browser_hash for each in self.bindings)


def history(verification: Verification) -> History:
    return History(tuple(verification.bindings.filter(link=link_prefix(verification))))


def fresh_counts(verification: Verification) -> dict[str, int]:
    """The fields to write when the case goes to another browser: what the one before used up does not count for it.

    So whoever holds a copy of the link can't use up the attempts of the person.
    """
    undecided = verification.status in {Status.COLLECTING, Status.CHECKING}
    return {"received_bytes": 0, **({"attempts_used": 0} if undecided else {})}


def check_still_with(seen: Verification, locked: Verification) -> None:
    """Raises OtherBrowser if the case went to another browser, or its link ended, since `seen` was read."""
    for field in ("browser_hash", "link_hash", "link_revoked_at"):
        if getattr(seen, field) != getattr(locked, field):
            raise OtherBrowser("The case is no longer open in this browser.")
