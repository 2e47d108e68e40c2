"""Checks a TC3-HMAC-SHA256 signature as the vendor's gateway does.

Written from the vendor's documentation alone (https://www.tencentcloud.com/document/product/845/32207)
and deliberately not shared with the portal's signing code: so each
checks the other. It does not know what the call is, only who makes it.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message

from kyc_portal.sandbox.emulator.accounts import Accounts, check_token
from kyc_portal.sandbox.emulator.answers import Refusal

ALGORITHM = "TC3-HMAC-SHA256"
SERVICE = "faceid"
TOLERANCE_SECONDS = 300
UNSIGNED = "UNSIGNED-PAYLOAD"
REQUIRED_HEADERS = {"content-type", "host"}

_SHAPE = re.compile(
    r"Credential=(?P<secret_id>[A-Za-z0-9_-]{1,128})"
    r"/(?P<date>\d{4}-\d{2}-\d{2})/(?P<service>[a-z0-9-]{1,40})/tc3_request,\s*"
    r"SignedHeaders=(?P<signed>[a-z0-9;-]{1,1000}),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Authorization:
    secret_id: str
    date: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def read_authorization(headers: Message) -> Authorization:
    algorithm, _, rest = (_single(headers, "Authorization") or "").partition(" ")
    if algorithm != ALGORITHM:
        raise _malformed(f"Authorization must begin with {ALGORITHM}.")
    found = _SHAPE.fullmatch(rest.strip())
    if not found:
        raise _malformed("Authorization does not have the form Credential=…, SignedHeaders=…, Signature=….")
    names = tuple(found["signed"].split(";"))
    return Authorization(found["secret_id"], found["date"], found["service"], names, found["signature"])


def check_signature(headers: Message, body_sha256: str, *, accounts: Accounts, now: float) -> Authorization:
    """Raise the Refusal that the vendor would give, or return who signed."""
    claimed = read_authorization(headers)
    account = accounts.find(claimed.secret_id)
    timestamp = _timestamp(headers)
    _check_scope(claimed, timestamp)
    if abs(now - timestamp) > TOLERANCE_SECONDS:
        raise Refusal("AuthFailure.SignatureExpire", "X-TC-Timestamp is more than 5 minutes off this clock.")
    payload = hashlib.sha256(UNSIGNED.encode()).hexdigest() if is_unsigned(headers) else body_sha256
    canonical = canonical_request(_signed_values(headers, claimed.signed_headers), payload)
    expected = sign(
        signing_key(account.secret_key, claimed.date, SERVICE),
        string_to_sign(timestamp, claimed.date, SERVICE, canonical),
    )
    if not hmac.compare_digest(expected, claimed.signature):
        raise Refusal("AuthFailure.SignatureFailure", "The signature does not match the request.")
    check_token(account, _single(headers, "X-TC-Token"))
    return claimed


def is_unsigned(headers: Message) -> bool:
    return headers.get("X-TC-Content-SHA256") == UNSIGNED


def canonical_request(signed: Sequence[tuple[str, str]], payload_sha256: str) -> str:
    lines = "".join(f"{name}:{value}\n" for name, value in signed)
    names = ";".join(name for name, _ in signed)
    return "\n".join(["POST", "/", "", lines, names, payload_sha256])


def string_to_sign(timestamp: int, date: str, service: str, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{timestamp}\n{date}/{service}/tc3_request\n{digest}"


def signing_key(secret_key: str, date: str, service: str) -> bytes:
    key = f"TC3{secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


def _check_scope(claimed: Authorization, timestamp: int) -> None:
    if claimed.service != SERVICE:
        raise _malformed(f"The credential scope names the service {claimed.service}, not {SERVICE}.")
    # The date is that of X-TC-Timestamp in UTC, not the local one.
    if claimed.date != f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d}":
        raise _malformed("The date in the credential scope is not the UTC date of X-TC-Timestamp.")


def _timestamp(headers: Message) -> int:
    text = _single(headers, "X-TC-Timestamp") or ""
    if not re.fullmatch(r"[0-9]{1,11}", text):
        raise _malformed("X-TC-Timestamp must be a whole number of seconds.")
    return int(text)


def _signed_values(headers: Message, names: tuple[str, ...]) -> list[tuple[str, str]]:
    if list(names) != sorted(set(names)):
        raise _malformed("SignedHeaders must be sorted, and name each header once.")
    if not set(names) >= REQUIRED_HEADERS:
        raise _malformed("SignedHeaders must include content-type and host.")
    return [(name, _signed_value(headers, name)) for name in names]


def _signed_value(headers: Message, name: str) -> str:
    value = _single(headers, name)
    if value is None:
        raise _malformed(f"The signed header {name} is missing from the request.")
    return value.strip().lower()


def _single(headers: Message, name: str) -> str | None:
    """A header sent twice could be signed as one value and read as the other."""
    values = headers.get_all(name, [])
    if len(values) > 1:
        raise _malformed(f"The header {name} was sent more than once.")
    return values[0] if values else None


def _malformed(message: str) -> Refusal:
    return Refusal("AuthFailure.InvalidAuthorization", message)
