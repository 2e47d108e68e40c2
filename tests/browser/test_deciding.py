"""Deciding beside the evidence: what a verdict rests on stays in view with the pictures, in every wide window."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.desk import claim, decide
from tests.browser.test_focus import is_well, send
from tests.browser.visitor import Visitor

WINDOWS = ((1366, 768), (1440, 900), (1920, 1080), (2560, 1440))
# 1366 by 768 at 200 %, a tablet, and a phone.
SMALL = ((683, 384), (1024, 768), (390, 844))
PICTURES = ("photo", "frame", "recording")
WIDTH = "document.documentElement.scrollWidth"
CAMERA = """
from verification.models import VerificationAttempt as Attempt
attempt = Attempt.objects.get(verification__public_id="%s")
attempt.signals = {"camera": "OBS Virtual Camera"}
attempt.save(update_fields=["signals"])
"""


@pytest.fixture
def case(portal: Portal) -> Iterator[dict[str, Any]]:
    """A case that the vendor did not pass, from a virtual camera."""
    portal.script(clear=True)
    with Visitor(portal) as visitor:
        case = visitor.send_everything(result="FailedOperation.CompareLowSimilarity", sim=22.4)
        portal.manage("shell", "-c", CAMERA % case["id"])
        yield case


@pytest.fixture
def desk(case: dict[str, Any], portal: Portal, reviewer: Page) -> Page:
    claim(reviewer, portal, case["id"])
    return reviewer


def evidence_is_in_view(page: Page) -> None:
    for pane in PICTURES:
        expect(page.locator(f'[data-pane="{pane}"] [data-stage]')).to_be_in_viewport(ratio=0.97)
    expect(page.locator(".answer h2").first).to_be_in_viewport(ratio=0.97)
    # All but the first may have to give way to what else there is to read.
    expect(page.locator(".flag summary").first).to_be_in_viewport(ratio=0.97)
    for verdict in page.locator("#decision label.verdict").all():
        expect(verdict).to_be_in_viewport(ratio=0.97)
    for button in page.locator("#decision .buttons button").all():
        expect(button).to_be_in_viewport(ratio=0.97)


def test_pictures_score_flags_and_verdicts_stay_in_view_while_deciding(desk: Page) -> None:
    expect(desk.locator(".answer h2").first).to_have_text("22.4: far below 70")
    for width, height in WINDOWS:
        desk.set_viewport_size({"width": width, "height": height})
        evidence_is_in_view(desk)
        for verdict in desk.locator("#decision [name=verdict]").all():
            desk.keyboard.press(str(verdict.get_attribute("data-key")))
            expect(verdict).to_be_checked()
            evidence_is_in_view(desk)
            desk.keyboard.press("1")
            first = desk.locator("fieldset[data-verdict]:not([hidden]) [name=reason_code]").first
            expect(first).to_be_checked()
            expect(first).to_be_in_viewport()
            desk.keyboard.press("n")
            expect(desk.locator("#note")).to_be_in_viewport(ratio=0.5)
            desk.keyboard.press("Escape")
            evidence_is_in_view(desk)
        assert desk.evaluate("scrollY") == 0


def test_who_has_read_further_down_gets_the_pictures_back_with_the_verdict(desk: Page) -> None:
    desk.set_viewport_size({"width": 1366, "height": 768})
    desk.get_by_role("heading", name="Timeline").scroll_into_view_if_needed()
    expect(desk.locator('[data-pane="photo"] [data-stage]')).not_to_be_in_viewport()
    # The score and the verdicts came along.
    expect(desk.locator(".answer h2").first).to_be_in_viewport()
    expect(desk.locator("#decision label.verdict").first).to_be_in_viewport()
    desk.keyboard.press("d")
    evidence_is_in_view(desk)


def test_a_refused_decision_shows_the_field_beside_the_pictures(desk: Page) -> None:
    desk.set_viewport_size({"width": 1366, "height": 768})
    desk.locator("[name=verdict][value=approve]").check()
    desk.locator("fieldset[data-verdict=approve] [name=reason_code]").first.check()
    # Approving what the vendor did not pass needs a note.
    send(desk, "#decision")
    is_well(desk, "#note")
    expect(desk.locator("#note-error")).to_be_in_viewport()
    evidence_is_in_view(desk)
    desk.locator("[name=verdict][value=decline]").check()
    send(desk, "#decision")
    is_well(desk, "fieldset[data-verdict=decline] [name=reason_code]")
    evidence_is_in_view(desk)


def test_a_small_window_has_everything_below_each_other(desk: Page) -> None:
    for width, height in SMALL:
        desk.set_viewport_size({"width": width, "height": height})
        desk.keyboard.press("d")
        assert desk.evaluate(WIDTH) <= width
        places = [desk.locator(part).first.bounding_box() for part in (".compare", ".answer", "#decision")]
        tops = [place["y"] for place in places if place]
        assert tops == sorted(tops)
        assert len(tops) == 3
        for part in ("#note", "#decision .buttons button.act"):
            desk.locator(part).scroll_into_view_if_needed()
            expect(desk.locator(part)).to_be_in_viewport(ratio=0.97)


def test_a_proposal_is_read_beside_the_pictures(
    case: dict[str, Any], portal: Portal, reviewer: Page, colleague: Page
) -> None:
    decide(reviewer, portal, case["id"], "approve", "vendor_error")
    claim(colleague, portal, case["id"])
    colleague.set_viewport_size({"width": 1366, "height": 768})
    expect(colleague.locator(".proposal h2")).to_be_in_viewport(ratio=0.97)
    colleague.keyboard.press("a")
    evidence_is_in_view(colleague)
