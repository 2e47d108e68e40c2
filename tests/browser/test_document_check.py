"""A person checks the document: what stops at one, what the checklist forbids, and the keys that answer it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kyc_portal.sandbox.drawing import draw_selfie
from tests.browser.conftest import Portal
from tests.browser.desk import choose, claim, record, record_by_keys
from tests.browser.visitor import SEED, Visitor

PASS = {"sim": 93.7}


@pytest.fixture(autouse=True)
def _nothing_left_over(portal: Portal) -> None:
    portal.script(clear=True)


@pytest.fixture(scope="module")
def always(portal: Portal) -> Iterator[None]:
    """A person looks at every document of the cases that are invited from here on. Each change of the policy starts
    Django, so it holds until the end of the module."""
    portal.put_into_force(document_check="always")
    yield
    portal.put_into_force(document_check="never")


@pytest.fixture
def never(always: None, portal: Portal) -> Iterator[None]:
    """Nobody looks at documents within the test, in whatever order pytest runs the module."""
    portal.put_into_force(document_check="never")
    yield
    portal.put_into_force(document_check="always")


@pytest.fixture
def passed(always: None, portal: Portal) -> dict[str, Any]:
    """A clear pass whose document nobody has checked."""
    with Visitor(portal) as visitor:
        return visitor.send_everything(**PASS)


def answer(page: Page, field: str, value: str) -> None:
    page.locator(f'input[name="{field}"][value="{value}"]').check()


def test_where_nobody_looks_a_clear_pass_ends_by_itself(never: None, portal: Portal) -> None:
    with Visitor(portal) as visitor:
        visitor.photo = draw_selfie(SEED)
        case = visitor.send_everything(**PASS)
    assert portal.case(case["id"])["status"] == "approved"


def test_a_selfie_as_id_stops_at_a_person_who_can_not_approve_it(
    always: None, portal: Portal, reviewer: Page
) -> None:
    with Visitor(portal) as visitor:
        visitor.photo = draw_selfie(SEED)
        case = visitor.send_everything(**PASS)
    assert portal.case(case["id"])["status"] == "in_review"
    claim(reviewer, portal, case["id"])
    expect(reviewer.locator(".document-check .invited")).to_contain_text("Alice Example")
    answer(reviewer, "document_kind", "other")
    choose(reviewer, "approve", "same_person", note="")
    record(reviewer)
    expect(reviewer.locator("#document-error")).to_contain_text("did not pass its check")
    assert portal.case(case["id"])["status"] == "in_review"
    # What was answered stays, and is kept with the verdict that it allows.
    choose(reviewer, "ask_again", "photo_other_id", note="")
    record(reviewer)
    expect(reviewer.locator("ul.messagelist")).to_contain_text("the applicant is asked again")
    assert portal.case(case["id"])["status"] == "collecting"


def test_without_a_check_nobody_approves(passed: dict[str, Any], portal: Portal, reviewer: Page) -> None:
    claim(reviewer, portal, passed["id"])
    choose(reviewer, "approve", "same_person", note="")
    record(reviewer)
    expect(reviewer.locator("#document-error")).to_contain_text("The document has to be checked first")
    assert portal.case(passed["id"])["status"] == "in_review"


@pytest.mark.firefox
def test_keys_answer_the_checklist_and_one_submit_records_both(
    passed: dict[str, Any], portal: Portal, reviewer: Page
) -> None:
    claim(reviewer, portal, passed["id"])
    for key in ("t", "t", "y", "y", "y", "a", "1"):
        reviewer.keyboard.press(key)
    expect(reviewer.locator('[name="document_kind"]:checked')).to_have_value("identity_card")
    expect(reviewer.locator(".question :checked")).to_have_count(4)
    record_by_keys(reviewer, "is approved")
    assert portal.case(passed["id"])["status"] == "approved"


def test_the_check_can_be_saved_before_the_verdict(
    passed: dict[str, Any], portal: Portal, reviewer: Page
) -> None:
    claim(reviewer, portal, passed["id"])
    for key in ("t", "y", "w", "u"):
        reviewer.keyboard.press(key)
    reviewer.get_by_role("button", name="Save the check alone").click()
    expect(reviewer.locator("ul.messagelist")).to_contain_text("The document check is kept")
    card = reviewer.locator("#document")
    expect(card).to_contain_text("Check failed")
    expect(card).to_contain_text("It has not expired: No")
    expect(card).not_to_contain_text("Alice Example")
    card.get_by_role("link", name="Check it again").click()
    expect(card).to_contain_text("Alice Example")
