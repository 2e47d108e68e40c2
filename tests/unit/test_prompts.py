"""Marks on the time bar: the prompt times that the capture page sent, on the measured recording."""

import pytest

from verification.evidence.prompt_marks import duration, marks

FACTS = {"recorded": {"duration": 9.0}, "prepared": {"facts": {"duration": 8.0}}}


def signals(*prompts: tuple[str, float], **more: float) -> dict[str, object]:
    return {"prompts": [{"action": action, "at": at} for action, at in prompts], **more}


def test_each_prompt_is_a_place_on_the_recording() -> None:
    assert marks(signals(("nod", 2000), ("blink", 4500)), FACTS) == [
        {"label": "nod", "at": 2.0, "percent": "25.0"},
        {"label": "blink", "at": 4.5, "percent": "56.2"},
    ]


@pytest.mark.parametrize(
    ("action", "label"),
    [("open_mouth", "open mouth"), ("shake_head", "shake head"), ("hold_still", "hold still")],
)
def test_a_movement_is_named_in_words(action: str, label: str) -> None:
    (mark,) = marks(signals((action, 500)), FACTS)
    assert mark["label"] == label


def test_times_count_from_when_the_recording_really_began() -> None:
    (mark,) = marks(signals(("nod", 1500), start_event_ms=300), FACTS)
    assert mark["at"] == 1.2


def test_a_prompt_before_the_first_picture_is_at_its_start() -> None:
    (mark,) = marks(signals(("nod", 100), start_event_ms=300), FACTS)
    assert (mark["at"], mark["percent"]) == (0.0, "0.0")


def test_a_browser_that_did_not_say_when_it_began_is_taken_at_its_word() -> None:
    (mark,) = marks(signals(("nod", 100)) | {"start_event_ms": None}, FACTS)
    assert mark["at"] == 0.1


def test_the_marks_are_in_the_order_of_their_times() -> None:
    assert [mark["label"] for mark in marks(signals(("nod", 3000), ("blink", 1000)), FACTS)] == [
        "blink",
        "nod",
    ]


@pytest.mark.parametrize("at", [8000, 9000, 1e9])
def test_what_was_asked_after_the_end_has_no_place(at: float) -> None:
    assert marks(signals(("nod", at)), FACTS) == []


@pytest.mark.parametrize("facts", [{}, {"recorded": {}}, {"dropped": "0" * 64}])
def test_without_a_length_there_are_no_marks(facts: dict[str, object]) -> None:
    assert marks(signals(("nod", 100)), facts) == []


def test_without_prompts_there_are_no_marks() -> None:
    assert marks({}, FACTS) == []


@pytest.mark.parametrize(
    ("facts", "seconds"), [(FACTS, 8.0), ({"recorded": {"duration": 9.0}}, 9.0), ({}, 0.0)]
)
def test_the_length_is_that_of_what_is_played(facts: dict[str, object], seconds: float) -> None:
    assert duration(facts) == seconds
