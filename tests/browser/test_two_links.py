"""Two links in one browser: the scripts of the page of the earlier check send nothing into the other."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Applicant, Portal

OPEN_NOW = re.compile("Another check is open in this browser")


def replace(applicant: Applicant, link: str) -> None:
    """Opens another link in a second tab, and chooses to continue with it."""
    other = applicant.page.context.new_page()
    other.goto(link)
    other.locator('[data-action="replace"]').click()
    expect(other.locator("main")).to_have_attribute("data-step", "consent")
    other.close()


def told(applicant: Applicant) -> None:
    # By its name: the capture page has a first heading in each panel, and a strict locator fails on several.
    expect(applicant.page.get_by_role("heading", name=OPEN_NOW)).to_be_visible()


def test_a_recording_that_is_begun_in_the_earlier_tab_lands_nowhere(
    applicant: Applicant, portal: Portal
) -> None:
    mine, theirs = applicant.up_to_capture("SILENT"), portal.invite()
    applicant.step("capture")
    replace(applicant, theirs["link"])
    applicant.primary.click()
    applicant.panel("live")
    applicant.primary.click()
    told(applicant)
    expect(applicant.page.locator("main")).to_contain_text(theirs["id"])
    assert [portal.case(each["id"])["attempts"] for each in (mine, theirs)] == [[], []]
    applicant.open(mine["link"])
    applicant.page.locator('[data-action="replace"]').click()
    applicant.record()
    applicant.outcome("approved")


def test_a_page_that_waits_in_the_earlier_tab_says_so_and_shows_no_other_case(
    applicant: Applicant, portal: Portal
) -> None:
    portal.script(result="FailedOperation.CompareLowSimilarity", sim=40)
    applicant.up_to_capture("SILENT")
    applicant.record()
    applicant.outcome("review")
    replace(applicant, portal.invite()["link"])
    told(applicant)


def test_a_page_that_comes_back_from_memory_is_loaded_anew_whatever_its_address(
    applicant: Applicant, portal: Portal
) -> None:
    """The browser of the tests keeps no page in memory, so the tests tell the script that it did."""
    applicant.open(portal.invite()["link"])
    applicant.step("consent")
    for address in (re.compile(r"/consent$"), re.compile(r"/consent\?case=\w+$")):
        expect(applicant.page).to_have_url(address)
        come_back(applicant)
    # The skip link leaves its target in the address.
    applicant.page.evaluate("location.hash = 'main'")
    come_back(applicant)
    applicant.step("consent")


def come_back(applicant: Applicant) -> None:
    with applicant.page.expect_event("load", timeout=10_000):
        applicant.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
