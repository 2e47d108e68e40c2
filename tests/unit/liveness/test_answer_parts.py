"""The parts of an answer that help a person, and the codes that are not about the applicant."""

import base64
import json

import pytest

from tests.unit.liveness.answers import JPEG, LOW, MISSED, error, passes, read, refusal, written
from verification.liveness import (
    RULES,
    Category,
    LivenessError,
    Misconfigured,
    Rejected,
    Throttled,
    Unavailable,
    VideoRefused,
)


@pytest.mark.parametrize("frame", [None, "null", ""])
def test_no_best_frame_is_simply_none(frame):
    answer = read(written(BestFrameBase64=frame))
    assert (answer.best_frame, answer.best_frame_note) == (None, "")
    assert read(written(without="BestFrameBase64")).best_frame is None


@pytest.mark.parametrize(
    ("frame", "note"),
    [
        ("!!!!", "not_base64"),
        (base64.b64encode(JPEG).decode()[:-1], "not_base64"),
        (base64.b64encode(JPEG).decode() + "\n", "not_base64"),
        ("\u00ff\u00d8", "not_base64"),
        ("\ud800", "not_base64"),
        (base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(), "not_jpeg"),
        (base64.b64encode(JPEG + bytes(3_000_000)).decode(), "too_large"),
        (5, "not_a_string"),
        ({}, "not_a_string"),
    ],
)
def test_an_unusable_best_frame_is_dropped_with_a_note_and_changes_nothing(frame, note):
    raw = written(BestFrameBase64=frame)
    answer = read(raw)
    assert (answer.best_frame, answer.best_frame_note) == (None, note)
    assert passes(raw)


def test_a_failure_may_carry_a_best_frame_too():
    assert read(written(**MISSED)).best_frame == JPEG


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        (None, ""),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("one\r\nlevel=error two\x00\x1b[31m", "one  level=error two  [31m"),
        ("\ud800x", "x"),
        ("failed \u202essecus", "failed  ssecus"),
        ("a\u2066b\u2069c\u200e\u200f\u061cd", "a b c   d"),
        ("one\u2028two\u2029three\x85four", "one two three four"),
        ("\ufeffa\u200bb\u00adc\U000e0041d\ue000e\uffff", "a b c d e"),
        ("\u672a\u547d\u540d", "\u672a\u547d\u540d"),
        ("d" * 5_000, "d" * 1_000),
    ],
)
def test_a_description_is_one_line_that_can_be_stored(sent, read_as):
    assert read(written(Description=sent)).description == read_as


def test_a_description_that_is_no_text_is_refused():
    assert refusal(written(Description=["Success"])) == "description"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("FailedOperation.CompressVideoError", VideoRefused),
        ("InternalError.VideoDecodeFailed", VideoRefused),
        ("RequestSizeLimitExceeded", VideoRefused),
        ("InternalError", Unavailable),
        ("FailedOperation.UnKnown", Unavailable),
        ("NewCode.Foo", Unavailable),
        ("RequestLimitExceeded", Throttled),
        ("AuthFailure.SignatureExpire", Misconfigured),
        ("UnauthorizedOperation.Arrears", Misconfigured),
        ("InvalidParameterValue", Rejected),
        ("MissingParameter", Rejected),
    ],
)
def test_a_code_about_us_or_the_vendor_is_raised(code, expected):
    with pytest.raises(expected) as raised:
        read(error(code))
    assert (raised.value.code, raised.value.request_id) == (code, "r-1")


FAULTS = ("video_refused", "transient", "throttled", "configuration", "bad_request")


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_code_means_the_same_as_a_result_and_as_an_error(rule):
    if rule.category in FAULTS:
        raised = []
        for raw in (written(Result=rule.code), error(rule.code)):
            with pytest.raises(LivenessError) as caught:
                read(raw)
            raised.append((caught.type, caught.value.code, caught.value.billed))
        assert raised[0] == raised[1] == (caught.type, rule.code, rule.billed)
    elif rule.code != "Success":
        sim = 9 if rule.category is Category.LOW_SIMILARITY else 0
        assert read(written(Result=rule.code, Sim=sim)).rule == read(error(rule.code)).rule == rule


def test_an_error_about_the_applicant_is_an_answer_without_similarity():
    answer = read(error("FailedOperation.CompareLowSimilarity", Sim=99))
    assert (answer.result, answer.similarity, answer.description) == (LOW["Result"], None, "said so")


@pytest.mark.parametrize("code", ["Success", "success", "SUCCESS"])
def test_success_as_an_error_is_refused(code):
    assert refusal(error(code, Sim=100)) == "success_as_error"


@pytest.mark.parametrize("code", [None, "", 5, [], "a b", "a\n", "c" * 129, "\u0421ode"])
def test_an_error_code_that_is_no_word_is_refused(code):
    assert refusal(error(code)) == "error_code"


@pytest.mark.parametrize("value", [None, "Success", [], True])
def test_an_error_that_is_no_object_is_refused(value):
    assert refusal(json.dumps({"Response": {"Error": value, "RequestId": "r"}})) == "error_code"
