"""A webhook: one POST over TLS alone, of whose answer only the status is read.

The signature is that of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body, so that a
receiver knows who wrote it, and drops a copy and an old one.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from verification.liveness import is_host
from verification.webhooks.posting import NotTaken, post

_SECRET: Final = re.compile(r"whsec_([A-Za-z0-9+/]{32,}={0,2})")
# Bytes of a secret, as Standard Webhooks has them.
SECRET_RANGE: Final = (24, 64)


@dataclass(frozen=True, repr=False)
class Webhook:
    """`url` may hold a secret, as those of chat programs do; `secret` begins with whsec_, or is empty."""

    url: str
    secret: str = ""


def is_address(url: str) -> bool:
    """Whether it is an https address without a user in it."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        return False
    return parts.scheme == "https" and not parts.userinfo and is_host(parts.host, parts.port)


def is_secret(secret: str) -> bool:
    """Whether it is one as Standard Webhooks writes them, or none."""
    return not secret or _key_of(secret) is not None


def send(webhook: Webhook, body: bytes, *, message_id: str, clock: Callable[[], float] = time.time) -> None:
    """Raises NotTaken unless the answer is 200 to 299. A redirect is no such answer, and is not followed."""
    headers = {"Content-Type": "application/json", **_signed(webhook.secret, body, message_id, int(clock()))}
    status = post(webhook.url, body, headers).status
    if not 200 <= status < 300:
        raise NotTaken(f"answered_{status}")


def _signed(secret: str, body: bytes, message_id: str, at: int) -> dict[str, str]:
    headers = {"webhook-id": message_id, "webhook-timestamp": str(at)}
    key = _key_of(secret)
    if key is None:
        return headers
    digest = hmac.digest(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return {**headers, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


def _key_of(secret: str) -> bytes | None:
    found = _SECRET.fullmatch(secret)
    try:
        key = base64.b64decode(found[1], validate=True) if found else b""
    except ValueError:
        return None
    return key if SECRET_RANGE[0] <= len(key) <= SECRET_RANGE[1] else None
