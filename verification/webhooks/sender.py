"""One POST: over TLS alone, to the address as it is, within one time limit; of the answer only the status is read.

The signature is that of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body, so that a
receiver knows who wrote it, and drops a copy and an old one. The address is the operator's own, from the settings, so
it may lead into the organisation's network. For an address that anybody else may choose this is not enough.
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

from verification import outbound
from verification.liveness import Deadline, Misconfigured, is_host, proxy_of, tls_context
from verification.secret_files import Unreadable

# Seconds for a single wait, and for all of it.
WAIT: Final = 5.0
DEADLINE: Final = 10.0
_SECRET: Final = re.compile(r"whsec_([A-Za-z0-9+/]{32,}={0,2})")
# Bytes of a secret, as Standard Webhooks has them.
SECRET_RANGE: Final = (24, 64)


class NotTaken(Exception):
    """It was not taken, or nobody knows. `code` is one of ours; what was answered is not kept."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


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
    with Deadline(DEADLINE) as deadline:
        try:
            status = _post(webhook.url, body, headers, deadline)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, Misconfigured, Unreadable):
            # Not chained: the library's message may quote the address, which is a secret.
            raise NotTaken("no_answer" if deadline.passed else "not_reached") from None
    if not 200 <= status < 300:
        raise NotTaken(f"answered_{status}")


def _post(url: str, body: bytes, headers: dict[str, str], deadline: Deadline) -> int:
    way = outbound.route()
    client = httpx.Client(
        timeout=WAIT,
        trust_env=False,
        follow_redirects=False,
        proxy=proxy_of(way.proxy, way.ca_file),
        verify=tls_context(way.ca_file),
    )
    with (
        client,
        client.stream(
            "POST", url, content=body, headers=headers, extensions={"trace": deadline.follow}
        ) as response,
    ):
        return response.status_code


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
