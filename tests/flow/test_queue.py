"""The review queue of a full day: the cases of each view, what their rows say, and counts."""

import copy
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
QUEUE = "/admin/queue/"


def rows(client, query="") -> list[dict[str, Any]]:
    return client.get(f"{QUEUE}?{query}").context["rows"]


def shown(client, query="") -> list[str]:
    return [row["case"].applicant.reference for row in rows(client, query)]


@pytest.fixture(scope="module")
def made(once):
    return once(cast_of)


@pytest.fixture
def cast(made, db):
    return copy.deepcopy(made)


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


def test_whose_lease_ran_out_owns_nothing(cast, signed_in, staff):
    change(cast.theirs, claimed_until=LATER)
    client, colleague = signed_in(), staff("Reviewer", "colleague")
    assert shown(client, f"owner={colleague.pk}") == []
    assert [name for _key, name in client.get(QUEUE).context["owners"]] == ["reviewer"]


# Rows


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


def test_the_queue_asks_the_database_as_often_for_many_cases_as_for_few(
    cast, road, emulator, signed_in, staff
):
    client = signed_in()
    client.get(QUEUE)
    queries = ("view=all", "view=mine", "band=below", "after=0-0")
    few = {query: queries_of(client, query) for query in queries}
    for _ in range(2):
        claim.claim(road.in_review(emulator), by=staff("Reviewer"), now=LATER)
    assert {query: queries_of(client, query) for query in queries} == few
    assert len(set(few.values())) == 1


def queries_of(client, query: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{QUEUE}?{query}")
    return len(queries)
