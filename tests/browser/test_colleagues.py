"""Colleagues on one case, each in a browser: declining by two, notes with a mention, several cases at once."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.desk import choose, claim, open_case, record, record_by_keys
from tests.browser.visitor import Visitor

FIRST = "The ears are set lower, and the nose is broader."
SECOND = "Same ears to me, the camera is tilted."


@pytest.fixture
def declines_take_two(portal: Portal) -> Iterator[None]:
    """Within the block a policy asks for two people to decline."""
    portal.script(clear=True)
    portal.put_into_force(second_for_declines=True)
    yield
    portal.put_into_force(second_for_declines=False)


@pytest.fixture
def doubtful(declines_take_two: None, portal: Portal) -> Iterator[dict[str, Any]]:
    """A case in review that the vendor passed, below the policy."""
    with Visitor(portal) as visitor:
        yield visitor.send_everything(sim=74.2)


@pytest.fixture
def to_decline(doubtful: dict[str, Any], portal: Portal, reviewer: Page) -> dict[str, Any]:
    claim(reviewer, portal, doubtful["id"])
    choose(reviewer, "decline", "not_live", note=FIRST)
    record(reviewer)
    expect(reviewer.locator("ul.messagelist")).to_contain_text("waits for a second person")
    return doubtful


def sees_nothing_of_the_first(page: Page) -> None:
    expect(page.locator(".proposal")).to_contain_text("You are the second person")
    for hidden in (FIRST, "reviewer proposes", "Proposed: Decline", "Verdict proposed"):
        assert hidden not in page.content()
    expect(page.locator('input[name="verdict"]:checked')).to_have_count(0)


@pytest.mark.firefox
def test_declining_by_two_with_the_second_blind(
    to_decline: dict[str, Any], portal: Portal, colleague: Page
) -> None:
    claim(colleague, portal, to_decline["id"])
    sees_nothing_of_the_first(colleague)
    colleague.keyboard.press("d")
    colleague.keyboard.press("2")
    colleague.keyboard.press("n")
    colleague.keyboard.type("It flickers like a screen.")
    record_by_keys(colleague, "reviewer came to the same verdict")
    assert portal.case(to_decline["id"])["status"] == "declined"
    open_case(colleague, portal, to_decline["id"])
    expect(colleague.get_by_text(FIRST)).to_be_visible()


def test_two_different_verdicts_go_to_a_senior_who_reads_both(
    to_decline: dict[str, Any], portal: Portal, reviewer: Page, colleague: Page, senior: Page
) -> None:
    claim(colleague, portal, to_decline["id"])
    sees_nothing_of_the_first(colleague)
    choose(colleague, "approve", "same_person", note=SECOND)
    record(colleague)
    expect(colleague.locator("ul.messagelist")).to_contain_text(
        "A senior reviewer who is neither of you decides"
    )
    for page in (reviewer, colleague, senior):
        open_case(page, portal, to_decline["id"])
        expect(page.locator(".proposal")).to_contain_text(FIRST)
        expect(page.locator(".proposal")).to_contain_text(SECOND)
    assert portal.case(to_decline["id"])["status"] == "in_review"
    claim(senior, portal, to_decline["id"])
    expect(senior.locator(".verdicts")).to_contain_text("Approve, as reviewer2")
    choose(senior, "approve", "same_person")
    record(senior)
    expect(senior.locator("ul.messagelist")).to_contain_text("reviewer2 came to the same verdict")
    assert portal.case(to_decline["id"])["status"] == "approved"


def test_a_question_is_seen_on_the_colleagues_board_and_answered(
    doubtful: dict[str, Any], portal: Portal, reviewer: Page, colleague: Page
) -> None:
    open_case(reviewer, portal, doubtful["id"])
    notes = reviewer.locator("#notes")
    notes.get_by_text("Write a note, or ask a colleague").click()
    notes.locator("#note-text").fill("Have you seen this kind of permit before?")
    notes.get_by_label("reviewer2", exact=True).check()
    notes.get_by_label("It is a question").check()
    notes.get_by_role("button", name="Write the note").click()
    expect(notes).to_contain_text("Have you seen this kind of permit before?")

    colleague.goto(f"{portal.url}/admin/")
    line = colleague.locator("#questions li").filter(has_text="reviewer asks you").last
    expect(line).to_contain_text("new")
    line.get_by_role("link").click()
    asked = colleague.locator("#notes li").last
    asked.get_by_label("Your answer").fill("Yes: it is the new one.")
    asked.get_by_role("button", name="Send the answer").click()
    expect(colleague.locator("#notes")).to_contain_text("answered")

    reviewer.goto(f"{portal.url}/admin/")
    expect(reviewer.locator("#questions")).to_contain_text("reviewer2 answered you")
    assert portal.case(doubtful["id"])["status"] == "in_review"


def test_a_senior_assigns_several_cases_with_the_keyboard(
    doubtful: dict[str, Any], portal: Portal, senior: Page, colleague: Page
) -> None:
    senior.goto(f"{portal.url}/admin/queue/?view=unassigned")
    senior.locator('input[name="case"]').first.focus()
    senior.keyboard.press("Space")
    expect(senior.locator("[data-chosen]")).to_have_text("(1)")
    senior.get_by_label("all on this page").check()
    chosen = senior.locator('input[name="case"]').count()
    expect(senior.locator("[data-chosen]")).to_have_text(f"({chosen})")
    senior.locator("#bulk-to").select_option(label="reviewer2")
    senior.locator("#bulk").get_by_role("button", name="Assign").press("Enter")
    expect(senior.locator("ul.messagelist")).to_contain_text("Done with")
    open_case(colleague, portal, doubtful["id"])
    expect(colleague.locator(".headline")).to_contain_text("Kept for you")
    open_case(senior, portal, doubtful["id"])
    senior.get_by_role("button", name="Take it back").click()
    expect(senior.locator(".headline")).not_to_contain_text("Kept for")
    # The other cases too: they are those of the demo, which other tests decide.
    senior.goto(f"{portal.url}/admin/queue/")
    senior.get_by_label("all on this page").check()
    senior.locator("#bulk").get_by_role("button", name="Take back").click()
    expect(senior.locator("ul.messagelist")).to_be_visible()
    senior.goto(f"{portal.url}/admin/queue/")
    expect(senior.locator("table.queue")).not_to_contain_text("reviewer2")


def test_a_senior_cancels_and_the_applicant_reads_it(
    doubtful: dict[str, Any], portal: Portal, senior: Page
) -> None:
    open_case(senior, portal, doubtful["id"])
    senior.get_by_text("Cancel the case").click()
    senior.locator("#cancel-reason").select_option("applicant_withdrew")
    senior.get_by_label("Why it is cancelled").fill("She called: she goes to the branch.")
    senior.get_by_role("button", name="Cancel it for good").click()
    expect(senior.locator("ul.messagelist")).to_contain_text("is cancelled")
    assert portal.case(doubtful["id"])["status"] == "cancelled"
