"""An account in arrears: the applicant sees a friendly wait, an operator the reason, and checks resume later."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Applicant, Portal, just_signed_in


@pytest.fixture
def operator(browser: Browser, portal: Portal) -> Iterator[Page]:
    yield from just_signed_in(browser, portal, "operator")


def test_a_pause_delays_the_applicant_and_takes_nothing_from_them(
    applicant: Applicant, operator: Page, portal: Portal
) -> None:
    portal.script(error="UnauthorizedOperation.Arrears")
    case = applicant.up_to_capture("SILENT")
    applicant.record()
    applicant.outcome("checking")
    expect(applicant.page.get_by_text("There is a short delay on our side.")).to_be_visible()
    operator.goto(f"{portal.url}/admin/vendor/")
    expect(operator.get_by_text("The account is in arrears.")).to_be_visible()
    operator.get_by_role("button", name="Probe now").click()
    applicant.outcome("approved")
    assert len(portal.case(case["id"])["attempts"]) == 1
    operator.get_by_role("link", name="Look again").click()
    expect(operator.locator(".account .badge")).to_have_text("calling")
    assert applicant.faults == []
