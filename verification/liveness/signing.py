"""Signs requests with TC3-HMAC-SHA256, the vendor's "Signature v3".

It is apart from the client, so that tests can recompute the published vectors without a network. It knows the payload
by its hash alone, and never puts a secret where it can be printed.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, fields

import httpx

from .codes import Billed
from .errors import Misconfigured

ALGORITHM = "TC3-HMAC-SHA256"
SERVICE = "faceid"  # the product's name in the scope, on regional hosts too
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_HEADER_SAFE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Credentials:
    """One API key of the vendor's console, or temporary ones with their token; its repr shows nothing.

    Raises Misconfigured for values no header can carry (empty, spaces, line ends): deep inside the HTTP
    library they would fail with a message that quotes them.
    """

    secret_id: str
    secret_key: str
    token: str | None

    def __init__(self, secret_id: str, secret_key: str, token: str | None = None) -> None:
        object.__setattr__(self, "secret_id", secret_id)
        object.__setattr__(self, "secret_key", secret_key)
        object.__setattr__(self, "token", token)
        del secret_id, secret_key, token  # a traceback that shows variables must not show secrets
        if not all(_is_header_safe(getattr(self, field.name)) for field in fields(self)):
            raise Misconfigured("credentials_malformed", billed=Billed.NO)

    def __repr__(self) -> str:
        return "Credentials(hidden)"


def canonical_request(headers: Mapping[str, str], payload_sha256: str) -> str:
    """The canonical form of a POST to / without a query ("Signature v3" page, step 1)."""
    lines = [f"{name.lower()}:{value.strip().lower()}\n" for name, value in headers.items()]
    return "\n".join(["POST", "/", "", "".join(sorted(lines)), signed_names(headers), payload_sha256])


def signed_names(headers: Mapping[str, str]) -> str:
    return ";".join(sorted(name.lower() for name in headers))


def scope(timestamp: int, service: str = SERVICE) -> str:
    """What a derived key is valid for: one UTC day and one product."""
    return f"{utc_day(timestamp)}/{service}/tc3_request"


def utc_day(timestamp: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(timestamp))


def string_to_sign(canonical: str, timestamp: int, service: str = SERVICE) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join([ALGORITHM, str(timestamp), scope(timestamp, service), digest])


def derive_key(secret_key: str, day: str, service: str = SERVICE) -> bytes:
    """The signing key of one UTC day ("Signature v3" page, step 3)."""
    return _hmac(_hmac(_hmac(f"TC3{secret_key}".encode(), day), service), "tc3_request")


def signature(key: bytes, text: str) -> str:
    return _hmac(key, text).hex()


def sign(
    credentials: Credentials,
    headers: Mapping[str, str],
    payload_sha256: str,
    *,
    timestamp: int,
    service: str = SERVICE,
    key: bytes | None = None,
) -> str:
    """The Authorization header for exactly these `headers` (all of them signed) and this payload hash.

    `timestamp` is seconds since 1970; the vendor allows five minutes of difference. `key` is the derived key,
    if the caller has it already.
    """
    key = key or derive_key(credentials.secret_key, utc_day(timestamp), service)
    text = string_to_sign(canonical_request(headers, payload_sha256), timestamp, service)
    return (
        f"{ALGORITHM} Credential={credentials.secret_id}/{scope(timestamp, service)}, "
        f"SignedHeaders={signed_names(headers)}, Signature={signature(key, text)}"
    )


class Signer:
    """Credentials together with the key derived for the current UTC day; safe to share between threads."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self._of_day: tuple[str, bytes] = ("", b"")

    def sign(self, headers: Mapping[str, str], payload_sha256: str, timestamp: int) -> str:
        key = self._key(utc_day(timestamp))
        return sign(self.credentials, headers, payload_sha256, timestamp=timestamp, key=key)

    def _key(self, day: str) -> bytes:
        known, key = self._of_day  # a tuple is read and written at once, so no thread sees half a pair
        if known != day:
            key = derive_key(self.credentials.secret_key, day)
            self._of_day = (day, key)
        return key


class TC3Auth(httpx.Auth):
    """Signs one request, afresh each time it is tried; `payload_sha256=None` leaves the body unsigned.

    The body is not read here (`requires_request_body` stays False), so it can be streamed.
    """

    def __init__(self, signer: Signer, payload_sha256: str | None, now: Callable[[], float]) -> None:
        self._signer = signer
        self._payload_sha256 = payload_sha256
        self._now = now

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        timestamp = int(self._now())
        request.headers["X-TC-Timestamp"] = str(timestamp)
        if self._signer.credentials.token is not None:
            request.headers["X-TC-Token"] = self._signer.credentials.token
        payload_sha256 = self._payload_sha256
        if payload_sha256 is None:
            request.headers["X-TC-Content-SHA256"] = UNSIGNED_PAYLOAD
            payload_sha256 = hashlib.sha256(UNSIGNED_PAYLOAD.encode()).hexdigest()
        # Both values are read back from the request: what is signed is what httpx will send.
        signed = {name: request.headers[name] for name in ("content-type", "host")}
        request.headers["Authorization"] = self._signer.sign(signed, payload_sha256, timestamp)
        yield request


def _is_header_safe(value: str | None) -> bool:
    return value is None or _HEADER_SAFE.fullmatch(value) is not None


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
