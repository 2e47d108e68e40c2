"""An independent TC3-HMAC-SHA256 signer, against which the tests check the emulator.

It must not import the signing code of the emulator or of the portal.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY, EmulatorServer


def body_of(photo: bytes, video: bytes, liveness_type: str = "SILENT", validate_data: str = "") -> bytes:
    fields = {
        "ImageBase64": base64.b64encode(photo).decode(),
        "VideoBase64": base64.b64encode(video).decode(),
        "LivenessType": liveness_type,
        "ValidateData": validate_data,
    }
    return json.dumps(fields).encode()


def signed_headers(
    host: str,
    body: bytes,
    *,
    secret_id: str = SANDBOX_SECRET_ID,
    secret_key: str = SANDBOX_SECRET_KEY,
    timestamp: int | None = None,
    date: str | None = None,
    service: str = "faceid",
    signed: tuple[str, ...] = ("content-type", "host"),
    unsigned_payload: bool = False,
    **changed: str,
) -> dict[str, str]:
    """The headers of a valid call; `changed` replaces some before signing (X_TC_Region is X-TC-Region)."""
    timestamp = int(time.time()) if timestamp is None else timestamp
    date = date or f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d}"
    headers = {
        "Host": host,
        "Content-Type": "application/json",
        "X-TC-Action": "CompareFaceLiveness",
        "X-TC-Version": "2018-03-01",
        "X-TC-Region": "ap-singapore",
        "X-TC-Timestamp": str(timestamp),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    if unsigned_payload:
        headers["X-TC-Content-SHA256"] = "UNSIGNED-PAYLOAD"
    payload = b"UNSIGNED-PAYLOAD" if unsigned_payload else body
    scope = f"{date}/{service}/tc3_request"
    canonical = canonical_text(headers, signed, payload)
    signature = sign(secret_key, date, service, f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{sha256(canonical)}")
    headers["Authorization"] = (
        f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, "
        f"SignedHeaders={';'.join(signed)}, Signature={signature}"
    )
    return headers


def raw_request(emulator: EmulatorServer, body: bytes) -> bytes:
    """The bytes of a valid HTTP request that closes its connection."""
    fields = signed_headers(httpx.URL(emulator.url).netloc.decode(), body, Connection="close")
    fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body


def canonical_text(headers: Mapping[str, str], signed: tuple[str, ...], payload: bytes) -> bytes:
    lower = {name.lower(): value.strip().lower() for name, value in headers.items()}
    lines = "".join(f"{name}:{lower.get(name, '')}\n" for name in signed)
    return f"POST\n/\n\n{lines}\n{';'.join(signed)}\n{sha256(payload)}".encode()


def sign(secret_key: str, date: str, service: str, text: str) -> str:
    key = ("TC3" + secret_key).encode()
    for part in (date, service, "tc3_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def post(url: str, body: bytes, **how: Any) -> httpx.Response:
    host = httpx.URL(url).netloc.decode()
    return httpx.post(
        url, content=body, headers=signed_headers(host, body, **how), trust_env=False, timeout=30
    )


def call(url: str, body: bytes, **how: Any) -> dict[str, Any]:
    response = post(url, body, **how)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer: dict[str, Any] = response.json()["Response"]
    assert answer["RequestId"]
    return answer


def code_of(answer: Mapping[str, Any]) -> str:
    """The Result, or the code of the Error."""
    return str(answer["Error"]["Code"] if "Error" in answer else answer["Result"])
