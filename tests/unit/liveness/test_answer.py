"""Answers are parsed strictly: anything but the vendor's exact form is refused."""

import hashlib
from decimal import Decimal

import pytest

from tests.unit.liveness.answers import GENUINE, JPEG, LOW, MISSED, error, passes, read, refusal, written
from tests.unit.liveness.tracebacks import variables_of
from verification.liveness import (
    RULES,
    BadAnswer,
    Category,
    LivenessError,
    Throttled,
    Unavailable,
    UnknownOutcome,
    VideoRefused,
)
from verification.liveness.answer import MAX_DEPTH


def test_it_reads_a_genuine_success():
    answer = read(written())
    assert (answer.result, answer.similarity, answer.description) == ("Success", Decimal("99.5"), "Success")
    assert (answer.request_id, answer.best_frame, answer.best_frame_note) == (GENUINE["RequestId"], JPEG, "")
    assert (answer.rule, answer.consistent) == (RULES["Success"], True)


def test_it_keeps_a_hash_of_the_very_bytes():
    raw = f" {written()}\n".encode()
    assert read(raw).raw_sha256 == hashlib.sha256(raw).hexdigest()


def test_its_repr_holds_no_face():
    assert "small face" not in repr(read(written()))


@pytest.mark.parametrize("sim", ["79.99", "79.9999999999999999999", "80", "80.0", "100", "100.00", "70"])
def test_it_keeps_the_similarity_exact(sim):
    answer = read(written(Sim="#").replace('"#"', sim))
    assert answer.similarity == Decimal(sim)
    assert (answer.similarity >= 80) == (not sim.startswith("7"))


@pytest.mark.parametrize(("sim", "consistent"), [("69.9", False), ("0", False), ("70", True), ("100", True)])
def test_a_success_below_seventy_contradicts_itself(sim, consistent):
    assert read(written(Sim="#").replace('"#"', sim)).consistent is consistent


@pytest.mark.parametrize(("sim", "consistent"), [(9.21, True), (69.99, True), (70, False), (95, False)])
def test_a_low_similarity_from_seventy_contradicts_itself(sim, consistent):
    answer = read(written(**LOW | {"Sim": sim}))
    assert (answer.rule.category, answer.consistent) == (Category.LOW_SIMILARITY, consistent)


@pytest.mark.parametrize("code", ["Success", "FailedOperation.CompareLowSimilarity"])
@pytest.mark.parametrize("sim", [None, "100", "", True, False, -1, -0.0, 100.01, 101, 1e300, [], {}, [80]])
def test_a_similarity_that_is_none_is_refused(code, sim):
    assert refusal(written(Result=code, Sim=sim)).startswith("similarity_")


@pytest.mark.parametrize("result", ["Success", LOW["Result"]])
def test_a_missing_similarity_is_refused(result):
    assert refusal(written(without="Sim", Result=result)) == "similarity_missing"


@pytest.mark.parametrize(
    "sim",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "1." + "0" * 99, "0e400", "1e-400",
     "0e9999999999999999999", "1e-9999999999999999999"],
)  # fmt: skip
@pytest.mark.parametrize("where", [{"Sim": "#"}, {"Other": {"deep": ["#"]}}])
def test_numbers_that_are_none_are_refused_anywhere(sim, where):
    assert refusal(written(**where).replace('"#"', sim)) in (
        "not_a_number", "number_out_of_range", "number_too_long",
    )  # fmt: skip


@pytest.mark.parametrize("sim", [99, 0.01, -1, "99", "", False, []])
def test_a_similarity_without_a_comparison_contradicts_itself_and_is_not_read(sim):
    answer = read(written(**MISSED | {"Sim": sim}))
    assert (answer.similarity, answer.rule.category) == (None, Category.CAPTURE_QUALITY)
    assert not answer.consistent


@pytest.mark.parametrize("sim", [0, 0.0, None])
def test_a_similarity_of_nothing_fits_a_failure(sim):
    assert read(written(**MISSED | {"Sim": sim})).consistent


def test_a_failure_without_any_similarity_is_consistent():
    assert read(written(without="Sim", Result=MISSED["Result"])).consistent


@pytest.mark.parametrize("code", ["FailedOperation.CompareFail", "FailedOperation.Brandnew"])
def test_a_similarity_may_stand_with_a_code_that_may_have_one(code):
    assert read(written(Result=code, Sim=42)).consistent


@pytest.mark.parametrize(
    "result", ["success", " Success", "NewCode.Foo", "FailedOperation.New", "<b>=1+1</b>"]
)
def test_an_unknown_result_is_an_answer_that_says_it_is_unknown(result):
    answer = read(written(Result=result))
    assert (answer.result, answer.rule.known) == (result, False)
    assert answer.rule.category is not Category.PASSED


@pytest.mark.parametrize(
    "result",
    [None, "", 1, True, [], {}, ["Success"], "S" * 129, "Success\n", "Success\x00", "\ud800", "Success\u200b",
     "\u202eSuccess", "\u0405uccess", "Success\u00a0", "\ufeffSuccess", "Success\x7f"],
)  # fmt: skip
def test_a_result_that_is_no_word_is_refused(result):
    assert refusal(written(Result=result)) == "result"


