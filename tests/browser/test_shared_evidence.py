"""The demo's second use of an ID photo: it waits for a person, and both cases tell of each other."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal


def open_from_search(page: Page, portal: Portal, reference: str) -> None:
    page.goto(f"{portal.url}/admin/queue/")
    page.get_by_label("Find a case").fill(reference)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(reference)


def test_the_second_use_of_an_id_photo_waits_for_a_person(portal: Portal, reviewer: Page) -> None:
    reviewer.goto(f"{portal.url}/admin/queue/?mark=shared")
    expect(reviewer.get_by_role("link", name="CUST-1020")).to_be_visible()
    open_from_search(reviewer, portal, "CUST-1020")
    expect(reviewer.locator(".flags")).to_contain_text("The ID photo looks the same as another applicant's")
    reviewer.get_by_role("link", name="Who shares what with this case").click()
    row = reviewer.get_by_role("row", name="CUST-1001").first
    expect(row).to_contain_text("of 1024 bits")
    expect(row).to_contain_text("Approved")
    expect(reviewer.locator("#content")).to_contain_text(
        "none of them says that two applicants are the same person"
    )


def test_the_first_use_was_approved_and_tells_of_the_second(portal: Portal, reviewer: Page) -> None:
    open_from_search(reviewer, portal, "CUST-1001")
    expect(reviewer.locator(".flags")).to_contain_text("Its ID photo was also sent by another applicant")


def test_the_beginning_of_a_reference_finds_its_cases(portal: Portal, reviewer: Page) -> None:
    reviewer.goto(f"{portal.url}/admin/queue/")
    reviewer.get_by_label("Find a case").fill("cust-10")
    reviewer.get_by_role("button", name="Find").click()
    expect(reviewer.get_by_role("link", name="CUST-1020")).to_be_visible()
