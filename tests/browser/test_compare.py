"""The compare tools of the case page: pictures that move in step, blinking, the recording's own controls, the keys."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import Applicant, Portal
from tests.browser.desk import claim_open_case
from tests.browser.pictures import Pictures
from tests.browser.visitor import Visitor

# Times of the prompts as a browser would have recorded them.
PROMPTS = [{"action": "nod", "at": 1000}, {"action": "blink", "at": 2500}]
AND_SAY = """
from verification.models import VerificationAttempt as Attempt
attempt = Attempt.objects.get(verification__applicant__reference="CUST-1003")
attempt.signals = {"prompts": %r}
attempt.save(update_fields=["signals"])
"""


AS_IT_WAS = [1, 0, 0, 1, 0, 0]


@pytest.fixture(scope="module")
def _prompts(portal: Portal) -> None:
    portal.manage("shell", "-c", AND_SAY % PROMPTS)


@pytest.fixture
def pictures(portal: Portal, reviewer: Page, _prompts: None) -> Iterator[Pictures]:
    pictures = Pictures(reviewer)
    pictures.open(portal, "CUST-1003")
    yield pictures
    assert pictures.faults == []


def test_pictures_are_zoomed_and_moved_in_step_or_alone(pictures: Pictures) -> None:
    pictures.point_at("photo")
    pictures.press("+", "+")
    assert pictures.matrix("photo") == pictures.matrix("frame") == pictures.matrix("recording")
    assert pictures.matrix("photo")[0] == 1.56
    pictures.drag("frame", 40, -30)
    assert pictures.matrix("photo")[4:] == pictures.matrix("frame")[4:] == pytest.approx([40, -30], abs=0.02)
    pictures.page.mouse.wheel(0, -200)
    assert pictures.matrix("photo") == pictures.matrix("frame")
    assert pictures.matrix("frame")[0] > 1.56
    pictures.press("i", "0")
    expect(pictures.does("step")).to_have_attribute("aria-pressed", "false")
    pictures.point_at("photo")
    pictures.press("+")
    assert pictures.matrix("photo")[0] == 1.25
    assert pictures.matrix("frame") == AS_IT_WAS
    pictures.point_at("frame")
    pictures.press("ArrowRight")
    assert pictures.matrix("frame")[4] > 0
    assert pictures.matrix("photo")[4] == 0
    # After re-linking each keeps its zoom: the photo stays larger, and both grow by the same factor.
    pictures.press("i", "+")
    assert pictures.matrix("photo")[0] == 1.56
    assert pictures.matrix("frame")[0] == 1.25
    pictures.press("0")
    assert pictures.matrix("photo") == pictures.matrix("frame") == AS_IT_WAS


def test_a_picture_is_not_lost_and_lets_the_page_scroll_when_it_is_whole(pictures: Pictures) -> None:
    pictures.drag("photo", 5000, 5000)
    box = pictures.stage("photo").bounding_box()
    assert box is not None
    assert pictures.matrix("photo")[4:] == pytest.approx([box["width"] / 2, box["height"] / 2], abs=0.02)
    pictures.press("0", "-", "-")
    assert pictures.matrix("photo") == AS_IT_WAS
    pictures.point_at("photo")
    pictures.page.mouse.wheel(0, 300)
    pictures.until("window.scrollY > 0")
    assert pictures.matrix("photo") == AS_IT_WAS
    pictures.press(*["+"] * 20)
    assert pictures.matrix("photo")[0] == pictures.matrix("frame")[0] == 12


def test_each_picture_is_turned_mirrored_and_lit_by_itself(pictures: Pictures) -> None:
    pictures.point_at("photo")
    pictures.press("r")
    turned = pictures.matrix("photo")
    assert turned[0] == turned[3] == 0
    assert turned[1] == -turned[2] > 0
    assert pictures.matrix("frame") == AS_IT_WAS
    pictures.point_at("frame")
    pictures.press("f")
    assert pictures.matrix("frame") == [-1, 0, 0, 1, 0, 0]
    expect(pictures.page.locator('[data-pane="frame"] [data-do="flip"]')).to_have_attribute(
        "aria-pressed", "true"
    )
    pictures.page.locator('[data-pane="frame"] [data-light="brightness"]').fill("150")
    pictures.page.locator('[data-pane="frame"] [data-light="contrast"]').fill("80")
    assert pictures.filter("frame") == "brightness(1.5) contrast(0.8)"
    assert pictures.filter("photo") == "none"
    pictures.does("reset").click()
    assert pictures.matrix("photo") == pictures.matrix("frame") == AS_IT_WAS
    assert pictures.filter("frame") == "none"
    expect(pictures.page.locator('[data-pane="frame"] [data-light="contrast"]')).to_have_value("100")


def test_blinking_shows_photo_and_frame_in_turn_at_one_place_and_scale(pictures: Pictures) -> None:
    before = pictures.stage("photo").bounding_box()
    pictures.press("b")
    places = []
    for pane in ("photo", "frame", "photo"):
        pictures.until(f"document.querySelector('[data-compare]').dataset.blink === '{pane}'")
        other = {"photo": "frame", "frame": "photo"}[pane]
        expect(pictures.stage(other)).not_to_be_visible()
        places.append(pictures.stage(pane).bounding_box())
    assert places[0] == places[1] == places[2]
    assert before is not None
    assert [places[0][side] for side in ("width", "height")] == [before["width"], before["height"]]
    pictures.press("b")
    assert pictures.blinking() is None
    for pane in ("photo", "frame", "recording"):
        expect(pictures.stage(pane)).to_be_visible()
    pictures.press("x")
    assert pictures.blinking() == "frame"
    pictures.page.wait_for_timeout(700)  # longer than the automatic blink interval
    assert pictures.blinking() == "frame"
    pictures.press("x")
    assert pictures.blinking() == "photo"
    pictures.press("Escape")
    assert pictures.blinking() is None


def test_blinking_lasts_as_long_as_its_key_is_held(pictures: Pictures) -> None:
    pictures.page.keyboard.down("b")
    pictures.until("document.querySelector('[data-compare]').dataset.blink === 'frame'")
    pictures.page.keyboard.up("b")
    assert pictures.blinking() is None


def test_who_wants_less_motion_swaps_by_hand(pictures: Pictures) -> None:
    pictures.page.emulate_media(reduced_motion="reduce")
    pictures.press("b")
    pictures.page.wait_for_timeout(700)
    assert pictures.blinking() == "photo"
    pictures.press("x")
    assert pictures.blinking() == "frame"


def test_the_recording_goes_to_each_prompt_picture_and_speed(pictures: Pictures) -> None:
    pictures.page.get_by_role("button", name="blink", exact=True).click()
    assert pictures.video("currentTime") == pytest.approx(2.5)
    pictures.press("[")
    assert pictures.video("currentTime") == pytest.approx(1)
    pictures.press("[")
    assert pictures.video("currentTime") == 0
    pictures.press("]", "]")
    assert pictures.video("currentTime") == pytest.approx(2.5)
    # 60 pictures in 4 s: the middle of each of the next two pictures.
    pictures.press(".", ".")
    assert pictures.video("currentTime") == pytest.approx(39.5 / 15, abs=0.01)
    pictures.press(",")
    assert pictures.video("currentTime") == pytest.approx(38.5 / 15, abs=0.01)
    pictures.press("<")
    assert pictures.video("playbackRate") == 0.5
    pictures.page.get_by_role("slider", name="Time").fill("3")
    assert pictures.video("currentTime") == pytest.approx(3)
    pictures.press("k")
    pictures.until("!document.querySelector('video').paused")
    pictures.stage("recording").focus()
    pictures.press(" ")
    pictures.until("document.querySelector('video').paused")
    assert pictures.video("controls") is False


def test_what_is_shown_is_chosen_and_remembered(pictures: Pictures, portal: Portal) -> None:
    pictures.press("l")
    expect(pictures.stage("recording")).not_to_be_visible()
    pictures.press("l")
    expect(pictures.stage("frame")).not_to_be_visible()
    pictures.open(portal, "CUST-1004")
    expect(pictures.stage("frame")).not_to_be_visible()
    expect(pictures.does("layout-recording")).to_have_attribute("aria-pressed", "true")
    pictures.does("layout-all").click()
    for pane in ("photo", "frame", "recording"):
        expect(pictures.stage(pane)).to_be_visible()


def test_typing_a_note_moves_nothing(pictures: Pictures, portal: Portal) -> None:
    with Visitor(portal) as visitor:
        case = visitor.send_everything(result="FailedOperation.CompareLowSimilarity", sim=42)
    pictures.open(portal, case["reference"])
    claim_open_case(pictures.page)
    note = pictures.page.get_by_label("Note for colleagues")
    note.press_sequentially("brxi+0kl?")
    expect(note).to_have_value("brxi+0kl?")
    assert pictures.blinking() is None
    assert pictures.matrix("photo") == AS_IT_WAS
    assert pictures.video("paused") is True
    pictures.stage("photo").focus()
    pictures.press("Control+b", "Alt+r", "Shift+R")
    assert pictures.blinking() is None
    assert pictures.matrix("photo") == AS_IT_WAS


def test_the_pictures_are_large_and_the_tools_for_everybody(pictures: Pictures) -> None:
    pictures.press("?")
    # Two of them: beside the decision, three are narrower in so small a window.
    pictures.press("l")
    for width, height in ((1280, 720), (390, 844)):
        pictures.page.set_viewport_size({"width": width, "height": height})
        box = pictures.stage("photo").bounding_box()
        assert box is not None
        assert box["height"] >= 0.6 * height
        assert box["width"] > 340
        assert pictures.page.locator("[data-compare]").evaluate("tools => tools.scrollWidth") <= width
        for colours in ("light", "dark"):
            pictures.page.emulate_media(color_scheme=colours)
            assert faults(pictures.page, "[data-compare]") == [], (width, colours)


def test_pictures_are_pinched_with_two_fingers(pictures: Pictures) -> None:
    touch = """(stage, [kind, id, x, y]) => stage.dispatchEvent(new PointerEvent(kind, {
      pointerId: id, clientX: x, clientY: y, bubbles: true, pointerType: "touch", button: 0 }))"""
    stage = pictures.stage("frame")
    stage.evaluate("stage => (stage.setPointerCapture = () => {})")  # there is no real finger to capture
    box = stage.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, finger, place in (("down", 1, -50), ("down", 2, 50), ("move", 1, -100), ("move", 2, 100)):
        stage.evaluate(touch, [f"pointer{kind}", finger, x + place, y])
    assert pictures.matrix("frame") == pictures.matrix("photo")
    assert pictures.matrix("frame") == [2, 0, 0, 2, 0, 0]


def test_a_recording_that_was_only_repacked_has_no_other_side(pictures: Pictures) -> None:
    expect(pictures.page.get_by_text("The vendor saw exactly these pictures")).to_be_visible()
    expect(pictures.does("recorded")).to_have_count(0)


NO_H264 = """
const asked = MediaRecorder.isTypeSupported.bind(MediaRecorder);
MediaRecorder.isTypeSupported = (type) => !type.includes("avc1") && asked(type);
"""


def test_a_transcoded_recording_is_also_shown_as_uploaded(
    applicant: Applicant, portal: Portal, reviewer: Page
) -> None:
    """The recording is a real browser's without H.264; its own prompts are on the bar."""
    applicant.page.add_init_script(NO_H264)
    portal.script(result="FailedOperation.CompareLowSimilarity", sim=42)
    case = applicant.up_to_capture("ACTION")
    applicant.record()
    applicant.outcome("review")
    pictures = Pictures(reviewer)
    pictures.open(portal, case["reference"])
    expect(reviewer.locator("[data-at]")).to_have_count(len(applicant.challenges[0]["actions"]))
    sheet = reviewer.get_by_role("img", name="as it was recorded")
    expect(sheet).not_to_be_visible()
    pictures.does("recorded").click()
    expect(sheet).to_be_visible()
    pictures.until("document.querySelector('[data-sheet]').naturalWidth > 0")
    expect(reviewer.locator("video")).not_to_be_visible()
    pictures.press("v")
    expect(reviewer.locator("video")).to_be_visible()
    expect(sheet).not_to_be_visible()
    assert pictures.faults == []


def test_without_scripts_the_pictures_are_there_and_the_tools_are_not(
    pictures: Pictures, browser: Browser
) -> None:
    signed_in = pictures.page.context.storage_state()
    with browser.new_context(storage_state=signed_in, java_script_enabled=False) as plain:
        page = plain.new_page()
        page.goto(pictures.page.url)
        for name in ("ID photo", "best frame"):
            expect(page.get_by_role("img", name=name).first).to_be_visible()
        expect(page.locator("video[controls]")).to_be_visible()
        expect(page.locator("[data-compare] button:visible")).to_have_count(0)
