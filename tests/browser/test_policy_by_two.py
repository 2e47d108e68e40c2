"""Two people change the policy, each in a separate browser: one drafts it, the other activates it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import Portal, just_signed_in

WHY = "Some applicants travel for two weeks."


@pytest.fixture
def other_senior(browser: Browser, portal: Portal) -> Iterator[Page]:
    yield from just_signed_in(browser, portal, "senior2")


def check(page: Page, colours: Literal["light", "dark"] = "light") -> None:
    """Checks with axe on a desktop and on a phone, and that nothing is wider than the phone."""
    page.emulate_media(color_scheme=colours)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert faults(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def faults_of(*pages: Page) -> list[str]:
    """Collects script errors and CSP reports of the pages. A refused request is no fault."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            found.append(message.text)

    for page in pages:
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("console", note)
    return found


def test_the_policy_is_changed_by_two(senior: Page, other_senior: Page, portal: Portal) -> None:
    broken = faults_of(senior, other_senior)
    address = f"{portal.url}/admin/policy/"
    before = portal.invite()

    senior.goto(address)
    senior.get_by_role("button", name="Draft a new version").click()
    days = senior.get_by_label("Link valid for (days)")
    old = int(days.input_value())
    days.fill(str(old + 7))
    senior.get_by_role("button", name="Save the draft").click()
    expect(senior.locator(".field-error")).to_have_text("Say why the policy is changed.")
    check(senior)
    senior.get_by_label("Why is it changed?").fill(WHY)
    senior.get_by_role("button", name="Save the draft").click()
    expect(senior.get_by_text("You wrote this draft. A colleague has to activate it.")).to_be_visible()
    expect(senior.get_by_role("button", name="Activate")).to_have_count(0)
    check(senior)

    other_senior.goto(address)
    draft = other_senior.locator(".policy-draft")
    expect(draft).to_contain_text(WHY)
    expect(draft.locator("del")).to_have_text(f"{old} days")
    expect(draft.locator("ins")).to_have_text(f"{old + 7} days")
    check(other_senior)

    # The draft changes after this page was opened; the page may activate only the draft it shows.
    senior.get_by_role("link", name="Edit the draft").click()
    senior.get_by_label("Link valid for (days)").fill(str(old + 1))
    senior.get_by_role("button", name="Save the draft").click()
    expect(senior.locator("ul.messagelist")).to_contain_text("The draft is saved.")
    version = draft.get_by_role("heading", name="Draft of version").inner_text().split()[-1]
    activate = other_senior.get_by_role("button", name=f"Activate version {version}")
    other_senior.get_by_label("type the version number").fill(version)
    activate.click()
    told = other_senior.locator(".notice[data-error]")
    expect(told).to_contain_text("The draft was changed since you opened it.")
    expect(told).to_be_focused()
    expect(draft.locator("ins")).to_have_text(f"{old + 1} days")
    other_senior.get_by_label("type the version number").fill(version)
    activate.click()
    expect(other_senior.get_by_text(f"Version {version} is in force")).to_be_visible()
    check(other_senior)

    after = portal.invite()
    assert days_between(after) - days_between(before) == 1
    assert broken == []


def days_between(case: dict[str, str]) -> int:
    """The number of days for which a case's link is valid."""
    return (datetime.fromisoformat(case["link_expires_at"]) - datetime.fromisoformat(case["created_at"])).days


def test_the_figures_can_be_read_by_everyone(senior: Page, portal: Portal) -> None:
    broken = faults_of(senior)
    senior.goto(f"{portal.url}/admin/figures/?days=30&at=77.5")
    expect(senior.get_by_role("heading", name="Threshold simulator")).to_be_visible()
    check(senior)
    check(senior, "dark")
    assert broken == []
