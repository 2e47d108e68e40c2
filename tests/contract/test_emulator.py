"""The emulator's API: what the vendor's documentation specifies, over a real socket."""

import base64
import io
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kyc_portal.sandbox.emulator import Account, Clock, EmulatorServer
from kyc_portal.sandbox.emulator.answers import Refusal
from kyc_portal.sandbox.emulator.limiter import RateLimiter
from kyc_portal.sandbox.emulator.parameters import parse
from tests.contract.tc3 import body_of, call, code_of, post, signed_headers


def changed(body: bytes, **fields: Any) -> bytes:
    """The body with some fields set, or taken out when set to None."""
    given = {**json.loads(body), **fields}
    return json.dumps({name: value for name, value in given.items() if value is not None}).encode()


@pytest.fixture(scope="session")
def body(photo: bytes, clip: bytes) -> bytes:
    return body_of(photo, clip)


def test_it_passes_a_good_call_and_says_that_no_face_was_judged(
    emulator: EmulatorServer, body: bytes
) -> None:
    answer = call(emulator.url, body)
    assert answer["Result"] == "Success"
    assert answer["Sim"] == 92.5
    assert answer["Description"] == "Success (emulator: no face was judged)"


def test_its_best_frame_is_a_jpeg_of_the_video(emulator: EmulatorServer, body: bytes) -> None:
    frame = base64.b64decode(call(emulator.url, body)["BestFrameBase64"], validate=True)
    picture = Image.open(io.BytesIO(frame), formats=("JPEG",))
    assert picture.size == (160, 120)


def test_it_keeps_the_connection_for_the_next_call(emulator: EmulatorServer, body: bytes) -> None:
    with httpx.Client(base_url=emulator.url, trust_env=False) as client:
        host = client.base_url.netloc.decode()
        ports = {
            client.post("/", content=body, headers=signed_headers(host, body))
            .extensions["network_stream"]
            .get_extra_info("client_addr")
            for _ in range(3)
        }
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"X_TC_Action": "LivenessCompare"}, "InvalidAction"),
        ({"X_TC_Version": "2020-01-01"}, "NoSuchVersion"),
        ({"X_TC_Region": "ap-guangzhou"}, "UnsupportedRegion"),
        ({"X_TC_Region": ""}, "UnsupportedRegion"),
        ({"Content_Type": "application/x-www-form-urlencoded"}, "InvalidRequest"),
    ],
)
def test_it_checks_the_common_parameters(
    emulator: EmulatorServer, body: bytes, how: dict[str, str], code: str
) -> None:
    answer = call(emulator.url, body, **how)
    assert code_of(answer) == code
    assert "no face was judged" in answer["Error"]["Message"]


@pytest.mark.parametrize("region", ["ap-bangkok", "ap-hongkong", "ap-singapore"])
def test_it_serves_all_three_regions(emulator: EmulatorServer, body: bytes, region: str) -> None:
    assert code_of(call(emulator.url, body, X_TC_Region=region)) == "Success"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "InvalidParameter"),
        (b"not json", "InvalidParameter"),
        (b"\xff\xfe", "InvalidParameter"),
        (b"[]", "InvalidParameter"),
        (b"[" * 100_000, "InvalidParameter"),
        (b'{"LivenessType": NaN}', "InvalidParameter"),
        (b'{"LivenessType": "SILENT", "LivenessType": "SILENT"}', "InvalidParameter"),
        (b"{}", "MissingParameter"),
    ],
)
def test_it_takes_only_one_strict_json_object(emulator: EmulatorServer, raw: bytes, code: str) -> None:
    assert code_of(call(emulator.url, raw)) == code


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"Extra": "1"}, "UnknownParameter", "Extra"),
        ({"ImageBase64": None}, "MissingParameter", "ImageBase64"),
        ({"VideoBase64": None}, "MissingParameter", "VideoBase64"),
        ({"LivenessType": None}, "MissingParameter", "LivenessType"),
        ({"ImageBase64": 7}, "InvalidParameter", "ImageBase64"),
        ({"ValidateData": 4}, "InvalidParameter", "ValidateData"),
        ({"LivenessType": "LIP"}, "InvalidParameterValue", "LivenessType"),
        ({"LivenessType": "silent"}, "InvalidParameterValue", "LivenessType"),
        ({"ValidateData": "1"}, "InvalidParameterValue", "ValidateData"),
        ({"ImageBase64": ""}, "InvalidParameterValue", "ImageBase64"),
        ({"ImageBase64": "A" * 3_000_001}, "InvalidParameterValue", "3000000"),
        ({"VideoBase64": "A" * 8_000_001}, "InvalidParameterValue", "8000000"),
        ({"VideoBase64": "AAA"}, "InvalidParameterValue", "VideoBase64"),
        ({"VideoBase64": "AA\nAA"}, "InvalidParameterValue", "VideoBase64"),
        ({"VideoBase64": "AA_-"}, "InvalidParameterValue", "VideoBase64"),
        ({"ImageBase64": "data:image/jpeg;base64,AAAA"}, "InvalidParameterValue", "ImageBase64"),
    ],
)
def test_it_checks_each_parameter(
    emulator: EmulatorServer, body: bytes, fields: dict[str, Any], code: str, says: str
) -> None:
    answer = call(emulator.url, changed(body, **fields))
    assert code_of(answer) == code
    assert says in answer["Error"]["Message"]


