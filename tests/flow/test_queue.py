"""The review queue: the cases of each view, their order, their columns, and paging."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.flow.conftest import LATER
from tests.flow.reviewing import cast_of, change, decide
from verification.actions import claim
from verification.models import Verdict
from verification.review.queue import counts
from verification.review.queue.filters import View
from verification.states import Band

pytestmark = pytest.mark.usefixtures("an_hour_later")
BAND = {"sim": 74.2}
QUEUE = "/admin/queue/"


def rows(client, query="") -> list[dict[str, Any]]:
    return client.get(f"{QUEUE}?{query}").context["rows"]


def shown(client, query="") -> list[str]:
    return [row["case"].applicant.reference for row in rows(client, query)]


@pytest.fixture
def cast(road, emulator, staff):
    return cast_of(road, emulator, staff)


# Views


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("all", {"FREE", "MINE", "THEIRS", "LATE", "ESCALATED", "PROPOSED", "OWN"}),
        ("mine", {"MINE"}),
        ("unassigned", {"FREE", "LATE", "ESCALATED", "PROPOSED", "OWN"}),
        ("due", {"LATE"}),
        ("second_look", {"PROPOSED"}),
        ("escalated", {"ESCALATED"}),
        ("snoozed", {"SNOOZED"}),
        ("applicant", {"ASKED"}),
        ("nonsense", {"FREE", "MINE", "THEIRS", "LATE", "ESCALATED", "PROPOSED", "OWN"}),
    ],
)
def test_each_view_holds_its_cases_and_counts_them(cast, signed_in, view, expected):
    page = signed_in().get(f"{QUEUE}?view={view}")
    assert {row["case"].applicant.reference for row in page.context["rows"]} == expected
    assert [chip["count"] for chip in page.context["views"] if chip["here"]] == [str(len(expected))]


def test_a_senior_sees_both_proposals_of_others(cast, signed_in):
    assert set(shown(signed_in("Senior reviewer"), "view=second_look")) == {"PROPOSED", "OWN"}


def test_a_case_is_due_four_hours_before_it_is_late(cast, signed_in):
    change(cast.free, due_at=LATER + timedelta(hours=4, seconds=-1))
    change(cast.mine, due_at=LATER + timedelta(hours=4))
    assert shown(signed_in(), "view=due") == ["LATE", "FREE"]


def test_a_snoozed_case_that_is_late_is_among_the_due(cast, signed_in):
    change(cast.snoozed, due_at=LATER - timedelta(minutes=5))
    assert shown(signed_in(), "view=due") == ["LATE", "SNOOZED"]


def test_a_snoozed_case_comes_back_by_itself(cast, signed_in):
    change(cast.snoozed, snoozed_until=LATER)
    client = signed_in()
    assert "SNOOZED" in shown(client)
    assert shown(client, "view=snoozed") == []


def test_a_lease_that_ran_out_holds_nothing(cast, signed_in):
    change(cast.mine, claimed_until=LATER)
    client = signed_in()
    assert shown(client, "view=mine") == []
    assert "MINE" in shown(client, "view=unassigned")


def test_who_waits_longest_for_the_applicant_stands_first(cast, road, emulator, signed_in, staff):
    earlier = road.in_review(emulator, reference="EARLIER")
    decide(earlier, Verdict.ASK_AGAIN, "video_unclear", by=staff("Reviewer"))
    change(earlier, asked_again_at=LATER - timedelta(days=1))
    client = signed_in()
    assert shown(client, "view=applicant") == ["EARLIER", "ASKED"]
    assert "waiting 24 h" in client.get(f"{QUEUE}?view=applicant").content.decode()


def test_who_has_sent_what_was_asked_for_is_waited_for_no_more(cast, road, signed_in):
    cast.asked.refresh_from_db()
    road.submit(cast.asked, now=LATER)
    assert shown(signed_in(), "view=applicant") == []


def test_the_queue_is_ordered_by_due_time(road, emulator, signed_in):
    for hours, reference in ((2, "SECOND"), (3, "LAST"), (-30, "FIRST")):
        change(road.in_review(emulator, reference=reference), due_at=LATER + timedelta(hours=hours))
    client = signed_in()
    page = client.get(QUEUE).content.decode()
    assert shown(client) == ["FIRST", "SECOND", "LAST"]
    assert "30 h late" in page
    assert "2 h left" in page


def test_whose_lease_ran_out_owns_nothing(cast, signed_in, staff):
    change(cast.theirs, claimed_until=LATER)
    client, colleague = signed_in(), staff("Reviewer", "colleague")
    assert shown(client, f"owner={colleague.pk}") == []
    assert [name for _key, name in client.get(QUEUE).context["owners"]] == ["reviewer"]


def test_an_empty_queue_says_so(signed_in):
    assert "Nothing is waiting" in signed_in().get(QUEUE).content.decode()


# Rows


def test_the_queue_shows_why_and_hides_the_name(road, emulator, signed_in):
    road.judged(emulator, BAND, name="Alice Example")
    page = signed_in().get(QUEUE).content.decode()
    assert "Passed by the vendor, but below your policy" in page
    assert "74.2" in page
    assert "A••• E•••" in page
    assert "Alice Example" not in page


def test_a_row_tells_the_newest_score(road, emulator, signed_in):
    case = road.judged(emulator, {"result": "FailedOperation.ActionFirstAction"}, BAND)
    (row,) = rows(signed_in())
    assert (row["case"], row["score"], row["attempts"]) == (case, "74.2", "2 of 3")


def test_a_row_says_that_all_attempts_are_used_up(road, emulator, signed_in):
    failed = {"result": "FailedOperation.ActionFirstAction"}
    road.judged(emulator, failed, failed, failed, reference="USED")
    road.judged(emulator, failed, BAND, reference="LEFT")
    marked = {row["case"].applicant.reference: row["repeated"] for row in rows(signed_in())}
    assert marked == {"USED": True, "LEFT": False}


def test_the_score_of_a_spot_check_is_hidden(road, emulator, signed_in):
    case = road.judged(emulator, BAND)
    change(case, band=Band.SPOT_CHECK, main_reason="spot_check", reasons=["spot_check"])
    page = signed_in().get(QUEUE).content.decode()
    assert "hidden: spot check" in page
    assert "74.2" not in page


def test_a_row_says_what_its_case_waits_for(cast, signed_in):
    client = signed_in()
    marked = {
        row["case"].applicant.reference: row["waits_for"]
        for view in ("all", "snoozed", "applicant")
        for row in rows(client, f"view={view}")
    }
    assert marked == {
        "FREE": "anybody",
        "LATE": "anybody",
        "MINE": "you",
        "THEIRS": "a colleague",
        "ESCALATED": "a senior",
        "PROPOSED": "a second person",
        "OWN": "a colleague's second look",
        "SNOOZED": "snoozed until 14:00 UTC",
        "ASKED": "the applicant",
    }


def test_a_row_says_who_holds_its_case_and_until_when(cast, signed_in):
    page = signed_in().get(QUEUE).content.decode()
    assert "colleague" in page
    assert "until 10:15 UTC" in page


# Counts and queries


def test_counting_stops_at_a_most(cast, signed_in, monkeypatch):
    monkeypatch.setattr("verification.review.queue.counts.MAX_COUNTED", 2)
    client = signed_in()
    chips = {chip["label"]: chip["count"] for chip in client.get(QUEUE).context["views"]}
    assert (chips[View.ALL.label], chips[View.MINE.label]) == ("2+", "1")
    assert "2+" in client.get("/admin/").content.decode()


def test_bands_are_counted_less_far(cast, signed_in, monkeypatch):
    monkeypatch.setattr("verification.review.queue.counts.MAX_COUNTED_OF_MANY", 1)
    bands = signed_in().get(QUEUE).context["bands"]
    assert [(chip["label"], chip["count"]) for chip in bands] == [(Band.BELOW.label, "1+")]


@pytest.mark.parametrize(("found", "text"), [(0, "0"), (1000, "1,000"), (1001, "1,000+")])
def test_a_count_is_exact_up_to_a_thousand(found, text):
    number = counts.UpTo(found, counts.MAX_COUNTED)
    assert (str(number), bool(number)) == (text, found > 0)


def test_the_queue_asks_the_database_as_often_for_twelve_cases_as_for_two(road, emulator, signed_in, staff):
    client = signed_in()
    client.get(QUEUE)
    asked = []
    for more in (2, 10):
        for _ in range(more):
            claim.claim(road.in_review(emulator), by=staff("Reviewer"), now=LATER)
        asked.append(
            {
                query: queries_of(client, query)
                for query in ("view=all", "view=mine", "band=below", "after=0-0")
            }
        )
    assert asked[0] == asked[1]
    assert len(set(asked[0].values())) == 1


def queries_of(client, query: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{QUEUE}?{query}")
    return len(queries)


# Pages


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


@pytest.fixture
def seven(road, emulator):
    """Five of them are due at the same moment."""
    cases = [road.in_review(emulator, reference=f"CASE-{number}") for number in range(7)]
    for number, case in enumerate(cases):
        change(case, due_at=LATER + timedelta(hours=max(1, min(number, 2))))
    return cases


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
