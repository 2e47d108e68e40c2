"""The signature against the examples of the vendor's "Signature v3" pages."""

import hashlib
import json

import httpx
import pytest

from verification.liveness import Credentials, Misconfigured, TC3Auth, sign
from verification.liveness.signing import Signer, canonical_request, derive_key, signature, string_to_sign

# The pages sign a call to another product of the same vendor; its secret id is masked in print.
TIMESTAMP = 1551113065
HEADERS = {"Content-Type": "application/json; charset=utf-8", "Host": "cvm.tencentcloudapi.com"}
EXAMPLE = Credentials("AKIDEXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")
BODY_SHA256 = "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"

DAY = 86_400


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def example_body(name: str) -> str:
    return json.dumps({"Limit": 1, "Filters": [{"Values": [name], "Name": "instance-name"}]})


def test_it_hashes_the_example_body_as_printed():
    assert sha256(example_body("\u672a\u547d\u540d")) == BODY_SHA256


def test_it_reduces_the_older_example_to_the_printed_hash():
    expected = "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031"
    assert sha256(canonical_request(HEADERS, BODY_SHA256)) == expected


def test_it_signs_the_older_example_as_printed():
    assert sign(EXAMPLE, HEADERS, BODY_SHA256, timestamp=TIMESTAMP, service="cvm") == (
        "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_it_signs_the_newer_example_with_the_printed_key():
    canonical = canonical_request(HEADERS | {"X-TC-Action": "DescribeInstances"}, BODY_SHA256)
    key = bytes.fromhex("b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af")
    signed = signature(key, string_to_sign(canonical, TIMESTAMP, "cvm"))
    assert sha256(canonical) == "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84"
    assert signed == "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"


def test_it_reduces_the_third_example_to_the_printed_hash():
    body_sha256 = sha256(example_body("unnamed"))
    assert body_sha256 == "99d58dfbc6745f6747f36bfca17dee5e6881dc0428a0a36f96199342bc5b4907"
    expected = "2815843035062fffda5fd6f2a44ea8a34818b0dc46f024b8b3786976a3adda7a"
    assert sha256(canonical_request(HEADERS, body_sha256)) == expected


def test_it_does_not_depend_on_the_order_of_headers():
    turned = dict(reversed(HEADERS.items()))
    assert canonical_request(turned, BODY_SHA256) == canonical_request(HEADERS, BODY_SHA256)


def test_it_takes_the_day_of_the_scope_in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Hong_Kong")
    last_second_of_february = 1551398399
    assert "/2019-02-28/faceid/" in sign(EXAMPLE, HEADERS, "", timestamp=last_second_of_february)
    assert "/2019-03-01/faceid/" in sign(EXAMPLE, HEADERS, "", timestamp=last_second_of_february + 1)


@pytest.mark.parametrize("timestamp", [TIMESTAMP, TIMESTAMP + DAY, TIMESTAMP - DAY])
def test_a_remembered_key_signs_like_a_fresh_one(timestamp):
    signer = Signer(EXAMPLE)
    signer.sign(HEADERS, BODY_SHA256, TIMESTAMP)
    fresh = sign(EXAMPLE, HEADERS, BODY_SHA256, timestamp=timestamp)
    assert signer.sign(HEADERS, BODY_SHA256, timestamp) == fresh


def test_it_derives_the_key_once_a_day(monkeypatch):
    days = []

    def noted(key: str, day: str) -> bytes:
        days.append(day)
        return derive_key(key, day)

    monkeypatch.setattr("verification.liveness.signing.derive_key", noted)
    signer = Signer(EXAMPLE)
    for timestamp in (TIMESTAMP, TIMESTAMP + 1, TIMESTAMP + DAY):
        signer.sign(HEADERS, BODY_SHA256, timestamp)
    assert days == ["2019-02-25", "2019-02-26"]


def signed_request(auth: TC3Auth, url: str = "https://faceid.example") -> httpx.Request:
    request = httpx.Request("POST", url, headers={"Content-Type": "application/json"}, content=b"{}")
    return next(auth.sync_auth_flow(request))


def test_it_signs_the_host_that_is_sent_with_its_port():
    request = signed_request(TC3Auth(Signer(EXAMPLE), "ab", lambda: TIMESTAMP), "http://127.0.0.1:8765")
    headers = {"content-type": "application/json", "host": "127.0.0.1:8765"}
    assert request.headers["Host"] == "127.0.0.1:8765"
    assert request.headers["Authorization"] == sign(EXAMPLE, headers, "ab", timestamp=TIMESTAMP)


def test_each_try_is_signed_afresh():
    clock = iter([TIMESTAMP + 0.9, TIMESTAMP + 400.0])
    auth = TC3Auth(Signer(EXAMPLE), "ab", lambda: next(clock))
    first, second = signed_request(auth), signed_request(auth)
    assert first.headers["X-TC-Timestamp"] == str(TIMESTAMP)
    assert second.headers["X-TC-Timestamp"] == str(TIMESTAMP + 400)
    assert first.headers["Authorization"] != second.headers["Authorization"]


def test_the_body_is_signed_unless_asked_otherwise():
    signed = signed_request(TC3Auth(Signer(EXAMPLE), "ab", lambda: TIMESTAMP))
    assert "X-TC-Content-SHA256" not in signed.headers


def test_an_unsigned_body_is_declared_and_signed_as_such():
    request = signed_request(TC3Auth(Signer(EXAMPLE), None, lambda: TIMESTAMP))
    headers = {"content-type": "application/json", "host": "faceid.example"}
    expected = sign(EXAMPLE, headers, sha256("UNSIGNED-PAYLOAD"), timestamp=TIMESTAMP)
    assert request.headers["X-TC-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    assert request.headers["Authorization"] == expected


def test_a_token_is_sent_only_with_temporary_credentials():
    temporary = Credentials("AKIDEXAMPLE", "key", "token-value")
    with_token = signed_request(TC3Auth(Signer(temporary), "ab", lambda: TIMESTAMP))
    without = signed_request(TC3Auth(Signer(EXAMPLE), "ab", lambda: TIMESTAMP))
    assert with_token.headers["X-TC-Token"] == "token-value"
    assert "X-TC-Token" not in without.headers


@pytest.mark.parametrize("show", [repr, str, "{}".format, "%r".__mod__])
def test_credentials_show_nothing(show):
    shown = show(Credentials("AKIDEXAMPLE", "very-secret", "token-value"))
    assert not any(part in shown for part in ("AKIDEXAMPLE", "very-secret", "token-value"))


@pytest.mark.parametrize("value", ["", " ", "line\nend", "key ", "schl\u00fcssel", "\x00"])
def test_it_refuses_credentials_no_header_can_carry_without_quoting_them(value):
    with pytest.raises(Misconfigured) as refused:
        Credentials(f"{value}", "key")
    assert str(refused.value) == "credentials_malformed (request id none, billed: no)"
