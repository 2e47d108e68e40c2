"""Cameras that are refused, silent, blind or gone: each time a way on that works, and never two cameras at once."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.browser.conftest import Applicant, wait_for
from tests.browser.faults.bench import (
    FRONT,
    SECOND,
    allow,
    asked,
    button,
    devices,
    focused,
    go_live,
    hint,
    live_cameras,
)
from tests.browser.faults.conftest import AtStep

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("nothing_breaks")]

PANEL_OF = {
    "NotAllowedError": "denied",
    "SecurityError": "denied",
    "NotFoundError": "no_camera",
    "NotReadableError": "camera_busy",
    "AbortError": "camera_busy",
    "OverconstrainedError": "no_picture",
    "TypeError": "no_picture",
    "InvalidStateError": "no_picture",
    "UnknownError": "no_picture",
    "null": "no_picture",
    "nothing": "no_picture",
    "no track": "no_picture",
}
# These may be the constraints' fault, so the page asks three times, with less each time, before it gives up.
ASKED_AGAIN = {"NotFoundError", "OverconstrainedError", "TypeError", "no track", "nothing"}


def test_every_refusal_is_told_and_can_be_tried_again(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    met = [fault for fault in PANEL_OF for _ in range(3 if fault in ASKED_AGAIN else 1)]
    devices(page, opens=[*met, "works"])
    at_step("capture")
    allow(applicant)
    for fault, panel in PANEL_OF.items():
        expect(page.locator("main"), fault).to_have_attribute("data-showing", panel)
        assert focused(page) == page.locator("h1:visible").text_content()
        assert live_cameras(page) == 0
        button(page, "Try again").click()
        # The next refusal may bring the same panel.
        wait_for(page, f"bench.asked.length > {asked_until(fault)}")
    applicant.panel("live")


def asked_until(fault: str) -> int:
    """How often the page has asked for the camera when it tells this refusal."""
    faults = list(PANEL_OF)[: list(PANEL_OF).index(fault) + 1]
    return sum(3 if each in ASKED_AGAIN else 1 for each in faults)


@pytest.mark.parametrize("fault", ["OverconstrainedError", "TypeError"])
def test_constraints_that_a_browser_refuses_are_not_insisted_on(
    applicant: Applicant, at_step: AtStep, fault: str
) -> None:
    devices(applicant.page, opens=[fault, "works"])
    at_step("capture")
    allow(applicant)
    applicant.panel("live")


@pytest.mark.parametrize(
    "lacking",
    [
        "delete Navigator.prototype.mediaDevices",
        "navigator.mediaDevices && (MediaDevices.prototype.getUserMedia = undefined)",
        "delete window.MediaRecorder",
    ],
)
def test_a_browser_that_cannot_record_says_so_at_once(
    applicant: Applicant, at_step: AtStep, lacking: str
) -> None:
    applicant.page.add_init_script(lacking)
    at_step("capture")
    applicant.panel("unsupported")
    expect(applicant.page.locator("main")).to_contain_text("Open the link from your message in")


def test_a_question_that_nobody_answers_is_explained_and_its_late_answer_counts(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    page.clock.install()
    devices(page, opens=["waits"])
    at_step("capture")
    allow(applicant)
    applicant.panel("opening")
    assert focused(page) == "The camera is starting"
    page.clock.fast_forward(15_000)
    applicant.panel("unanswered")
    assert focused(page) == "The camera has not started yet"
    page.evaluate("bench.answer()")
    applicant.panel("live")


def test_a_camera_that_comes_after_a_second_question_is_stopped(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    page.clock.install()
    devices(page, opens=["waits", "works"])
    at_step("capture")
    allow(applicant)
    applicant.panel("opening")
    page.clock.fast_forward(15_000)
    button(page, "Ask for the camera again").click()
    applicant.panel("live")
    page.evaluate("bench.answer()")
    wait_for(page, "bench.streams.length === 2 && bench.live().length === 1")
    applicant.panel("live")


def test_a_browser_that_never_answers_can_be_left_by_a_reload(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    page.clock.install()
    devices(page, opens=["never"])
    at_step("capture")
    for name in ("Allow the camera", "Ask for the camera again"):
        button(page, name).click()
        applicant.panel("opening")
        page.clock.fast_forward(15_000)
        applicant.panel("unanswered")
    button(page, "Load this page again").click()
    applicant.panel("primer")


@pytest.mark.parametrize("moment", ["at once", "one after the other"])
def test_two_taps_open_one_camera(applicant: Applicant, at_step: AtStep, moment: str) -> None:
    page = applicant.page
    devices(page, opens=["waits"])
    at_step("capture")
    expect(button(page, "Allow the camera")).to_be_enabled()
    twice = "const button = document.querySelector('[data-do=allow]'); button.click(); button.click()"
    page.evaluate(twice)
    applicant.panel("opening")
    if moment == "at once":
        page.evaluate("bench.answer()")
    else:
        page.evaluate("bench.waiting.pop()()")
        applicant.panel("live")
        page.evaluate("bench.answer()")
    wait_for(page, "bench.streams.length === 2 && bench.live().length === 1")
    applicant.panel("live")
    assert page.evaluate(
        "document.querySelector('[data-preview]').srcObject.getTracks()[0].readyState === 'live'"
    )


def test_a_browser_that_plays_only_after_a_tap_gets_one(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    devices(page, plays=["NotAllowedError", "works"])
    at_step("capture")
    allow(applicant)
    applicant.panel("tap")
    button(page, "Show the picture").click()
    applicant.panel("live")
    assert asked(page) == [""]


def test_a_browser_that_refuses_to_play_after_the_tap_is_no_dead_end(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    devices(page, plays=["NotAllowedError", "NotAllowedError", "works"])
    at_step("capture")
    allow(applicant)
    button(page, "Show the picture").click()
    applicant.panel("no_picture")
    assert live_cameras(page) == 0
    button(page, "Try again").click()
    applicant.panel("live")


@pytest.mark.parametrize("fault", ["never", "AbortError"])
def test_the_picture_counts_and_not_what_play_says(applicant: Applicant, at_step: AtStep, fault: str) -> None:
    page = applicant.page
    page.clock.install()
    # The attribute autoplay starts the picture all the same.
    devices(page, plays=[fault])
    at_step("capture")
    allow(applicant)
    wait_for(page, "document.querySelector('[data-preview]').readyState >= 2")
    page.clock.run_for(3000)
    applicant.panel("live")


@pytest.mark.parametrize("plays", ["works", "never"])
def test_a_camera_without_a_picture_can_be_left(applicant: Applicant, at_step: AtStep, plays: str) -> None:
    page = applicant.page
    page.clock.install()
    devices(page, FRONT, SECOND, picture="none", plays=[plays])
    at_step("capture")
    allow(applicant)
    applicant.panel("opening")
    wait_for(page, "document.querySelector('[data-preview]').readyState >= 2")
    page.clock.run_for(8000)
    applicant.panel("no_picture")
    assert live_cameras(page) == 0
    button(page, "Use USB camera").click()
    applicant.panel("opening")
    assert asked(page) == ["", "second"]


@pytest.mark.parametrize(
    ("picture", "words"), [("black", "The picture stays black"), ("still", "The picture stands still")]
)
def test_a_picture_that_shows_nothing_offers_to_start_the_camera_again(
    applicant: Applicant, at_step: AtStep, picture: str, words: str
) -> None:
    devices(applicant.page, picture=picture)
    page = go_live(applicant, at_step)
    expect(button(page, "Restart the camera")).to_be_hidden()
    page.clock.run_for(8000)
    expect(hint(page)).to_contain_text(words)
    button(page, "Restart the camera").click()
    applicant.panel("live")
    assert live_cameras(page) == 1


# Slow in Firefox, and the same arithmetic there.
@pytest.mark.only_browser("chromium")
def test_a_picture_that_moves_is_not_called_still(applicant: Applicant, at_step: AtStep) -> None:
    devices(applicant.page)
    page = go_live(applicant, at_step)
    for _ in range(10):
        page.wait_for_timeout(60)
        page.clock.run_for(700)
    expect(hint(page)).to_have_text("Place your face in the oval")


def test_a_camera_that_stays_muted_is_told(applicant: Applicant, at_step: AtStep) -> None:
    devices(applicant.page)
    page = go_live(applicant, at_step)
    page.evaluate("Object.defineProperty(bench.live()[0], 'muted', {value: true})")
    page.clock.run_for(1000)
    applicant.panel("stopped")
    expect(page.locator("[data-reason]")).to_contain_text("interrupted")
    button(page, "Record again").click()
    applicant.panel("live")


def test_a_muted_camera_is_not_recorded(applicant: Applicant, at_step: AtStep) -> None:
    devices(applicant.page)
    page = go_live(applicant, at_step)
    page.clock.run_for(1000)
    page.evaluate("Object.defineProperty(bench.live()[0], 'muted', {value: true})")
    button(page, "Start recording").click()
    applicant.panel("stopped")
    assert applicant.challenges == []


# Its words and styles are the same in Firefox, where axe is slow.
@pytest.mark.only_browser("chromium")
def test_every_panel_fits_the_smallest_phone_and_axe_finds_no_fault(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    page.set_viewport_size({"width": 320, "height": 640})
    at_step("capture")
    expect(button(page, "Allow the camera")).to_be_enabled()
    page.evaluate("for (const panel of document.querySelectorAll('[data-panel]')) panel.hidden = false")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert faults(page, "main") == []
