"""The main job in a real browser: link, consent, photo, recording, outcome, and the review."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Applicant, Portal, wait_for
from tests.browser.desk import decide

FIRST_ACTION = {"result": "FailedOperation.ActionFirstAction"}


@pytest.fixture(autouse=True)
def _nothing_breaks_in_the_browser(applicant: Applicant) -> Iterator[None]:
    yield
    assert applicant.faults == []


@pytest.fixture(autouse=True)
def _nothing_left_over(portal: Portal) -> None:
    portal.script(clear=True)


def passed_on_the_first_recording(applicant: Applicant, portal: Portal, mode: str) -> None:
    before = len(portal.calls())
    case = applicant.up_to_capture(mode)
    applicant.record()
    applicant.outcome("approved")
    (call,) = portal.calls()[before:]
    (drawn,) = applicant.challenges
    assert (call["signature"], call["video_container"]) == ("valid", "mp4")
    assert (call["liveness_type"], call["validate_data"] or "") == (
        mode,
        ",".join(action["code"] for action in drawn["actions"]),
    )
    assert portal.case(case["id"])["status"] == "approved"


@pytest.mark.firefox
@pytest.mark.parametrize("mode", ["ACTION", "SILENT"])
def test_a_clean_pass_makes_exactly_one_correct_call(applicant: Applicant, portal: Portal, mode: str) -> None:
    passed_on_the_first_recording(applicant, portal, mode)


def test_a_missed_movement_brings_guidance_and_a_second_try(applicant: Applicant, portal: Portal) -> None:
    portal.script(**FIRST_ACTION)
    applicant.up_to_capture()
    applicant.record()
    applicant.outcome("retry")
    expect(applicant.page.locator("main")).to_contain_text("in the order shown")
    applicant.primary.click()
    applicant.record()
    applicant.outcome("approved")


def test_a_vendor_that_fails_twice_costs_the_person_nothing(applicant: Applicant, portal: Portal) -> None:
    before = len(portal.calls())
    portal.script(fault="http_503", times=2)
    case = applicant.up_to_capture("SILENT")
    applicant.record()
    applicant.outcome("approved")
    assert len(portal.calls()) - before == 3
    assert len(portal.case(case["id"])["attempts"]) == 1


def test_an_unknown_code_ends_with_a_person(applicant: Applicant, portal: Portal) -> None:
    portal.script(result="FailedOperation.SomethingNew")
    case = applicant.up_to_capture("SILENT")
    applicant.record()
    applicant.outcome("review")
    assert portal.case(case["id"])["reasons"] == ["unknown_code"]


def test_a_low_similarity_is_approved_by_two_reviewers(
    applicant: Applicant, portal: Portal, reviewer: Page, colleague: Page
) -> None:
    portal.script(result="FailedOperation.CompareLowSimilarity", sim=42)
    case = applicant.up_to_capture("SILENT")
    applicant.record()
    applicant.outcome("review")
    look(reviewer, portal, case["reference"])
    decide(reviewer, portal, case["id"], "approve", "vendor_error")
    decide(colleague, portal, case["id"], "approve", "vendor_error")
    # The applicant's page, still open, moves on by itself.
    applicant.outcome("approved")
    assert portal.case(case["id"])["status"] == "approved"


def look(reviewer: Page, portal: Portal, reference: str) -> None:
    """Finds the case in the queue and opens all three pieces of evidence."""
    reviewer.goto(f"{portal.url}/admin/queue/")
    reviewer.get_by_role("link", name=reference).click()
    for kind in ("ID photo", "best frame"):
        picture = reviewer.get_by_role("img", name=kind).first
        expect(picture).to_be_visible()
        picture.evaluate("image => image.decode()")  # waits for the picture, and fails if it can't be shown
    # Chromium has read enough of the recording to show its current picture.
    wait_for(reviewer, "document.querySelector('video').readyState >= 2")


def test_a_file_that_is_no_photo_is_told_kindly_and_nothing_is_lost(
    applicant: Applicant, portal: Portal, tmp_path: Path
) -> None:
    case = portal.invite()
    applicant.open(case["link"])
    applicant.consent()
    wrong = tmp_path / "card.png"
    wrong.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    applicant.give_photo(wrong)
    expect(applicant.page.get_by_role("alert")).to_be_visible()
    applicant.step("document")
    applicant.give_photo()
    applicant.step("capture")
