"""The emulator's signature check, against the vendor's published vectors and an independent signer."""

import hashlib
import time

import httpx
import pytest

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY, Clock, EmulatorServer
from kyc_portal.sandbox.emulator.signature import canonical_request, sign, signing_key, string_to_sign
from tests.contract.tc3 import body_of, call, code_of, signed_headers

# The worked example of the vendor's "Signature v3" page, in its older edition (secret key printed)
# and its newer one (only the derived key printed).
EXAMPLE_BODY = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
EXAMPLE_TYPE = "application/json; charset=utf-8"
EXAMPLE_HOST = "cvm.tencentcloudapi.com"


def example_text(signed: list[tuple[str, str]]) -> str:
    canonical = canonical_request(signed, hashlib.sha256(EXAMPLE_BODY).hexdigest())
    return string_to_sign(1551113065, "2019-02-25", "cvm", canonical)


def test_it_computes_the_older_published_vector() -> None:
    text = example_text([("content-type", EXAMPLE_TYPE), ("host", EXAMPLE_HOST)])
    assert text.endswith("5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031")
    key = signing_key("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "2019-02-25", "cvm")
    assert sign(key, text) == "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"


def test_it_computes_the_newer_published_vector() -> None:
    action = ("x-tc-action", "describeinstances")
    text = example_text([("content-type", EXAMPLE_TYPE), ("host", EXAMPLE_HOST), action])
    assert text.endswith("7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84")
    key = bytes.fromhex("b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af")
    assert sign(key, text) == "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"


@pytest.fixture(scope="session")
def body(photo: bytes, clip: bytes) -> bytes:
    return body_of(photo, clip)


def answer_with(emulator: EmulatorServer, body: bytes, **replaced: str) -> str:
    """Signs correctly, then replaces headers without signing again."""
    host = httpx.URL(emulator.url).netloc.decode()
    headers = {**signed_headers(host, body), **{name.replace("_", "-"): it for name, it in replaced.items()}}
    response = httpx.post(emulator.url, content=body, headers=headers, trust_env=False)
    return code_of(response.json()["Response"])


@pytest.mark.parametrize(
    "how",
    [
        {"signed": ("content-type", "host", "x-tc-action")},
        {"signed": ("content-type", "host", "x-tc-action", "x-tc-timestamp")},
        {"Content_Type": "application/json; charset=utf-8"},
        {"X_TC_Token": ""},
    ],
)
def test_it_accepts_every_documented_way_of_signing(
    emulator: EmulatorServer, body: bytes, how: dict[str, object]
) -> None:
    assert code_of(call(emulator.url, body, **how)) == "Success"
    assert emulator.calls()[-1]["signature"] == "valid"


def test_it_accepts_an_unsigned_payload_and_notes_it(emulator: EmulatorServer, body: bytes) -> None:
    assert code_of(call(emulator.url, body, unsigned_payload=True)) == "Success"
    assert emulator.calls()[-1]["signature"] == "unsigned-payload"


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"secret_key": "wrong"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "AKIDnobody"}, "AuthFailure.SecretIdNotFound"),
        ({"service": "cvm"}, "AuthFailure.InvalidAuthorization"),
        ({"date": "2019-02-25"}, "AuthFailure.InvalidAuthorization"),
        ({"signed": ("content-type",)}, "AuthFailure.InvalidAuthorization"),
        ({"signed": ("host",)}, "AuthFailure.InvalidAuthorization"),
        ({"signed": ("host", "content-type")}, "AuthFailure.InvalidAuthorization"),
        ({"signed": ("content-type", "host", "x-none")}, "AuthFailure.InvalidAuthorization"),
    ],
)
def test_it_refuses_what_is_signed_wrongly(
    emulator: EmulatorServer, body: bytes, how: dict[str, object], code: str
) -> None:
    assert code_of(call(emulator.url, body, **how)) == code
    assert emulator.calls()[-1]["signature"] == code


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer abc",
        "TC3-HMAC-SHA256",
        "TC3-HMAC-SHA256 Credential=a/2019-02-25/faceid/tc3_request",
        "TC3-HMAC-SHA1 Credential=a/2019-02-25/faceid/tc3_request, SignedHeaders=host, Signature=00",
        f"TC3-HMAC-SHA256 Credential=a/today/faceid/tc3_request, SignedHeaders=host, Signature={'0' * 64}",
    ],
)
def test_it_refuses_a_malformed_authorization(
    emulator: EmulatorServer, body: bytes, authorization: str
) -> None:
    assert answer_with(emulator, body, Authorization=authorization) == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize(
    ("name", "value"),
    [("Content_Type", "application/json; charset=utf-8"), ("X_TC_Content_SHA256", "UNSIGNED-PAYLOAD")],
)
def test_it_notices_a_header_changed_on_the_way(
    emulator: EmulatorServer, body: bytes, name: str, value: str
) -> None:
    assert answer_with(emulator, body, **{name: value}) == "AuthFailure.SignatureFailure"


def test_it_notices_a_body_changed_on_the_way(emulator: EmulatorServer, body: bytes) -> None:
    headers = signed_headers(httpx.URL(emulator.url).netloc.decode(), body)
    other = body.replace(b"SILENT", b"ACTION")
    response = httpx.post(emulator.url, content=other, headers=headers, trust_env=False)
    assert code_of(response.json()["Response"]) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1.5", "9" * 12])
def test_it_wants_a_timestamp_in_whole_seconds(emulator: EmulatorServer, body: bytes, timestamp: str) -> None:
    assert answer_with(emulator, body, X_TC_Timestamp=timestamp) == "AuthFailure.InvalidAuthorization"


class FixedClock(Clock):
    """Ten seconds before midnight, so that the tolerance reaches into the next day."""

    def seconds(self) -> float:
        return 1_700_006_390.0


@pytest.mark.parametrize(
    ("off", "code"),
    [
        (0, "Success"),
        (300, "Success"),
        (-300, "Success"),
        (301, "AuthFailure.SignatureExpire"),
        (-301, "AuthFailure.SignatureExpire"),
    ],
)
def test_it_tolerates_five_minutes(body: bytes, off: int, code: str) -> None:
    with EmulatorServer(clock=FixedClock()) as emulator:
        assert code_of(call(emulator.url, body, timestamp=1_700_006_390 + off)) == code


def test_a_header_sent_twice_is_refused(emulator: EmulatorServer, body: bytes) -> None:
    headers = list(signed_headers(httpx.URL(emulator.url).netloc.decode(), body).items())
    headers.append(("X-TC-Timestamp", str(int(time.time()))))
    response = httpx.post(emulator.url, content=body, headers=headers, trust_env=False)
    assert code_of(response.json()["Response"]) == "AuthFailure.InvalidAuthorization"


def test_the_ledger_never_holds_a_secret(emulator: EmulatorServer, body: bytes) -> None:
    call(emulator.url, body)
    row = emulator.calls()[-1]
    assert row["credential_id"] == SANDBOX_SECRET_ID
    assert SANDBOX_SECRET_KEY not in str(row)
