"""The review queue: its order, its filters, and who takes which case."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.flow.conftest import LATER
from verification.actions import review

pytestmark = pytest.mark.usefixtures("an_hour_later")
BAND = {"sim": 74.2}
QUEUE = "/admin/queue/"


def page_of(case) -> str:
    return reverse("admin:case", args=[case.public_id])


def test_the_queue_is_ordered_by_due_time(road, emulator, signed_in):
    for hours, reference in ((2, "SECOND"), (3, "LAST"), (-30, "FIRST")):
        case = road.in_review(emulator, reference=reference)
        type(case).objects.filter(pk=case.pk).update(due_at=LATER + timedelta(hours=hours))
    page = signed_in().get(QUEUE).content.decode()
    assert page.index("FIRST") < page.index("SECOND") < page.index("LAST")
    assert "30 h late" in page
    assert "2 h left" in page


def test_the_queue_shows_why_and_hides_the_name(road, emulator, signed_in):
    road.judged(emulator, BAND, name="Alice Example")
    page = signed_in().get(QUEUE).content.decode()
    assert "Passed by the vendor, but below your policy" in page
    assert "A••• E•••" in page
    assert "Alice Example" not in page


def test_the_queue_asks_the_database_as_often_for_twelve_cases_as_for_two(road, emulator, signed_in, staff):
    client = signed_in()
    client.get(QUEUE)
    counts = []
    for more in (2, 10):
        for _ in range(more):
            review.claim(road.in_review(emulator), by=staff("Reviewer"), now=LATER)
        with CaptureQueriesContext(connection) as queries:
            client.get(QUEUE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("band=below", {"LOW"}),
        ("band=between", {"BAND"}),
        ("band=technical", {"USED"}),
        ("band=repeated", {"USED"}),
        ("band=above", set()),
        ("reason=similarity_band", {"BAND"}),
        ("reason=similarity", {"LOW", "BAND", "USED"}),
        ("view=mine", {"LOW"}),
        ("view=late", set()),
        ("page=99", {"LOW", "BAND", "USED"}),
    ],
)
def test_the_queue_can_be_filtered(road, emulator, signed_in, staff, query, shown):
    low = road.in_review(emulator, reference="LOW")
    review.claim(low, by=staff("Reviewer"), now=LATER)
    road.judged(emulator, BAND, reference="BAND")
    failed = {"result": "FailedOperation.ActionFirstAction"}
    road.judged(emulator, failed, failed, failed, reference="USED")
    rows = signed_in().get(f"{QUEUE}?{query}").context["rows"]
    assert {row["case"].applicant.reference for row in rows} == shown


def test_an_empty_queue_says_so(signed_in):
    assert "Nothing is waiting" in signed_in().get(QUEUE).content.decode()


def test_a_filter_without_a_case_leads_back(signed_in):
    assert "Show the whole queue" in signed_in().get(f"{QUEUE}?band=below").content.decode()


def test_the_queue_has_pages(road, emulator, signed_in, monkeypatch):
    monkeypatch.setattr("verification.review.queue.PAGE_SIZE", 1)
    road.in_review(emulator)
    road.in_review(emulator)
    page = signed_in().get(f"{QUEUE}?reason=low_similarity").content.decode()
    assert "Page 1 of 2" in page
    assert "?reason=low_similarity&amp;page=2" in page


def test_take_next_claims_the_first_that_is_free(road, emulator, signed_in, staff):
    taken, free = road.in_review(emulator), road.in_review(emulator)
    review.claim(taken, by=staff("Senior reviewer"), now=LATER)
    response = signed_in().post(reverse("admin:take_next"))
    free.refresh_from_db()
    assert response.url == page_of(free)
    assert free.claimed_by == staff("Reviewer")


def test_take_next_with_nothing_to_take_goes_back_to_the_queue(signed_in):
    response = signed_in().post(reverse("admin:take_next"), follow=True)
    assert "No case is free to take" in response.content.decode()


def test_a_case_can_be_claimed_from_its_page(road, emulator, signed_in, staff):
    case = road.in_review(emulator)
    page = signed_in().post(reverse("admin:claim", args=[case.public_id]), follow=True).content.decode()
    case.refresh_from_db()
    assert case.claimed_by == staff("Reviewer")
    assert "yours until" in page


def test_a_case_in_other_hands_is_shown_without_a_form(road, emulator, signed_in, staff):
    case = road.in_review(emulator)
    review.claim(case, by=staff("Senior reviewer"), now=LATER)
    client = signed_in()
    page = client.post(reverse("admin:claim", args=[case.public_id]), follow=True).content.decode()
    assert "senior has it until" in page
    assert 'id="decision"' not in page
