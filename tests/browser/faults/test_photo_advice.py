"""Advice on the photo in a browser: announced, and both ways on reached by keyboard or pointer."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageFilter
from playwright.sync_api import expect

from kyc_portal.sandbox.drawing import draw_photo
from tests.browser.conftest import SEED, Applicant
from tests.browser.faults.conftest import AtStep


@pytest.fixture(scope="module")
def poor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo that is dark and out of focus."""
    path = tmp_path_factory.mktemp("poor") / "id.jpg"
    photo = Image.open(io.BytesIO(draw_photo(SEED))).filter(ImageFilter.GaussianBlur(9))
    ImageEnhance.Brightness(photo).enhance(0.2).save(path)
    return path


def test_advice_is_announced_and_the_photo_can_be_used_anyway(
    applicant: Applicant, at_step: AtStep, poor: Path
) -> None:
    at_step("document")
    applicant.give_photo(poor)
    applicant.step("photo_advice")
    page = applicant.page
    expect(page.get_by_role("heading", name="Is this photo clear?")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("very dark")
    picture = page.get_by_role("img", name="The photo that you sent")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 600
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Take another photo")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    applicant.step("capture")
    assert applicant.faults == []


def test_another_photo_leads_straight_on(applicant: Applicant, at_step: AtStep, poor: Path) -> None:
    at_step("document")
    applicant.give_photo(poor)
    applicant.step("photo_advice")
    applicant.page.get_by_role("link", name="Take another photo").click()
    applicant.give_photo()
    applicant.step("capture")
