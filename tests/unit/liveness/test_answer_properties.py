"""Property tests of the parser: only the genuine form passes.

They compare each pass with a second parser. Any bytes have a defined outcome.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.liveness.answers import GENUINE, LOW, MISSED, error, passes, read, written
from tests.unit.liveness.generated import NUMBERS, RESULTS, answers, damaged, with_one_odd_piece
from tests.unit.liveness.second_reading import is_genuine
from verification.liveness import Answer, LivenessError

FAILURES = [written(**MISSED), written(**LOW), written(Sim=69.9), error("InternalError")]


def outcome(raw: bytes) -> Answer | LivenessError:
    """Any other exception fails the test: every odd answer must have a defined outcome."""
    try:
        return read(raw)
    except LivenessError as error:
        return error


def test_with_one_odd_piece_only_the_genuine_form_passes():
    assert [raw for raw in with_one_odd_piece() if passes(raw) and not is_genuine(raw)] == []


@settings(max_examples=600)
@given(answers())
def test_of_answers_with_odd_pieces_only_the_genuine_form_passes(raw):
    outcome(raw)
    if passes(raw):
        assert is_genuine(raw)


@settings(max_examples=400)
@given(damaged(written()))
def test_a_damaged_success_passes_only_if_it_is_genuine_still(raw):
    outcome(raw)
    if passes(raw):
        assert is_genuine(raw)


@settings(max_examples=300)
@given(st.sampled_from(FAILURES).flatmap(damaged))
def test_a_damaged_failure_passes_only_if_it_turned_into_the_genuine_form(raw):
    if passes(raw):
        assert is_genuine(raw)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_passes_if_and_only_if_it_is_one_from_70_to_100(number):
    raw = written(Sim="#").replace('"#"', number).encode()
    # The parser refuses numbers longer than any similarity without reading them.
    assert passes(raw) == (is_genuine(raw) and len(number) <= 24)


@pytest.mark.parametrize("result", RESULTS)
def test_a_result_passes_if_and_only_if_it_is_the_word(result):
    raw = written(Result="#").replace('"#"', result).encode()
    assert passes(raw) == is_genuine(raw)


@given(st.floats(70, 100), st.booleans())
def test_every_genuine_form_passes(sim, framed):
    raw = written(Sim=sim, BestFrameBase64=GENUINE["BestFrameBase64"] if framed else None)
    assert passes(raw)
    assert is_genuine(raw.encode())


@given(st.integers() | st.floats() | st.decimals(allow_nan=True).map(str))
def test_no_number_outside_70_to_100_passes(sim):
    raw = written(Sim=sim)
    assert not passes(raw) or (type(sim) in (int, float) and 70 <= sim <= 100)


@given(st.binary(max_size=200))
def test_no_noise_passes(raw):
    outcome(raw)
    assert not passes(raw)


@given(st.integers(0, len(written()) - 1), st.integers(0, 255))
def test_one_changed_byte_never_turns_a_failure_into_a_pass(position, byte):
    raw = bytearray(written(**MISSED).encode())
    raw[position % len(raw)] = byte
    assert not passes(bytes(raw))
