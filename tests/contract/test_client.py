"""The client against the emulator: the requests it sends, and how it reads the vendor's answers."""

import ssl
import time
from urllib.parse import urlsplit

import pytest

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY, EmulatorServer
from verification.liveness import (
    BadAnswer,
    Billed,
    Category,
    Credentials,
    LivenessClient,
    Misconfigured,
    NotSent,
    Rejected,
    RequestBody,
    RequestTooLarge,
    Throttled,
    Unavailable,
    UnknownOutcome,
)
from verification.liveness.route import tls_context

CREDENTIALS = Credentials(SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY)
SECONDS = {"connect_timeout": 5, "read_timeout": 5, "deadline": 10}


def client_of(url, credentials=CREDENTIALS, region="ap-singapore", **settings):
    return LivenessClient(url, region, credentials, **SECONDS | settings)


@pytest.fixture
def client(emulator):
    with client_of(emulator.url) as made:
        yield made


@pytest.fixture
def compare(client, photo, clip):
    return lambda mode="ACTION", actions="4,2", **more: client.compare(
        photo, clip, mode=mode, actions=actions, **more
    )


def test_a_success_comes_back_whole(compare):
    answer = compare()
    assert (answer.result, answer.rule.category, answer.consistent) == ("Success", Category.PASSED, True)
    assert answer.similarity >= 70
    assert answer.best_frame.startswith(b"\xff\xd8\xff")


def test_the_answer_carries_the_request_id_of_the_vendors_own_record(compare, emulator):
    assert compare().request_id == emulator.calls()[-1]["request_id"]


@pytest.mark.parametrize(("mode", "actions"), [("ACTION", "4,2"), ("ACTION", "1"), ("SILENT", "")])
def test_the_vendor_sees_the_challenge_that_was_asked_for(compare, emulator, mode, actions):
    compare(mode, actions)
    call = emulator.calls()[-1]
    assert (call["liveness_type"], call["validate_data"]) == (mode, actions)


def test_the_recorded_hash_and_size_are_those_of_the_bytes_that_arrived(client, emulator, photo, clip):
    body = RequestBody(photo, clip, mode="SILENT", actions="")
    client.send(body)
    call = emulator.calls()[-1]
    assert (call["body_sha256"], call["body_size"]) == (body.sha256_hex(), body.size)


def test_a_low_similarity_is_an_answer(compare, emulator):
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=9.21)
    answer = compare()
    assert (answer.rule.category, str(answer.similarity)) == (Category.LOW_SIMILARITY, "9.21")


def test_a_missed_movement_is_an_answer(compare, emulator):
    emulator.script(result="FailedOperation.ActionFirstAction")
    answer = compare()
    assert (answer.rule.hint, answer.similarity) == ("follow_prompts", None)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("InternalError", Unavailable),
        ("RequestLimitExceeded", Throttled),
        ("UnauthorizedOperation.Arrears", Misconfigured),
        ("InvalidParameter", Rejected),
    ],
)
def test_an_error_is_raised_with_the_request_id(compare, emulator, code, expected):
    emulator.script(error=code)
    with pytest.raises(expected) as raised:
        compare()
    assert (raised.value.code, raised.value.request_id) == (code, emulator.calls()[-1]["request_id"])


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("http_500", Unavailable),
        ("http_502", UnknownOutcome),
        ("http_503", Unavailable),
        ("html", BadAnswer),
        ("truncated", UnknownOutcome),
        ("reset", UnknownOutcome),
        ("sim_nan", BadAnswer),
        ("duplicate_keys", BadAnswer),
        ("no_request_id", BadAnswer),
    ],
)
def test_a_fault_of_the_vendor_is_never_an_answer(compare, emulator, fault, expected):
    emulator.script(fault=fault)
    with pytest.raises(expected) as raised:
        compare()
    assert raised.value.billed is Billed.UNKNOWN


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_the_deadline_ends_a_call_that_no_timeout_would(emulator, photo, clip, fault):
    emulator.script(fault=fault)
    patient = client_of(emulator.url, read_timeout=60, deadline=0.5)
    with patient as client, pytest.raises(UnknownOutcome, match="deadline"):
        client.compare(photo, clip, mode="SILENT", actions="")


@pytest.mark.parametrize(("fault", "note"), [("null_frame", ""), ("bad_frame", "not_jpeg")])
def test_a_missing_best_frame_changes_nothing(compare, emulator, fault, note):
    emulator.script(fault=fault)
    answer = compare()
    assert (answer.result, answer.best_frame, answer.best_frame_note) == ("Success", None, note)


