"""The table of codes is complete, and an unknown code can never pass an applicant."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.hints import HINTS
from verification.liveness import RULES, Billed, Category, Hint, lookup

COUNTS = {
    "passed": 1,
    "low_similarity": 3,
    "liveness_failed": 9,
    "capture_quality": 27,
    "reference_photo": 15,
    "video_refused": 4,
    "transient": 18,
    "throttled": 5,
    "configuration": 22,
    "bad_request": 18,
}


def test_every_known_code_has_one_row_in_its_category():
    assert Counter(rule.category for rule in RULES.values()) == COUNTS


def test_charging_is_known_for_thirty_codes():
    assert Counter(rule.billed for rule in RULES.values()) == {"yes": 2, "no": 28, "unknown": 92}


@pytest.mark.parametrize(
    ("code", "category", "hint"),
    [
        ("Success", "passed", "received"),
        ("FailedOperation.CompareLowSimilarity", "low_similarity", "being_checked"),
        ("FailedOperation.LivessDetectFail", "liveness_failed", "record_again"),
        ("FailedOperation.ActionFirstAction", "capture_quality", "follow_prompts"),
        ("FailedOperation.ActionFaceLeft", "capture_quality", "centre_face"),
        ("FailedOperation.SilentTooShort", "capture_quality", "longer"),
        ("FailedOperation.LifePhotoDetectFaces", "reference_photo", "photo_one_face"),
        ("FailedOperation.CompressVideoError", "video_refused", "short_delay"),
        ("FailedOperation.UnKnown", "transient", "short_delay"),
        ("RequestLimitExceeded", "throttled", "short_delay"),
        ("UnauthorizedOperation.Arrears", "configuration", "paused"),
        ("InvalidParameterValue", "bad_request", "our_fault"),
    ],
)
def test_it_knows_a_code_of_each_category(code, category, hint):
    rule = lookup(code, field="Result")
    assert (rule.category, rule.hint, rule.known) == (category, hint, True)


def test_only_codes_about_the_photo_lead_back_to_the_document():
    for rule in RULES.values():
        assert (rule.step == "document") == (rule.category is Category.REFERENCE_PHOTO)


def test_codes_that_speak_of_a_replay_go_to_a_person_with_a_neutral_sentence():
    suspicious = {rule.code: rule.hint for rule in RULES.values() if rule.suspicion}
    assert suspicious == {
        "FailedOperation.LifePhotoDetectFake": Hint.BEING_CHECKED,
        "FailedOperation.LivessDetectFake": Hint.BEING_CHECKED,
        "FailedOperation.SilentPictureLiveFail": Hint.BEING_CHECKED,
    }


@pytest.mark.parametrize("hint", Hint)
def test_each_hint_is_used_and_has_a_kind_short_sentence(hint):
    text = str(HINTS[hint])
    assert hint in {rule.hint for rule in RULES.values()}
    assert len(text) <= 100
    assert text.endswith(".")
    assert not any(word in text.lower() for word in ("fake", "fraud", "spoof", "attack", "reject"))


@pytest.mark.parametrize(
    ("twin", "listed"),
    [
        ("InternalError.LivessDetectFake", "FailedOperation.LivessDetectFake"),
        ("InternalError.ImageBlur", "FailedOperation.ImageBlur"),
        ("InternalError.CompareFail", "FailedOperation.CompareFail"),
    ],
)
def test_a_twin_prefix_means_the_same_but_may_cost_otherwise(twin, listed):
    ours, theirs = lookup(twin, field="Result"), lookup(listed, field="Result")
    assert (ours.category, ours.hint, ours.step) == (theirs.category, theirs.hint, theirs.step)
    assert ours.suspicion == theirs.suspicion
    assert (ours.code, ours.known, ours.billed) == (twin, True, Billed.UNKNOWN)


@pytest.mark.parametrize(
    ("field", "code", "category"),
    [
        ("Result", "FailedOperation.ActionSecondAction", "capture_quality"),
        ("Result", "FailedOperation.SilentSideFace", "capture_quality"),
        ("Result", "FailedOperation.Brandnew", "liveness_failed"),
        ("Result", "NewCode.Foo", "liveness_failed"),
        ("Result", "AuthFailure.Brandnew", "configuration"),
        ("Result", "RequestLimitExceeded.Brandnew", "throttled"),
        ("Error", "AuthFailure.Brandnew", "configuration"),
        ("Error", "UnauthorizedOperation.Brandnew", "configuration"),
        ("Error", "InvalidParameterValue.Brandnew", "bad_request"),
        ("Error", "UnsupportedBrandnew", "bad_request"),
        ("Error", "MissingBrandnew", "bad_request"),
        ("Error", "RequestLimitExceeded.Brandnew", "throttled"),
        ("Error", "InternalError.Brandnew", "transient"),
        ("Error", "FailedOperation.Brandnew", "transient"),
        ("Error", "NewCode.Foo", "transient"),
        ("Error", "Success", "transient"),
    ],
)
def test_a_code_in_no_list_falls_back_to_its_family_and_says_so(field, code, category):
    rule = lookup(code, field=field)
    assert (rule.code, rule.category, rule.known, rule.billed) == (code, category, False, "unknown")


@pytest.mark.parametrize(
    "code",
    ["success", "SUCCESS", " Success", "Success ", "Success\u200b", "Succes", "", "FailedOperation.Success",
     "InternalError.Success", "Success.Success"],
)  # fmt: skip
def test_nothing_that_looks_like_success_passes(code):
    assert lookup(code, field="Result").category is not Category.PASSED


@given(st.text("Suces.FailedOprtn ", max_size=30), st.sampled_from(["Result", "Error"]))
def test_no_other_code_passes_in_either_field(code, field):
    passes = lookup(code, field=field).category is Category.PASSED
    assert passes == (code == "Success" and field == "Result")
