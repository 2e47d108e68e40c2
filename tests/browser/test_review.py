"""Two reviewers in two browsers: four eyes, stale pages, spot checks."""

import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Applicant, Portal
from tests.browser.desk import choose, claim, decide, open_case, record, record_by_keys
from tests.browser.visitor import Visitor

LOW = {"result": "FailedOperation.CompareLowSimilarity", "sim": 42}


@pytest.fixture(autouse=True)
def _nothing_left_over(portal: Portal) -> None:
    portal.script(clear=True)


@pytest.fixture
def visitor(portal: Portal) -> Iterator[Visitor]:
    with Visitor(portal) as visitor:
        yield visitor


@pytest.fixture
def in_review(visitor: Visitor) -> dict[str, Any]:
    """A case that the vendor did not pass."""
    return visitor.send_everything(**LOW)


@pytest.fixture
def proposed(in_review: dict[str, Any], portal: Portal, reviewer: Page) -> dict[str, Any]:
    decide(reviewer, portal, in_review["id"], "approve", "vendor_error")
    expect(reviewer.locator("ul.messagelist")).to_contain_text("waits for a second person")
    return in_review


def token(page: Page) -> str:
    return str(page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value"))


@pytest.mark.firefox
def test_one_proposes_and_another_comes_to_the_same(
    proposed: dict[str, Any], portal: Portal, colleague: Page
) -> None:
    assert portal.case(proposed["id"])["status"] == "in_review"
    claim(colleague, portal, proposed["id"])
    expect(colleague.locator(".proposal")).to_contain_text("You are the second person")
    colleague.keyboard.press("a")
    colleague.keyboard.press("1")
    colleague.keyboard.press("n")
    colleague.keyboard.type("I come to the same: brow line and ears.")
    record_by_keys(colleague, "is approved")
    assert portal.case(proposed["id"])["status"] == "approved"


def test_nobody_confirms_their_own_on_any_path(
    proposed: dict[str, Any], portal: Portal, reviewer: Page
) -> None:
    claim(reviewer, portal, proposed["id"])
    expect(reviewer.locator(".proposal")).to_contain_text(
        "A colleague judges the case without seeing your verdict"
    )
    expect(reviewer.locator('input[name="verdict"][value="approve"]')).to_have_count(0)
    form = reviewer.locator("#decision")
    by_hand: dict[str, Any] = {
        "csrfmiddlewaretoken": token(reviewer),
        "version": str(form.locator("[name=version]").get_attribute("value")),
        "evidence_sha256": str(form.locator("[name=evidence_sha256]").get_attribute("value")),
        "verdict": "approve",
        "reason_code": "vendor_error",
        "note": "I confirm what I proposed myself.",
    }
    case = f"{portal.url}/admin/case/{proposed['id']}"
    answer = reviewer.request.post(f"{case}/decide", form=by_hand, headers={"Referer": f"{case}/"})
    assert answer.status == 403
    action: dict[str, Any] = {
        "csrfmiddlewaretoken": by_hand["csrfmiddlewaretoken"],
        "action": "delete_selected",
    }
    records = f"{portal.url}/admin/verification/verification/"
    reviewer.request.post(records, form=action, headers={"Referer": records})
    with pytest.raises(urllib.error.HTTPError) as refused:
        portal.api("POST", f"/api/v1/verifications/{proposed['id']}/approve", {})
    refused.value.close()
    assert refused.value.code in {404, 405}
    assert portal.case(proposed["id"])["status"] == "in_review"


def test_a_proposal_is_void_once_there_is_new_evidence(
    proposed: dict[str, Any], portal: Portal, visitor: Visitor, colleague: Page, senior: Page
) -> None:
    # The second person's page stays open while a senior asks for another recording.
    claim(colleague, portal, proposed["id"])
    choose(colleague, "approve", "vendor_error")
    colleague.request.post(
        f"{portal.url}/admin/case/{proposed['id']}/release",
        form={"csrfmiddlewaretoken": token(colleague)},
        headers={"Referer": f"{portal.url}/admin/"},
    )
    decide(senior, portal, proposed["id"], "ask_again", "video_unclear")
    visitor.record(**LOW)
    record(colleague)
    expect(colleague.locator(".notice[data-error]")).to_contain_text("Nothing was saved")
    expect(colleague.locator(".proposal")).to_have_count(0)
    assert portal.case(proposed["id"])["status"] == "in_review"


def test_a_stale_page_overwrites_nothing(
    in_review: dict[str, Any], portal: Portal, reviewer: Page, colleague: Page
) -> None:
    claim(reviewer, portal, in_review["id"])
    choose(reviewer, "ask_again", "video_unclear", note="A long note that took me a while.")
    reviewer.request.post(
        f"{portal.url}/admin/case/{in_review['id']}/release",
        form={"csrfmiddlewaretoken": token(reviewer)},
        headers={"Referer": f"{portal.url}/admin/"},
    )
    decide(colleague, portal, in_review["id"], "decline", "different_person")
    record(reviewer)
    told = reviewer.locator(".notice[data-error]")
    expect(told).to_be_focused()
    expect(told).to_contain_text("Nothing was saved")
    expect(told).to_contain_text("A long note that took me a while.")
    expect(reviewer.get_by_text("reviewer2 ·")).to_be_visible()
    assert portal.case(in_review["id"])["status"] == "declined"


def test_asking_again_reaches_the_applicants_page(
    applicant: Applicant, portal: Portal, reviewer: Page
) -> None:
    portal.script(**LOW)
    case = applicant.up_to_capture("SILENT")
    applicant.record()
    applicant.outcome("review")
    claim(reviewer, portal, case["id"])
    reviewer.locator('input[name="verdict"][value="ask_again"]').check()
    reviewer.locator('input[name="reason_code"][value="face_hidden"]').check()
    previewed = reviewer.locator(".reason:has(:checked) small").inner_text().split("“")[1].rstrip("”")
    record(reviewer)
    applicant.outcome("retry")
    expect(applicant.page.locator("main")).to_contain_text(previewed)
    applicant.primary.click()
    applicant.record()
    applicant.outcome("approved")


@pytest.fixture
def everything_is_drawn(portal: Portal) -> Iterator[None]:
    """Within the block every pass goes to a spot check."""
    portal.put_into_force(qa_share=100)
    yield
    portal.put_into_force(qa_share=0)


def test_a_spot_check_is_judged_before_its_score_is_shown(
    everything_is_drawn: None, visitor: Visitor, portal: Portal, reviewer: Page
) -> None:
    case = visitor.send_everything(sim=93.7)
    assert portal.case(case["id"])["status"] == "in_review"
    claim(reviewer, portal, case["id"])
    assert "93.7" not in reviewer.content()
    reviewer.locator('input[name="verdict"][value="approve"]').check()
    reviewer.get_by_role("button", name="show the score").click()
    expect(reviewer.locator(".answer")).to_contain_text("93.7")
    choose(reviewer, "approve", "same_person", note="")
    record(reviewer)
    expect(reviewer.locator("ul.messagelist")).to_contain_text("is approved")


def test_pressing_twice_records_once(in_review: dict[str, Any], portal: Portal, reviewer: Page) -> None:
    claim(reviewer, portal, in_review["id"])
    choose(reviewer, "decline", "different_person")
    reviewer.get_by_role("button", name="Save decision", exact=True).dblclick()
    expect(reviewer.locator("ul.messagelist")).to_contain_text("is declined")
    open_case(reviewer, portal, in_review["id"])
    expect(reviewer.get_by_text("Different person", exact=True)).to_have_count(1)


def test_details_are_shown_in_place_and_a_half_written_note_stays(
    in_review: dict[str, Any], portal: Portal, reviewer: Page
) -> None:
    claim(reviewer, portal, in_review["id"])
    expect(reviewer.locator("h1")).not_to_contain_text("Alice Example")
    reviewer.get_by_label("Note for colleagues").fill("Half a thought")
    reviewer.get_by_label("Show personal details").select_option("compare_document")
    reviewer.get_by_role("button", name="Show", exact=True).click()
    expect(reviewer.locator("h1")).to_contain_text("Alice Example")
    expect(reviewer.get_by_label("Note for colleagues")).to_have_value("Half a thought")