def test_the_vendors_own_limiter_throttles(photo, clip):
    with EmulatorServer(rate=1) as emulator, client_of(emulator.url) as client:
        client.compare(photo, clip, mode="SILENT", actions="")
        with pytest.raises(Throttled):
            client.compare(photo, clip, mode="SILENT", actions="")


@pytest.mark.parametrize("skew", [-301, 301])
def test_a_clock_off_by_more_than_five_minutes_is_our_misconfiguration(compare, skew):
    with pytest.raises(Misconfigured) as raised:
        compare(now=lambda: time.time() + skew)
    assert raised.value.code == "AuthFailure.SignatureExpire"


@pytest.mark.parametrize(
    "credentials", [Credentials(SANDBOX_SECRET_ID, "wrong"), Credentials("AKIDwrong", "w")]
)
def test_wrong_credentials_are_misconfiguration(emulator, photo, clip, credentials):
    with client_of(emulator.url, credentials) as client, pytest.raises(Misconfigured, match="AuthFailure"):
        client.compare(photo, clip, mode="SILENT", actions="")


def test_an_unsigned_body_is_accepted_when_asked_for(emulator, photo, clip):
    with client_of(emulator.url, unsigned_payload=True) as client:
        assert client.compare(photo, clip, mode="SILENT", actions="").result == "Success"


@pytest.mark.parametrize("region", ["ap-singapore", "ap-hongkong", "ap-bangkok"])
def test_it_calls_each_region_of_the_api(emulator, photo, clip, region):
    with client_of(emulator.url, region=region) as client:
        assert client.compare(photo, clip, mode="SILENT", actions="").result == "Success"


def test_a_probe_reaches_the_parameters_and_checks_nobody(client, emulator):
    assert client.probe() == "MissingParameter"
    assert emulator.calls()[-1]["body_size"] == 2


def test_a_probe_names_what_is_wrong_with_the_account(emulator):
    with client_of(emulator.url, Credentials(SANDBOX_SECRET_ID, "wrong")) as client:
        assert client.probe() == "AuthFailure.SignatureFailure"


def test_a_probe_says_when_the_vendor_cannot_be_reached(emulator):
    emulator.stop()
    with client_of(emulator.url) as client, pytest.raises(NotSent):
        client.probe()


def test_nothing_over_a_limit_is_sent(client, emulator, photo):
    with pytest.raises(RequestTooLarge):
        client.compare(photo, bytes(6_000_001), mode="SILENT", actions="")
    assert emulator.calls() == []


@pytest.mark.parametrize("region", ["", "ap-guangzhou", "AP-SINGAPORE", "ap-singapore "])
def test_it_refuses_other_regions(region):
    with pytest.raises(Misconfigured, match="region_not_supported"):
        client_of("https://vendor.example", region=region)


def test_tls_asks_for_a_certificate_that_is_valid_for_the_host():
    context = tls_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("language", ["", "en", "de-DE", "en-US\r\nX-TC-Region: ap-guangzhou"])
def test_it_refuses_languages_the_vendor_does_not_speak(language):
    with pytest.raises(Misconfigured, match="language_not_supported"):
        client_of("https://vendor.example", language=language)


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout", "deadline"])
@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_it_refuses_to_wait_forever(name, seconds):
    with pytest.raises(Misconfigured, match="timeouts_not_positive"):
        client_of("https://vendor.example", **{name: seconds})


@pytest.mark.parametrize("endpoint", [
    "http://vendor.example", "http://10.0.0.1", "http://127.0.0.1.example", "ftp://127.0.0.1",
    "vendor.example", "", "//vendor.example", "https://", "https://user:pass@vendor.example",
    "https://vendor.example/path", "https://vendor.example/?a=b", "https://vendor.example/#part",
    "https://vendor.example:99999", "https://vendor.example\n", f"https://{'a' * 64}.example",
    "https://[broken", "https://a b.example",
])  # fmt: skip
def test_it_refuses_endpoints_that_are_not_a_safe_bare_host(endpoint):
    with pytest.raises(Misconfigured, match="endpoint_not_"):
        client_of(endpoint)


@pytest.mark.parametrize("endpoint", [
    "https://vendor.example", "https://Vendor.example/", "https://vendor.example:8443", "https://10.0.0.1",
    "http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1",
])  # fmt: skip
def test_it_takes_https_anywhere_and_http_on_this_machine(endpoint):
    host = urlsplit(endpoint).hostname
    with client_of(endpoint) as client:
        assert repr(client) == f"LivenessClient({host!r})"
