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


def record_by_keys(page: Page, says: str) -> None:
    """Save the decision with the keyboard, read what the page says, and give the case back that came next.

    The keys take the next case too: it is one of the demo, which other tests decide.
    """
    page.keyboard.press("Control+Enter")
    expect(page.locator("ul.messagelist")).to_contain_text(says)
    # The button stands further down in the page than what it says.
    page.wait_for_load_state()
    give_back = page.get_by_role("button", name="Give back")
    if give_back.count():
        give_back.click()
        expect(give_back).to_have_count(0)


def decide(page: Page, portal: Portal, case_id: str, verdict: str, reason: str) -> None:
    claim(page, portal, case_id)
    choose(page, verdict, reason)
    record(page)
    expect(page.locator("ul.messagelist")).to_be_visible()
