"""A reviewer's acts on the staff pages, one function each."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal

NOTE = "Same brow line, ears and nose; the light differs."


def open_case(page: Page, portal: Portal, case_id: str) -> None:
    page.goto(f"{portal.url}/admin/case/{case_id}/")


def claim(page: Page, portal: Portal, case_id: str) -> None:
    open_case(page, portal, case_id)
    claim_open_case(page)


def claim_open_case(page: Page) -> None:
    page.get_by_role("button", name="Claim to decide").click()
    expect(page.locator("form.decision").first).to_be_visible()
    # The page's scripts have run by then: on a busy machine a key could come before what listens to it.
    page.wait_for_load_state()


def choose(page: Page, verdict: str, reason: str, note: str = NOTE) -> None:
    page.locator(f'input[name="verdict"][value="{verdict}"]').check()
    page.locator(f'input[name="reason_code"][value="{reason}"]').check()
    page.get_by_label("Note for colleagues").fill(note)


def record(page: Page) -> None:
    page.get_by_role("button", name="Save decision", exact=True).click()


def decide(page: Page, portal: Portal, case_id: str, verdict: str, reason: str) -> None:
    claim(page, portal, case_id)
    choose(page, verdict, reason)
    record(page)
    expect(page.locator("ul.messagelist")).to_be_visible()
