"""The front pages of the demo and of production: accessible, in light and dark mode, at every width."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import Portal

WIDTHS = (320, 390, 1280)
# The header that a tunnel adds: the demo then shows the production page.
FROM_ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}


def look(page: Page) -> list[str]:
    """Faults of the open page in each colour scheme and width."""
    found = []
    for light in ("light", "dark"):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=light)
            found += [f"{light}, {width} px: {fault}" for fault in faults(page)]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{light}, {width} px: wider than the screen")
    return found


def test_from_the_first_page_a_person_gets_to_everything(page: Page, portal: Portal) -> None:
    page.goto(portal.url)
    for username, password in portal.logins.items():
        row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=username, exact=True))
        expect(row).to_contain_text(password)
    assert look(page) == []
    page.get_by_role("button", name="hold still").click()
    expect(page.locator("#applicant")).to_contain_text("hold still.")
    page.get_by_role("link", name="Open the link").click()
    expect(page.locator('main[data-step="consent"]')).to_be_visible()
    page.get_by_role("checkbox").check()
    page.locator('[data-action="primary"]').click()
    expect(page.locator('main[data-step="document"]')).to_be_visible()
    page.goto(portal.url)
    expect(page.locator("#applicant")).to_contain_text("has been used")
    assert look(page) == []
    page.get_by_role("link", name=portal.emulator).click()
    expect(page.get_by_role("heading", name="emulator")).to_be_visible()


def test_the_calm_page_can_be_read_by_everybody(browser: Browser, portal: Portal) -> None:
    context = browser.new_context(extra_http_headers=FROM_ELSEWHERE)
    page = context.new_page()
    page.goto(portal.url)
    expect(page.get_by_role("heading", name="Open your personal link")).to_be_visible()
    assert look(page) == []
    context.close()
