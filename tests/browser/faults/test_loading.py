"""A page of which a part does not load: it says so after 10 s, and can be loaded again."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import Applicant, wait_for
from tests.browser.faults.conftest import AtStep

PORTAL_PAGE = "<!doctype html><title>Sign in to the Wi-Fi</title>"
FAULTS: dict[str, dict[str, Any]] = {
    "not found": {"status": 404, "body": ""},
    "a captive portal's page": {"status": 200, "content_type": "text/html", "body": PORTAL_PAGE},
    "cut off": {"status": 200, "content_type": "text/javascript", "body": "const words = {"},
    "younger syntax": {"status": 200, "content_type": "text/javascript", "body": "let words = await? 1;"},
    "a fault while it runs": {
        "status": 200,
        "content_type": "text/javascript",
        "body": "throw new Error('no such function')",
    },
}
# Of a step: each has one script, with all that it imports.
SCRIPT = "**/static/*/page.*.js"
LATE = "document.getAnimations().filter((one) => one.animationName === 'late')"


def after_10_s(page: Page) -> None:
    """Lets the style's animation, which waits for 10 s, come to its end; the page may still be loading."""
    wait_for(page, f"{LATE}.length > 0")
    assert page.evaluate(f"{LATE}.map((one) => one.effect.getTiming().delay)") == [10_000]
    page.evaluate(f"{LATE}.forEach((one) => one.finish())")


def notice(page: Page) -> Locator:
    return page.locator(".late")


def open_again(page: Page) -> None:
    """Not until it is loaded: a part of it may never arrive."""
    page.goto(page.url, wait_until="commit")


@pytest.mark.parametrize("fault", [*FAULTS, "blocked"])
def test_a_script_that_does_not_load_is_told_and_loaded_again(
    applicant: Applicant, at_step: AtStep, fault: str
) -> None:
    page, answer = applicant.page, FAULTS.get(fault)
    page.route(SCRIPT, lambda route: route.fulfill(**answer) if answer else route.abort())
    at_step("capture")
    expect(applicant.primary).to_have_text("Loading…", use_inner_text=True)
    expect(applicant.primary).to_be_disabled()
    expect(notice(page)).not_to_be_visible()
    after_10_s(page)
    expect(notice(page)).to_be_in_viewport()
    page.unroute(SCRIPT)
    page.get_by_role("link", name="Load again").click()
    expect(applicant.primary).to_have_text("Allow the camera", use_inner_text=True)
    expect(applicant.primary).to_be_enabled()
    expect(notice(page)).not_to_be_visible()


def test_a_script_that_comes_late_takes_the_notice_away(applicant: Applicant, at_step: AtStep) -> None:
    page, held = applicant.page, list[Route]()
    at_step("capture")
    page.route(SCRIPT, lambda route: held.append(route))
    open_again(page)
    expect(applicant.primary).to_have_text("Loading…", use_inner_text=True)
    after_10_s(page)
    expect(notice(page)).to_be_in_viewport()
    held[0].continue_()
    expect(applicant.primary).to_be_enabled()
    expect(notice(page)).not_to_be_visible()


def test_the_photo_can_be_sent_although_the_script_did_not_load(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    page.route(SCRIPT, lambda route: route.abort())
    at_step("document")
    after_10_s(page)
    expect(notice(page)).to_be_in_viewport()
    page.unroute(SCRIPT)
    applicant.give_photo()
    applicant.panel("primer")


def test_without_its_styles_a_page_works_and_says_that_it_is_not_whole(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    page.route("**/static/**/*.css", lambda route: route.fulfill(**FAULTS["a captive portal's page"]))
    at_step("capture")
    expect(applicant.primary).to_be_enabled()
    expect(notice(page)).to_be_in_viewport()


@pytest.mark.firefox
def test_a_style_sheet_that_never_arrives_is_done_without(
    applicant: Applicant, at_step: AtStep, browser_name: str
) -> None:
    page = applicant.page
    page.clock.install()
    at_step("capture")
    page.route("**/static/base.*.css", lambda route: None)
    open_again(page)
    expect(page.locator('[data-panel="primer"]')).to_be_attached()
    assert page.evaluate("document.documentElement.classList.contains('ready')") is False
    sheet = page.locator('link[rel="stylesheet"][href*="base."]')
    # The time is let go on until the script that waits for it has begun to wait.
    for _ in range(100):
        page.clock.run_for(1000)
        if not sheet.count():
            break
        page.wait_for_timeout(50)
    expect(sheet).to_have_count(0)
    if browser_name == "chromium":
        expect(applicant.primary).to_be_enabled()
    page.clock.run_for(1000)
    expect(notice(page)).to_be_in_viewport()


def test_without_scripts_nothing_waits_for_one(
    applicant: Applicant, at_step: AtStep, browser: Browser
) -> None:
    at_step("capture")
    state = applicant.page.context.storage_state()
    with browser.new_context(java_script_enabled=False, storage_state=state) as context:
        page = context.new_page()
        page.goto(applicant.page.url)
        expect(page.locator("noscript .notice")).to_be_visible()
        expect(notice(page)).to_have_css("display", "none")
        expect(page.locator('[data-do="allow"]:visible')).to_have_count(0)
