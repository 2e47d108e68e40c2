"""Where the focus is after a form was refused: at what is wrong, which is then read once, and by nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import Applicant, Portal
from tests.browser.desk import claim_open_case
from tests.browser.faults.conftest import AtStep, at_step
from tests.browser.faults.test_photo_sending import small

__all__ = ["at_step"]
# Not the one of a page that does not load, which waits unseen.
ALERTS = '[role="alert"]:visible'


def send(page: Page, form: str) -> None:
    """Submit past the browser's own checks, as a browser without them would."""
    page.locator(form).evaluate(
        "form => { form.noValidate = true; HTMLFormElement.prototype.submit.call(form); }"
    )


def is_well(page: Page, focused: str) -> None:
    """`focused` has the focus and is in view, and no live region says the same again."""
    place = page.locator(focused).first
    expect(place).to_be_focused()
    expect(place).to_be_in_viewport()
    assert page.locator(ALERTS).count() == 0
    described = place.get_attribute("aria-describedby")
    assert all(page.locator(f"#{each}").count() == 1 for each in (described or "").split())
    assert faults(page) == []


def test_consent_without_the_tick_leads_to_the_tick(applicant: Applicant, at_step: AtStep) -> None:
    at_step("consent")
    send(applicant.page, "form")
    is_well(applicant.page, "[name=agree]")


@pytest.mark.parametrize("address", ["/verify/consent", "/verify/consent?answer=refuse"])
def test_terms_that_have_changed_are_told_where_the_focus_is(
    applicant: Applicant, at_step: AtStep, address: str
) -> None:
    at_step("consent")
    page = applicant.page
    page.goto(applicant.portal.url + address)
    page.locator("[name=text_sha256]").evaluate("field => { field.value = '0'.repeat(64); }")
    send(page, "form")
    is_well(page, "main .notice[data-error]")


def test_a_photo_that_the_server_refuses_leads_to_its_words(
    applicant: Applicant, at_step: AtStep, tmp_path: Path
) -> None:
    at_step("document")
    page, file = applicant.page, tmp_path / "small.jpg"
    file.write_bytes(small())
    page.locator("#photo").set_input_files(file)
    expect(page.get_by_alt_text("The photo you chose")).to_be_visible()
    send(page, "form.panel")
    is_well(page, "[data-fault]")
    expect(page.locator("#photo")).to_have_attribute("aria-describedby", re.compile(r"\bfault\b"))


def test_a_wrong_password_leads_to_what_is_wrong(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.url}/admin/")
    send(page, "#login-form")
    is_well(page, "#login-form [aria-invalid=true]")
    page.get_by_label("Username").fill("nobody-of-that-name")
    page.get_by_label("Password").fill("no password")
    page.locator("#login-form [type=submit]").click()
    is_well(page, ".notice[data-error]")


@pytest.fixture
def held(reviewer: Page, portal: Portal) -> Iterator[Page]:
    """A case that the reviewer may decide."""
    reviewer.goto(f"{portal.url}/admin/queue/")
    reviewer.get_by_role("link", name="CUST-1003").click()
    claim_open_case(reviewer)
    yield reviewer
    reviewer.goto(f"{portal.url}/admin/queue/")
    reviewer.get_by_role("link", name="CUST-1003").click()
    reviewer.get_by_role("button", name="Give back").click()


def test_a_refused_decision_leads_to_the_field_that_is_wrong(held: Page) -> None:
    send(held, "#decision")
    is_well(held, "[name=verdict]")
    held.locator("[name=verdict][value=decline]").check()
    send(held, "#decision")
    is_well(held, "fieldset[data-verdict=decline] [name=reason_code]")
    # A verdict that needs a note, with too short a one.
    held.locator("[name=verdict][value=escalate]").check()
    held.locator("fieldset[data-verdict=escalate] [name=reason_code]").first.check()
    held.locator("#note").fill("short")
    send(held, "#decision")
    is_well(held, "#note")
    expect(held.locator("#note")).to_have_value("short")
    expect(held.locator("fieldset[data-verdict=escalate]")).to_be_visible()


def test_a_refused_export_leads_to_the_field_that_is_wrong(auditor: Page, portal: Portal) -> None:
    auditor.goto(f"{portal.url}/admin/exports/")
    send(auditor, ".export-form")
    is_well(auditor, ".export-form [aria-invalid=true]")
