"""Text that staff are typing: no key sends it by mistake, and no event meanwhile loses it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Portal, sign_in
from tests.browser.desk import NOTE, choose, claim, record, record_by_keys
from tests.browser.visitor import Visitor


@pytest.fixture
def case(portal: Portal) -> Iterator[dict[str, Any]]:
    """A case that the vendor did not pass."""
    portal.script(clear=True)
    with Visitor(portal) as visitor:
        yield visitor.send_everything(result="FailedOperation.CompareLowSimilarity", sim=42)


@pytest.fixture
def writing(case: dict[str, Any], portal: Portal, reviewer: Page) -> Page:
    """A reviewer who is about to record a refusal."""
    claim(reviewer, portal, case["id"])
    choose(reviewer, "decline", "different_person")
    return reviewer


def stays_written(page: Page) -> None:
    expect(page.get_by_label("Note for colleagues")).to_have_value(NOTE)
    expect(page.locator('input[name="verdict"][value="decline"]')).to_be_checked()
    expect(page.locator('input[name="reason_code"][value="different_person"]')).to_be_checked()


@pytest.mark.firefox
def test_enter_on_a_choice_records_nothing(case: dict[str, Any], portal: Portal, reviewer: Page) -> None:
    claim(reviewer, portal, case["id"])
    sent: list[str] = []
    reviewer.on("request", lambda request: sent.append(request.method))
    for key in ("d", "1", "Enter", "n"):
        reviewer.keyboard.press(key)
    reviewer.keyboard.type(NOTE)
    stays_written(reviewer)
    assert "POST" not in sent
    record_by_keys(reviewer, "is declined")


def test_what_is_written_outlives_the_session(writing: Page, portal: Portal) -> None:
    writing.context.clear_cookies(name="sessionid")
    record(writing)
    expect(writing.get_by_role("alert")).to_contain_text("You were signed out")
    stays_written(writing)
    with writing.expect_popup() as opened:
        writing.get_by_role("link", name="Sign in in another tab").click()
    sign_in(opened.value, portal, "reviewer")
    record(writing)
    expect(writing.locator("ul.messagelist")).to_contain_text("is declined")


@pytest.mark.firefox
def test_what_is_written_outlives_the_network(writing: Page) -> None:
    writing.context.set_offline(True)
    record(writing)
    expect(writing.get_by_role("alert")).to_contain_text("There is no connection")
    stays_written(writing)
    writing.context.set_offline(False)
    record(writing)
    expect(writing.locator("ul.messagelist")).to_contain_text("is declined")


def test_who_lost_the_hold_is_told_and_may_still_record(writing: Page) -> None:
    writing.clock.install()
    address = writing.url.rstrip("/")
    token = writing.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")
    form: dict[str, Any] = {"csrfmiddlewaretoken": token}
    writing.request.post(f"{address}/release", form=form, headers={"Referer": address})
    # The page's renewal of the claim, once a minute, notices it.
    writing.clock.fast_forward(61_000)
    writing.mouse.move(10, 10)
    expect(writing.get_by_role("alert")).to_contain_text("Your hold on this case has ended")
    record(writing)
    expect(writing.locator("ul.messagelist")).to_contain_text("is declined")


@pytest.mark.firefox
def test_leaving_a_half_written_decision_asks_first(writing: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    writing.once("dialog", stay)
    with writing.expect_event("dialog"):
        writing.locator(".strip a").first.click(no_wait_after=True)
    stays_written(writing)
    assert asked == ["beforeunload"]


def test_details_that_can_not_be_shown_leave_the_page_as_it_is(writing: Page) -> None:
    writing.context.set_offline(True)
    writing.get_by_label("Show personal details").select_option("compare_document")
    writing.get_by_role("button", name="Show", exact=True).click()
    expect(writing.get_by_text("Not shown:")).to_be_visible()
    stays_written(writing)
    writing.context.set_offline(False)
    writing.get_by_role("button", name="Show", exact=True).click()
    expect(writing.locator("h1")).to_contain_text("Alice Example")


@pytest.fixture
def drafting(portal: Portal, senior: Page) -> Iterator[Page]:
    """A senior reviewer who has typed a policy change; the fixture discards the draft afterwards."""
    senior.goto(f"{portal.url}/admin/policy/")
    senior.get_by_role("button", name="Draft a new version").click()
    senior.get_by_label("Why is it changed?").fill(NOTE)
    # The page's scripts guard the form by then: without them, a submission offline leaves the page.
    senior.wait_for_load_state()
    yield senior
    senior.goto(f"{portal.url}/admin/policy/")
    senior.get_by_role("button", name="Discard it").click()
    expect(senior.locator("ul.messagelist")).to_contain_text("The draft is discarded.")


def test_a_policy_that_is_written_outlives_session_and_network(drafting: Page, portal: Portal) -> None:
    save, why = (
        drafting.get_by_role("button", name="Save the draft"),
        drafting.get_by_label("Why is it changed?"),
    )
    drafting.context.set_offline(True)
    save.click()
    expect(drafting.get_by_role("alert")).to_contain_text("There is no connection")
    drafting.context.set_offline(False)
    drafting.context.clear_cookies(name="sessionid")
    save.click()
    expect(drafting.get_by_role("alert")).to_contain_text("You were signed out")
    expect(why).to_have_value(NOTE)
    with drafting.expect_popup() as opened:
        drafting.get_by_role("link", name="Sign in in another tab").click()
    sign_in(opened.value, portal, "senior")
    save.click()
    expect(drafting.locator("ul.messagelist")).to_contain_text("The draft is saved.")
    expect(drafting.locator(".policy-draft")).to_contain_text(NOTE)
