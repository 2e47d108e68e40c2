"""The applicant's pages on the smallest phone: axe finds no fault, nothing is wider than the screen."""

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.axe import faults
from tests.browser.conftest import Applicant, Portal

SMALLEST_SCREEN: ViewportSize = {"width": 320, "height": 640}


def check(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST_SCREEN["width"], page.url
    assert faults(page) == [], page.url


def test_every_step_can_be_used_on_a_phone_and_without_sight(applicant: Applicant, portal: Portal) -> None:
    page = applicant.page
    page.set_viewport_size(SMALLEST_SCREEN)
    applicant.open(portal.invite("SILENT")["link"])
    applicant.step("consent")
    check(page)
    applicant.consent()
    applicant.step("document")
    check(page)
    applicant.give_photo()
    applicant.panel("primer")
    # Wait until the button is enabled: axe ignores the contrast of a disabled button, but not of one in transition.
    expect(applicant.primary).to_be_enabled()
    check(page)
    applicant.primary.click()
    applicant.panel("live")
    check(page)
    applicant.primary.click()
    applicant.panel("playback")
    check(page)
    applicant.primary.click()
    applicant.outcome("approved")
    check(page)
