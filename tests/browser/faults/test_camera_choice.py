"""More than one camera: a broken one can be left, and one that shows no face is not chosen while there is another."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Applicant
from tests.browser.faults.bench import (
    FRONT,
    INFRARED,
    SECOND,
    VIRTUAL,
    allow,
    asked,
    button,
    devices,
    live_cameras,
    picker,
    shows,
)
from tests.browser.faults.conftest import AtStep

pytestmark = pytest.mark.usefixtures("nothing_breaks")

BUSY = {"fault": "NotReadableError"}


@pytest.mark.firefox
def test_a_broken_camera_is_left_for_another_one(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    devices(page, {**FRONT, **BUSY}, SECOND)
    at_step("capture")
    allow(applicant)
    applicant.panel("camera_busy")
    expect(page.locator("[data-others]:visible button")).to_have_text(["Use USB camera"])
    button(page, "Use USB camera").click()
    applicant.panel("live")
    assert asked(page) == ["", "second"]


def test_trying_again_goes_on_to_the_next_camera_and_stays_with_it(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    devices(page, {**FRONT, **BUSY}, SECOND)
    at_step("capture")
    allow(applicant)
    button(page, "Try again").click()
    applicant.panel("live")
    shows(page, "USB camera")
    page.evaluate("bench.happens('ended')")
    button(page, "Record again").click()
    applicant.panel("live")
    assert asked(page) == ["", "second", "second"]


@pytest.mark.firefox
def test_a_choice_that_failed_is_forgotten(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    devices(page, FRONT, {**SECOND, **BUSY})
    at_step("capture")
    allow(applicant)
    picker(page).select_option("USB camera")
    applicant.panel("camera_busy")
    button(page, "Try again").click()
    applicant.panel("live")
    shows(page, "Front camera")
    expect(picker(page)).to_have_value("front")


def test_a_chosen_camera_that_was_unplugged_is_replaced(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    devices(page, FRONT, {**SECOND, "fault": "OverconstrainedError"})
    at_step("capture")
    allow(applicant)
    picker(page).select_option("USB camera")
    applicant.panel("live")
    shows(page, "Front camera")


@pytest.mark.parametrize("unlikely", [INFRARED, VIRTUAL, {"id": "rear", "label": "Microsoft Camera Rear"}])
def test_the_browsers_choice_is_changed_when_it_is_no_camera_for_faces(
    applicant: Applicant, at_step: AtStep, unlikely: dict[str, Any]
) -> None:
    page = applicant.page
    devices(page, unlikely, FRONT)
    at_step("capture")
    allow(applicant)
    applicant.panel("live")
    shows(page, "Front camera")
    assert live_cameras(page) == 1
    # It stays within reach of whoever wants it.
    picker(page).select_option(unlikely["label"])
    shows(page, unlikely["label"])
    expect(picker(page)).to_have_value(unlikely["id"])


def test_an_unlikely_camera_is_used_when_there_is_no_other(applicant: Applicant, at_step: AtStep) -> None:
    devices(applicant.page, VIRTUAL)
    at_step("capture")
    allow(applicant)
    applicant.panel("live")
    assert live_cameras(applicant.page) == 1


def test_an_unlikely_camera_is_asked_for_only_after_the_other_failed_twice(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    devices(page, VIRTUAL, {**FRONT, **BUSY})
    at_step("capture")
    allow(applicant)
    applicant.panel("camera_busy")
    expect(page.locator("[data-others]:visible button")).to_have_text(["Use OBS Virtual Camera"])
    button(page, "Try again").click()
    applicant.panel("camera_busy")
    for _ in range(2):
        if page.locator('[data-panel="camera_busy"]').is_visible():
            button(page, "Try again").click()
            expect(page.locator('[data-panel="opening"]')).to_be_hidden()
    applicant.panel("live")
    shows(page, "OBS Virtual Camera")
    # It works, so it stays.
    page.evaluate("bench.happens('ended')")
    button(page, "Record again").click()
    shows(page, "OBS Virtual Camera")
    assert asked(page)[-1] == "virtual"


@pytest.mark.parametrize("answer", ["unlabelled", "unnamed", "empty", "rejects", "never", "missing"])
def test_the_list_of_cameras_is_only_a_comfort(applicant: Applicant, at_step: AtStep, answer: str) -> None:
    devices(applicant.page, FRONT, SECOND, list=answer)
    at_step("capture")
    allow(applicant)
    applicant.panel("live")
    expect(button(applicant.page, "Start recording")).to_be_enabled()
    if answer == "unlabelled":
        expect(applicant.page.locator("[data-cameras] option")).to_have_text(["Camera 1", "Camera 2"])


@pytest.mark.parametrize("answer", ["unnamed", "empty", "rejects", "never", "missing"])
def test_a_busy_camera_is_told_without_a_list_too(applicant: Applicant, at_step: AtStep, answer: str) -> None:
    page = applicant.page
    page.clock.install()
    devices(page, opens=["NotReadableError", "works"], list=answer)
    at_step("capture")
    allow(applicant)
    if answer == "never":
        applicant.panel("opening")
        page.clock.run_for(2000)
    applicant.panel("camera_busy")
    button(page, "Try again").click()
    applicant.panel("live")


def test_a_camera_without_settings_is_shown(applicant: Applicant, at_step: AtStep) -> None:
    devices(applicant.page, FRONT, SECOND, settings=False)
    at_step("capture")
    allow(applicant)
    applicant.panel("live")
    expect(picker(applicant.page)).to_have_value("front")
