"""Figures in words: each boundary of the score, and no claim beyond the vendor's documentation."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from verification import labels
from verification.liveness import RULES
from verification.review import words
from verification.states import MOVEMENTS, Band, Outcome

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = Decimal(80)
LOW = "FailedOperation.CompareLowSimilarity"


@pytest.mark.parametrize(
    ("similarity", "code", "band", "headline", "sentence"),
    [
        ("9.21", LOW, Band.BELOW, "9.21: far below 70", "not the same one"),
        ("49.99", LOW, Band.BELOW, "49.99: far below 70", "not the same one"),
        ("50", LOW, Band.BELOW, "50: below 70", "not the same one"),
        ("64.99", LOW, Band.BELOW, "64.99: below 70", "not the same one"),
        ("65", LOW, Band.BELOW, "65: just below 70", "not the same one"),
        ("69.99", LOW, Band.BELOW, "69.99: just below 70", "not the same one"),
        ("70", "Success", Band.BETWEEN, "70: between 70 and 80", "your policy asks 80"),
        ("79.99", "Success", Band.BETWEEN, "79.99: between 70 and 80", "your policy asks 80"),
        ("80", "Success", Band.ABOVE, "80: just reaches 80", "as your policy does"),
        ("99.5", "Success", Band.ABOVE, "99.5: above 80", "as your policy does"),
    ],
)
def test_a_score_is_told_by_where_it_lies_and_what_the_vendor_documents(
    similarity, code, band, headline, sentence
):
    meaning = words.explain(Decimal(similarity), code, POLICY)
    assert (meaning.band, meaning.headline) == (band, headline)
    assert sentence in meaning.sentence
    assert "about 1 in 1,000 strangers reach 70, and about 1 in 10,000 reach 80" in meaning.rates


def test_no_score_is_no_figure():
    meaning = words.explain(None, "FailedOperation.ActionFirstAction", POLICY)
    assert (meaning.band, meaning.headline) == (Band.TECHNICAL, "No score")
    assert not any(character.isdigit() for character in meaning.sentence)


@pytest.mark.parametrize(
    ("similarity", "code"), [("45", "Success"), ("69.99", "Success"), ("92", LOW), ("70", LOW)]
)
def test_a_contradiction_is_named(similarity, code):
    meaning = words.explain(Decimal(similarity), code, POLICY)
    assert "contradicts itself" in meaning.headline
    assert meaning.tone == "bad"


@pytest.mark.parametrize(
    ("threshold", "rate"),
    [
        ("69.99", "more than 1 in 1,000"),
        ("70", "about 1 in 1,000"),
        ("79.99", "about 1 in 1,000"),
        ("80", "about 1 in 10,000"),
        ("85", "fewer than 1 in 10,000"),
    ],
)
def test_a_threshold_is_told_by_the_rate_that_the_vendor_documents(threshold, rate):
    assert words.strangers(Decimal(threshold)) == rate


@pytest.mark.parametrize("code", RULES)
def test_every_code_has_a_description(code):
    assert words.describe_code(code).endswith(".")


def test_an_unknown_code_says_so():
    assert "not in our list" in words.describe_code("FailedOperation.SomethingNew")


def test_a_suspicion_is_told_to_the_reviewer():
    assert "replayed or staged" in words.describe_code("FailedOperation.LivessDetectFake")


@pytest.mark.parametrize("outcome", [Outcome.UNUSABLE_MEDIA, Outcome.VENDOR_FAILED])
def test_our_own_codes_are_not_taken_for_the_vendors(outcome):
    assert "not in our list" not in words.describe_code("video_too_short", outcome)


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(minutes=59), "59 min left"),
        (timedelta(hours=2, minutes=59), "2 h left"),
        (timedelta(hours=47), "47 h left"),
        (timedelta(days=2), "2 d left"),
        (-timedelta(minutes=1), "1 min late"),
        (-timedelta(hours=49), "2 d late"),
    ],
)
def test_due_is_shown_in_the_largest_unit(ahead, text):
    assert words.due(NOW + ahead, NOW) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW, "09:00"),
        (NOW - timedelta(hours=9), "00:00"),
        (NOW - timedelta(hours=9, minutes=1), "22 Nov 23:59"),
        (NOW.astimezone(timezone(timedelta(hours=5))), "09:00"),
    ],
)
def test_a_moment_is_shown_in_utc_and_with_its_day_if_that_is_not_today(at, text):
    assert words.moment(at, NOW) == text


def test_a_case_without_a_due_time_is_not_late():
    assert words.due(None, NOW) == ""


@pytest.mark.parametrize(("name", "masked"), [("Alice Example", "A••• E•••"), ("Æ", "Æ•••"), ("", "")])
def test_a_masked_name_shows_first_letters(name, masked):
    assert words.mask(name) == masked


@pytest.mark.parametrize(
    "reason",
    [
        "rejected",
        "bad_answer",
        "unknown_outcome",
        "vendor_unavailable",
        "integrity_error",
        "cannot_process",
        "request_too_large",
        "empty_media",
        "unsupported_challenge",
    ],
)
def test_every_reason_to_give_up_has_a_name_in_the_queue(reason):
    assert reason in labels.WHY_HERE


@pytest.mark.parametrize(
    ("facts", "pairs"),
    [
        ({"a_b": {"c_d": 1.50}}, [("a b: c d", "1.5")]),
        ({"webdriver": True, "none": None, "list": ["x", 2]}, [("webdriver", "yes"), ("list", "x, 2")]),
    ],
)
def test_facts_are_told_flat(facts, pairs):
    assert labels.flatten(facts) == pairs


def test_movements_are_told_in_their_order():
    assert labels.movements("4,2") == "shake head, then blink"
    assert labels.movements("") == "hold still"


def test_every_movement_has_a_name():
    assert set(labels.MOVEMENTS) == set(MOVEMENTS)


def test_a_prompt_is_told_with_its_time():
    assert labels.prompt({"action": "shake_head", "at": 612}) == "shake head at 0.6 s"
