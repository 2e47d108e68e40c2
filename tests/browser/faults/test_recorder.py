"""Recorders that lie, throw or fall silent; and filming that is stopped, or waits for its challenge."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Applicant, wait_for
from tests.browser.faults.bench import CHROMIUM, devices, go_live, hint, recorder
from tests.browser.faults.conftest import AtStep, Recorded

pytestmark = pytest.mark.usefixtures("nothing_breaks")

H264, VP8 = "video/mp4;codecs=avc1.42E01E", "video/webm;codecs=vp8"
FIREFOX = ["video/webm;codecs=vp8", "video/webm"]
SAFARI = [H264, "video/mp4"]
# Longer than countdown and movements: 2.7 s, and 5.8 s at most.
TAKE = 9000
NO_RECORDING = ["empty", "header", "no data", "nothing at all", "error", "stops"]
# Faults that a page need not notice.
HARMLESS = ["no start event", "no stop event", "late data", "no type"]


# What a tap would meet in the middle of "Send the video" as soon as it is there.
TAP_WHEN_SHOWN = """new MutationObserver(() => {
  if (document.querySelector("main")?.dataset.showing !== "playback" || window.hit) return;
  const send = document.querySelector("[data-do=send]");
  send.scrollIntoView();
  const { x, y, width, height } = send.getBoundingClientRect();
  setTimeout(() => { window.hit = document.elementFromPoint(x + width / 2, y + height / 2); });
}).observe(document, { subtree: true, attributeFilter: ["data-showing"] });"""


def record(page: Page) -> None:
    """Starts and lets the time of a recording pass, and of a recorder that never ends it."""
    page.get_by_role("button", name="Start recording").click()
    expect(hint(page)).to_have_text("Get ready and look at the camera")
    page.clock.run_for(TAKE)


def types(page: Page) -> list[str]:
    return list(page.evaluate("recorders.types"))


def again(applicant: Applicant, name: str) -> None:
    applicant.page.get_by_role("button", name=name).click()
    applicant.panel("live")


@pytest.mark.parametrize("fault", NO_RECORDING)
def test_an_encoder_that_gives_nothing_is_followed_by_another_one(
    applicant: Applicant, at_step: AtStep, fault: str
) -> None:
    recorder(applicant.page, avc1=fault)
    page = go_live(applicant, at_step)
    record(page)
    page.clock.run_for(5000)
    applicant.panel("stopped")
    expect(page.locator("[data-reason]")).to_contain_text("That is not your fault")
    again(applicant, "Record again")
    record(page)
    applicant.panel("playback")
    # Not another container with the same encoder.
    assert types(page) == [H264, VP8]
    again(applicant, "Record again")
    record(page)
    applicant.panel("playback")
    assert types(page) == [H264, VP8, VP8]


@pytest.mark.parametrize("fault", ["constructor", "start"])
def test_a_type_that_is_refused_is_replaced_at_once(
    applicant: Applicant, at_step: AtStep, fault: str
) -> None:
    recorder(applicant.page, avc1=fault)
    page = go_live(applicant, at_step)
    record(page)
    applicant.panel("playback")
    assert types(page)[-1] == VP8


@pytest.mark.parametrize("fault", HARMLESS)
def test_a_recording_that_came_all_the_same_is_used(
    applicant: Applicant, at_step: AtStep, fault: str
) -> None:
    recorder(applicant.page, any=fault)
    page = go_live(applicant, at_step)
    record(page)
    page.clock.run_for(1000)
    applicant.panel("playback")
    assert types(page) == [H264]


def test_a_camera_without_settings_is_recorded(applicant: Applicant, at_step: AtStep) -> None:
    devices(applicant.page, settings=False)
    recorder(applicant.page)
    page = go_live(applicant, at_step)
    record(page)
    applicant.panel("playback")


@pytest.mark.parametrize("kinds", [CHROMIUM, FIREFOX, SAFARI], ids=["Chromium", "Firefox", "Safari"])
def test_after_two_failures_another_browser_is_offered(
    applicant: Applicant, at_step: AtStep, kinds: list[str]
) -> None:
    recorder(applicant.page, kinds, any="empty")
    page = go_live(applicant, at_step)
    record(page)
    applicant.panel("stopped")
    again(applicant, "Record again")
    record(page)
    applicant.panel("no_recorder")
    expect(page.locator("main")).to_contain_text("in another browser, or on another phone or computer")
    assert page.evaluate("document.activeElement.textContent") == "This browser gives us no video"
    again(applicant, "Try here once more")
    first, second = types(page)
    assert first != second


def test_a_browser_that_refuses_every_type_is_left_at_once(applicant: Applicant, at_step: AtStep) -> None:
    recorder(applicant.page, any="constructor")
    page = go_live(applicant, at_step)
    record(page)
    applicant.panel("no_recorder")


@pytest.mark.parametrize(("kinds", "asks"), [(["video/ogg"], True), (CHROMIUM, False)])
def test_a_browser_that_names_no_type_chooses_by_itself(
    applicant: Applicant, at_step: AtStep, kinds: list[str], asks: bool
) -> None:
    recorder(applicant.page, kinds, asks)
    page = go_live(applicant, at_step)
    record(page)
    applicant.panel("playback")
    assert types(page) == [""]


class Line:
    """The way to the challenge: held until the test lets it through."""

    def __init__(self, page: Page) -> None:
        self.held: list[Route] = []
        page.route("**/verify/challenge*", self.hold)

    def hold(self, route: Route) -> None:
        self.held.append(route)

    def answer(self) -> None:
        challenge = {"attempt": "a", "nonce": "n", "mode": "SILENT", "actions": [], "expires_in": 90}
        for route in self.held:
            route.fulfill(
                body=json.dumps(challenge), content_type="application/json", headers={"KYC-Portal": "1"}
            )


def start(applicant: Applicant, at_step: AtStep) -> tuple[Page, Line]:
    devices(applicant.page)
    recorder(applicant.page)
    page, line = go_live(applicant, at_step), Line(applicant.page)
    page.get_by_role("button", name="Start recording").click()
    expect(hint(page)).to_have_text("Connecting…")
    return page, line


def test_a_challenge_that_never_comes_ends_in_words_after_ten_seconds(
    applicant: Applicant, at_step: AtStep
) -> None:
    page, line = start(applicant, at_step)
    page.clock.run_for(10_000)
    applicant.panel("stopped")
    expect(page.locator("[data-reason]")).to_contain_text("could not reach the server")
    assert page.evaluate("bench.live().length") == 0
    line.answer()
    again(applicant, "Record again")
    page.clock.run_for(TAKE)
    assert types(page) == []
    expect(hint(page)).to_have_text("Place your face in the oval")


def test_the_countdown_waits_for_the_challenge(applicant: Applicant, at_step: AtStep) -> None:
    page, line = start(applicant, at_step)
    page.clock.run_for(9000)
    assert types(page) == []
    expect(page.locator("[data-countdown]")).to_be_hidden()
    line.answer()
    expect(page.locator("[data-countdown]")).to_have_text("3")
    page.clock.run_for(TAKE)
    applicant.panel("playback")


def test_the_person_can_stop_while_it_connects(applicant: Applicant, at_step: AtStep) -> None:
    page, line = start(applicant, at_step)
    page.clock.run_for(1000)
    page.get_by_role("button", name="Stop recording").click()
    expect(hint(page)).to_have_text("Stopped. Nothing was kept.")
    with page.expect_response("**/verify/challenge*"):
        line.answer()
    page.clock.run_for(TAKE)
    assert types(page) == []
    expect(page.get_by_role("button", name="Start recording")).to_be_visible()
    expect(page.locator("[data-countdown]")).to_be_hidden()


def test_the_person_can_stop_a_recording_by_keyboard_and_start_again(
    applicant: Applicant, at_step: AtStep
) -> None:
    recorder(applicant.page)
    page = go_live(applicant, at_step)
    page.get_by_role("button", name="Start recording").press("Enter")
    expect(hint(page)).to_have_text("Get ready and look at the camera")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.clock.run_for(4000)
    wait_for(page, "recorders.running === 1")
    stop = page.get_by_role("button", name="Stop recording")
    page.keyboard.press("Tab")
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Start recording")).to_be_focused()
    assert page.evaluate("recorders.running") == 0
    record(page)
    applicant.panel("playback")


def test_a_double_tap_on_start_does_not_stop(applicant: Applicant, at_step: AtStep) -> None:
    recorder(applicant.page)
    page = go_live(applicant, at_step)
    page.get_by_role("button", name="Start recording").dblclick()
    expect(hint(page)).to_have_text("Get ready and look at the camera")
    page.clock.run_for(TAKE)
    applicant.panel("playback")


@pytest.mark.firefox
def test_a_double_tap_on_stop_does_not_start_again(applicant: Applicant, at_step: AtStep) -> None:
    recorder(applicant.page)
    page = go_live(applicant, at_step)
    page.get_by_role("button", name="Start recording").click()
    expect(hint(page)).to_have_text("Get ready and look at the camera")
    page.get_by_role("button", name="Stop recording").dblclick()
    expect(hint(page)).to_have_text("Stopped. Nothing was kept.")
    page.clock.run_for(TAKE)
    assert types(page) == []


@pytest.mark.firefox
def test_a_tap_on_stop_that_comes_too_late_sends_nothing(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    page.add_init_script(TAP_WHEN_SHOWN)
    recorder(page)
    go_live(applicant, at_step)
    record(page)
    applicant.panel("playback")
    assert page.evaluate("hit.dataset.do") is None
    page.get_by_role("button", name="Send the video").click()
    expect(page.locator("main")).not_to_have_attribute("data-showing", "playback")


def test_hints_on_the_light_do_not_replace_the_words_of_the_start(
    applicant: Applicant, at_step: AtStep
) -> None:
    devices(applicant.page, picture="black")
    recorder(applicant.page)
    page = go_live(applicant, at_step)
    line = Line(page)
    page.get_by_role("button", name="Start recording").click()
    page.clock.run_for(8000)
    expect(hint(page)).to_have_text("Connecting…")
    line.answer()


def test_what_was_said_in_a_past_step_is_not_read_again(applicant: Applicant, at_step: AtStep) -> None:
    recorder(applicant.page)
    page = go_live(applicant, at_step)
    record(page)
    applicant.panel("playback")
    expect(page.locator("[data-live]")).to_have_text("Recorded")
    assert page.evaluate("document.activeElement.textContent") == "Is your face clear?"
    again(applicant, "Record again")
    expect(page.locator("[data-live]")).to_have_text("")
    expect(hint(page)).to_have_text("Place your face in the oval")


@pytest.fixture
def unreadable(page: Page) -> None:
    """The portal can read no recording."""
    refusal = {"error": {"code": "unsupported_video_codec", "message": "Please use another browser."}}
    page.route(
        "**/verify/recording/parts?*",
        lambda route: route.fulfill(status=415, json=refusal, headers={"KYC-Portal": "1"}),
    )


def send(page: Page) -> None:
    page.get_by_role("button", name="Send the video").click()


@pytest.mark.usefixtures("unreadable")
def test_a_recording_that_the_server_cannot_read_is_followed_by_another_encoder_and_then_by_another_browser(
    applicant: Applicant, at_step: AtStep
) -> None:
    recorder(applicant.page)
    page = go_live(applicant, at_step)
    record(page)
    applicant.panel("playback")
    send(page)
    applicant.panel("stopped")
    expect(page.locator("[data-reason]")).to_contain_text("That is not your fault")
    again(applicant, "Record again")
    record(page)
    applicant.panel("playback")
    assert types(page) == [H264, VP8]
    send(page)
    applicant.panel("no_recorder")


@pytest.mark.usefixtures("unreadable")
def test_an_unreadable_recording_from_before_a_reload_is_followed_by_another_encoder(
    applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorder(page)
    page.clock.install()
    recorded()
    send(page)
    applicant.panel("stopped")
    again(applicant, "Record again")
    record(page)
    applicant.panel("playback")
    assert types(page) == [VP8]