def decoded(text: str) -> bytes | None:
    """The bytes that the emulator decodes from this Base64, or None if it refuses it."""
    fields = {"ImageBase64": "AAAA", "VideoBase64": text, "LivenessType": "SILENT"}
    try:
        return parse(json.dumps(fields).encode()).video
    except Refusal:
        return None


@given(st.binary(min_size=1))
def test_it_decodes_what_the_standard_library_encodes(video: bytes) -> None:
    assert decoded(base64.b64encode(video).decode()) == video


@given(st.text("AZaz09+/=-_ \n\0\u00e9", min_size=1, max_size=9))
def test_it_takes_no_base64_that_the_standard_library_refuses(text: str) -> None:
    video = decoded(text)
    assert video is None or video == base64.b64decode(text, validate=True)


@pytest.mark.parametrize("actions", ["1", "2", "3", "4", "4,2", "1,3"])
def test_it_accepts_one_or_two_actions(
    emulator: EmulatorServer, photo: bytes, clip: bytes, actions: str
) -> None:
    assert code_of(call(emulator.url, body_of(photo, clip, "ACTION", actions))) == "Success"


@pytest.mark.parametrize("actions", [None, "", "0", "5", "1,2,3", "1, 2", "12", ",1", "1,", "a", "１"])
def test_it_refuses_other_actions(emulator: EmulatorServer, body: bytes, actions: str | None) -> None:
    asked = changed(body, LivenessType="ACTION", ValidateData=actions)
    assert code_of(call(emulator.url, asked)) == "InvalidParameterValue"


def test_it_accepts_silent_without_validate_data(emulator: EmulatorServer, body: bytes) -> None:
    assert code_of(call(emulator.url, changed(body, ValidateData=None))) == "Success"


def test_it_refuses_a_body_over_ten_million_bytes_before_anything_else(emulator: EmulatorServer) -> None:
    answer = call(emulator.url, b"x" * 10_000_001, X_TC_Action="Nonsense")
    assert code_of(answer) == "RequestSizeLimitExceeded"


def test_it_reads_a_body_of_just_ten_million_bytes(emulator: EmulatorServer) -> None:
    assert code_of(call(emulator.url, b"x" * 10_000_000)) == "InvalidParameter"


def test_it_answers_even_when_it_will_not_read_the_body(emulator: EmulatorServer) -> None:
    answer = post(emulator.url, b"x" * 64_000_001).json()["Response"]
    assert code_of(answer) == "RequestSizeLimitExceeded"
    assert emulator.calls()[-1]["body_sha256"] is None


def test_it_wants_to_know_the_length_beforehand(emulator: EmulatorServer, body: bytes) -> None:
    host = httpx.URL(emulator.url).netloc.decode()
    pieces = iter([body])
    response = httpx.post(emulator.url, content=pieces, headers=signed_headers(host, body), trust_env=False)
    assert code_of(response.json()["Response"]) == "InvalidRequest"


class StillClock(Clock):
    """A clock whose arrival times the test sets."""

    at = 1000.0

    def monotonic(self) -> float:
        return self.at


def test_it_limits_each_account_to_its_rate_in_any_second(body: bytes) -> None:
    clock = StillClock()
    with EmulatorServer(rate=3, accounts=[Account("one", "1"), Account("two", "2")], clock=clock) as emulator:
        one = [code_of(call(emulator.url, body, secret_id="one", secret_key="1")) for _ in range(4)]
        two = code_of(call(emulator.url, body, secret_id="two", secret_key="2"))
        clock.at += 2  # arrivals are slightly before the clock's reading, by varying amounts
        later = code_of(call(emulator.url, body, secret_id="one", secret_key="1"))
    assert one == ["Success"] * 3 + ["RequestLimitExceeded"]
    assert (two, later) == ("Success", "Success")


def test_calls_that_are_refused_for_their_signature_use_up_no_quota(body: bytes) -> None:
    with EmulatorServer(rate=1, clock=StillClock()) as emulator:
        codes = [code_of(call(emulator.url, body, secret_key=key)) for key in ("wrong", "wrong")]
        assert codes == ["AuthFailure.SignatureFailure"] * 2
        assert code_of(call(emulator.url, body)) == "Success"


def test_a_limited_call_uses_up_no_quota() -> None:
    limiter = RateLimiter()
    times = [0.0, 0.5, 0.9, 0.99, 1.0, 1.4, 1.5]
    assert [limiter.admit("a", at, 2) for at in times] == [True, True, False, False, True, False, True]


def test_the_limiter_counts_calls_that_arrive_out_of_order() -> None:
    limiter = RateLimiter()
    assert [limiter.admit("a", at, 2) for at in (10.0, 11.5, 10.8, 10.9)] == [True, True, True, False]
