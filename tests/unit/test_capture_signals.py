"""Hints from the capture signals that a browser sends."""

from datetime import UTC, datetime, timedelta

import pytest

from verification.models import VerificationAttempt
from verification.review.case import capture_signals

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HONEST = {
    "camera": "FaceTime HD Camera",
    "screen": {"width": 1440, "height": 900},
    "webdriver": False,
    "duration_ms": 6000,
    "prompts": [{"action": "nod", "at": 520}],
}


def attempt(seconds: float = 6.0, took: float = 20.0, **signals: object) -> VerificationAttempt:
    return VerificationAttempt(
        signals={**HONEST, **signals},
        facts={"recorded": {"duration": seconds}},
        issued_at=AT,
        submitted_at=AT + timedelta(seconds=took),
    )


def codes(made: VerificationAttempt, *others: VerificationAttempt) -> list[str]:
    return [signal.code for signal in capture_signals.of_attempt(made, others)]


def test_an_honest_recording_hints_at_nothing():
    assert codes(attempt(), attempt()) == []


def test_an_attempt_without_a_recording_hints_at_nothing():
    assert codes(VerificationAttempt(issued_at=AT), attempt()) == []


@pytest.mark.parametrize(
    "name", ["OBS Virtual Camera", "ManyCam", "obs", "fake_device_0", "v4l2loopback", "NDI Video"]
)
def test_a_virtual_camera_is_told_by_its_name(name):
    assert codes(attempt(camera=name)) == ["virtual_camera"]


@pytest.mark.parametrize("name", ["Observer 3000", "Candid HD", "camera2 1, facing front", ""])
def test_a_camera_of_a_like_name_is_none(name):
    assert codes(attempt(camera=name)) == []


def test_a_driven_browser_says_so():
    assert codes(attempt(webdriver=True)) == ["automated"]


def test_another_device_than_before_is_noticed():
    phone = attempt(camera="Front Camera", screen={"width": 390, "height": 844})
    found = capture_signals.of_attempt(phone, [attempt()])
    assert [signal.code for signal in found] == ["device_changed"]
    assert found[0].seen == "camera, screen"


@pytest.mark.parametrize(
    "odd",
    [
        attempt(seconds=3.0),
        attempt(took=2.0),
        attempt(prompts=[{"action": "nod", "at": 0}]),
    ],
)
def test_times_that_do_not_fit_are_noticed(odd):
    assert codes(odd) == ["odd_timing"]


def test_every_hint_says_what_it_does_not_mean():
    odd = attempt(seconds=3.0, camera="OBS", webdriver=True)
    found = capture_signals.of_attempt(odd, [attempt()])
    assert len(found) == 4
    assert all(signal.means and signal.means_not for signal in found)
