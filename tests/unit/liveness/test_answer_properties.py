"""Over generated answers: one genuine form passes, and nothing else does."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.liveness.answers import GENUINE, MISSED, passes, written
from verification.liveness import RULES

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-200, 200)
    | st.floats(allow_nan=True)
    | st.text("aS 1.\n\u00e9", max_size=9)
)
odd = scalars | st.sampled_from(["Success", "success", "null", "99"]) | st.lists(scalars, max_size=2)
responses = st.fixed_dictionaries(
    {},
    optional={
        "Result": st.just("Success") | st.sampled_from(sorted(RULES)) | odd,
        "Sim": st.floats(0, 100) | odd,
        "RequestId": st.just("r-1") | odd,
        "Error": st.fixed_dictionaries({"Code": st.sampled_from(sorted(RULES)) | odd}) | odd,
        "Description": odd,
        "BestFrameBase64": odd,
    },
)


def is_genuine(response: dict[str, object]) -> bool:
    sim, request_id = response.get("Sim"), response.get("RequestId")
    return (
        response.get("Result") == "Success"
        and "Error" not in response
        and type(sim) in (int, float)
        and 70 <= sim <= 100
        and isinstance(request_id, str)
        and request_id != ""
        and not any(type(value) is float and not math.isfinite(value) for value in response.values())
    )


@given(responses)
def test_over_all_answers_only_the_genuine_form_passes(response):
    if passes(json.dumps({"Response": response})):
        assert is_genuine(response)


@given(st.floats(70, 100), st.booleans())
def test_every_genuine_form_passes(sim, framed):
    assert passes(written(Sim=sim, BestFrameBase64=GENUINE["BestFrameBase64"] if framed else None))


@given(st.binary(max_size=200))
def test_no_noise_passes(raw):
    assert not passes(raw)


@given(st.integers(0, len(written()) - 1), st.integers(0, 255))
def test_one_changed_byte_never_turns_a_failure_into_a_pass(position, byte):
    raw = bytearray(written(**MISSED).encode())
    raw[position % len(raw)] = byte
    assert not passes(bytes(raw))