@pytest.mark.parametrize("raw", [
    '{"Response":{"Result":"FailedOperation.LivessDetectFake","Result":"Success","Sim":99,"RequestId":"r"}}',
    '{"Response":{"Result":"Success","Sim":9,"Sim":99,"RequestId":"r"}}',
    '{"Response":{"Result":"Success","Sim":99,"RequestId":"r","RequestId":"s"}}',
    '{"Response":null,"Response":{"Result":"Success","Sim":99,"RequestId":"r"}}',
    '{"Response":{"Result":"Success","Sim":99,"RequestId":"r","Other":{"a":1,"a":1}}}',
    '{"Response":{"Result":"Success","R\\u0065sult":"Success","Sim":99,"RequestId":"r"}}',
])  # fmt: skip
def test_equal_keys_are_refused_at_any_level(raw):
    assert refusal(raw) == "duplicate_key"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "not_json"),
        ("null", "not_an_object"),
        ("[]", "not_an_object"),
        ("{}", "no_response"),
        ('{"Response":null}', "no_response"),
        ('{"Response":[]}', "no_response"),
        ('{"Response":"Success"}', "no_response"),
        ('{"response":{}}', "no_response"),
        (written()[:-1] + ',"More":1}', "no_response"),
        (written() + written(), "not_json"),
        (written() + ",", "not_json"),
        (written().replace("Success", "Suc\ncess"), "not_json"),
        (f"\ufeff{written()}", "not_json"),
        (written().encode("utf-16"), "not_utf8"),
        (written().encode("utf-16-le"), "not_json"),
        (written(Description="\u00e9").encode().replace(b"\\u00e9", b"\xe9"), "not_utf8"),
        ("[" * 200_000, "too_deep"),
        ('{"Response":' * 200_000, "too_deep"),
        (written()[:-2] + ',"More":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}}", "too_deep"),
        ("<html>Success</html>", "not_json"),
    ],
)
def test_it_refuses_what_is_not_one_json_object_with_a_response(raw, reason):
    assert refusal(raw) == reason


@pytest.mark.parametrize("end", range(len(written())))
def test_an_answer_cut_short_anywhere_is_refused(end):
    assert refusal(written().encode()[:end]) == "not_json"


@pytest.mark.parametrize(
    "request_id", [None, "", 7, [], "r" * 129, "r" * 10_000, "<script>", 'a"b', "a b", "a\r\nb"]
)
def test_a_request_id_that_cannot_be_one_is_refused(request_id):
    assert refusal(written(RequestId=request_id)) == "request_id"
    assert refusal(error("InternalError", RequestId=request_id)) == "request_id"


def test_a_missing_request_id_is_refused():
    assert refusal(written(without="RequestId")) == "request_id"


@pytest.mark.parametrize("raw", [written(Error={"Code": "InternalError"}), written(Error=None),
                                 written(without="Result")])  # fmt: skip
def test_it_wants_a_result_or_an_error_and_not_both(raw):
    assert refusal(raw) == "not_result_xor_error"


@pytest.mark.parametrize("content_type", [
    "text/html", "application/xml", "", None, "application/jsonp", "application/json; charset=gbk",
    "application/json; charset=utf-16", "application/json, text/html",
])  # fmt: skip
def test_another_content_type_is_refused(content_type):
    assert refusal(written(), content_type) == "content_type"


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "text/plain",
                                          'Application/JSON;charset="UTF-8"'])  # fmt: skip
def test_the_content_types_of_the_api_are_read(content_type):
    assert passes(written(), content_type)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(500, Unavailable), (501, Unavailable), (503, Unavailable), (521, Unavailable), (530, Unavailable),
     (408, UnknownOutcome), (502, UnknownOutcome), (504, UnknownOutcome), (599, UnknownOutcome),
     (429, Throttled), (413, VideoRefused), (201, BadAnswer), (204, BadAnswer), (301, BadAnswer),
     (302, BadAnswer), (403, BadAnswer), (418, BadAnswer)],
)  # fmt: skip
def test_another_status_is_no_answer_even_around_a_success(status, expected):
    with pytest.raises(expected) as refused:
        read(written(), status=status)
    assert (refused.value.code, refused.value.billed) == (f"http_{status}", "unknown")


@pytest.mark.parametrize(
    "raw",
    [
        written()[:-3] + "secret",
        written(Description=["secret"]),
        written(without="Sim", Description="secret"),
        error("InternalError", Message="secret"),
        "[" * 200_000 + "secret",
        '{"secret": NaN}',
    ],
)
def test_a_refusal_carries_no_byte_of_the_answer_not_even_in_its_traceback(raw):
    with pytest.raises(LivenessError) as refused:
        read(raw)
    assert (refused.value.__cause__, refused.value.__context__) == (None, None)
    assert "secret" not in repr(vars(refused.value)) + variables_of(refused.value)
