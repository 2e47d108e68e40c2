"""The pages of the review queue."""

from datetime import timedelta

import pytest

from tests.flow.conftest import LATER
from tests.flow.reviewing import change, decide
from tests.flow.test_queue import QUEUE, shown
from verification.models import Verdict

pytestmark = pytest.mark.usefixtures("an_hour_later")


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr("verification.review.queue.page.PAGE_SIZE", 2)


def follow(client, query, direction):
    """Follows the links to the next page; returns the pages in order."""
    page = client.get(f"{QUEUE}?{query}").context
    yield page
    while place := getattr(page["page"], "next" if direction == "after" else "previous"):
        page = client.get(f"{QUEUE}?{page['chosen'].query}&{direction}={place}").context
        yield page


def references(page) -> list[str]:
    return [row["case"].applicant.reference for row in page["rows"]]


def make_seven(road, emulator, staff):
    """Five of them are due at the same moment."""
    cases = [road.in_review(emulator, reference=f"CASE-{number}") for number in range(7)]
    for number, case in enumerate(cases):
        change(case, due_at=LATER + timedelta(hours=max(1, min(number, 2))))


@pytest.fixture(scope="module")
def made(once):
    once(make_seven)


@pytest.fixture
def seven(made, db):
    """Seven cases in the queue."""


def test_pages_lead_through_all_cases_once_and_back(seven, signed_in, small_pages):
    client = signed_in()
    pages = list(follow(client, "band=below", "after"))
    assert [references(page) for page in pages] == [
        ["CASE-0", "CASE-1"],
        ["CASE-2", "CASE-3"],
        ["CASE-4", "CASE-5"],
        ["CASE-6"],
    ]
    back = list(follow(client, f"band=below&before={pages[-1]['page'].previous}", "before"))
    assert [references(page) for page in back] == [
        ["CASE-4", "CASE-5"],
        ["CASE-2", "CASE-3"],
        ["CASE-0", "CASE-1"],
    ]


def test_pages_skip_no_case_while_others_are_decided(seven, signed_in, staff, small_pages):
    seen = []
    for page in follow(signed_in(), "", "after"):
        seen += references(page)
        # Every case of the last page leaves the queue.
        for row in page["rows"]:
            decide(row["case"], Verdict.DECLINE, "different_person", by=staff("Reviewer"))
    assert seen == [f"CASE-{number}" for number in range(7)]


def test_a_place_that_nobody_can_read_is_the_beginning(seven, signed_in, small_pages):
    client = signed_in()
    for place in ("", "x", "1-", "99999999999999999999-1", "-1-1", "1-1' OR 1=1", "۱-۱"):
        for direction in ("after", "before"):
            assert shown(client, f"{direction}={place}") == ["CASE-0", "CASE-1"], (direction, place)


def test_before_the_beginning_is_the_whole_first_page(seven, signed_in, small_pages):
    client = signed_in()
    second = next(iter(follow(client, "", "after")))["page"].next
    assert shown(client, f"before={second}") == ["CASE-0", "CASE-1"]


def test_past_the_end_leads_back_to_the_beginning(seven, signed_in):
    page = signed_in().get(f"{QUEUE}?after=99999999999999999-1").content.decode()
    assert "No more cases" in page
    assert "First page" in page
