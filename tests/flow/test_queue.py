"""The review queue: what each view holds, in which order, what its rows say, and its pages."""

from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.flow.conftest import LATER
from verification import casework
from verification.actions import claim, hand_on, review
from verification.models import Verdict, Verification
from verification.review import counts
from verification.review.queue_filters import View
from verification.states import Band

pytestmark = pytest.mark.usefixtures("an_hour_later")
BAND = {"sim": 74.2}
QUEUE = "/admin/queue/"
ESCALATED = "I have never seen such a card."


def page_of(case) -> str:
    return reverse("admin:case", args=[case.public_id])


def change(case, **fields) -> None:
    Verification.objects.filter(pk=case.pk).update(**fields)


def rows(client, query="") -> list[dict]:
    return client.get(f"{QUEUE}?{query}").context["rows"]


def shown(client, query="") -> list[str]:
    return [row["case"].applicant.reference for row in rows(client, query)]


def hand(case, verdict, reason, *, by, note="", **more) -> None:
    """Escalate, snooze or step aside, from the case as it is now."""
    case.refresh_from_db()
    words = {"reason_code": reason, "note": note, "by": by, "now": LATER, **more}
    hand_on.hand_on(
        case, verdict, version=case.version, evidence_sha256=casework.evidence_hash(case), **words
    )


def decide(case, verdict, reason, *, by, note="") -> None:
    case.refresh_from_db()
    review.decide(
        case,
        verdict=verdict,
        reason_code=reason,
        note=note,
        version=case.version,
        evidence_sha256=casework.evidence_hash(case),
        by=by,
        now=LATER,
    )


@pytest.fixture
def cast(road, emulator, staff):
    """One case for each thing that can be with a case in the queue."""
    reviewer, colleague = staff("Reviewer"), staff("Reviewer", "colleague")

    def case(reference):
        return road.in_review(emulator, reference=reference)

    free, mine, theirs = case("FREE"), case("MINE"), case("THEIRS")
    claim.claim(mine, by=reviewer, now=LATER)
    claim.claim(theirs, by=colleague, now=LATER)
    late, snoozed, escalated = case("LATE"), case("SNOOZED"), case("ESCALATED")
    change(late, due_at=LATER - timedelta(hours=30))
    hand(snoozed, Verdict.SNOOZE, "fresh_eyes", by=reviewer, hours=4)
    hand(escalated, Verdict.ESCALATE, "unusual_document", by=reviewer, note=ESCALATED)
    proposed, own = case("PROPOSED"), case("OWN")
    for subject, by in ((proposed, colleague), (own, reviewer)):
        decide(subject, Verdict.APPROVE, "vendor_error", by=by, note="The same scar on both.")
    asked = case("ASKED")
    decide(asked, Verdict.ASK_AGAIN, "video_unclear", by=reviewer)
    return SimpleNamespace(free=free, mine=mine, theirs=theirs, late=late, snoozed=snoozed, asked=asked)


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


def test_the_queue_is_ordered_by_due_time(road, emulator, signed_in):
    for hours, reference in ((2, "SECOND"), (3, "LAST"), (-30, "FIRST")):
        change(road.in_review(emulator, reference=reference), due_at=LATER + timedelta(hours=hours))
    client = signed_in()
    page = client.get(QUEUE).content.decode()
    assert shown(client) == ["FIRST", "SECOND", "LAST"]
    assert "30 h late" in page
    assert "2 h left" in page


# Filters


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("band=below", {"LOW"}),
        ("band=between", {"BAND"}),
        ("band=repeated", {"USED"}),
        ("band=above", set()),
        ("band=nonsense", {"LOW", "BAND", "USED"}),
        ("reason=similarity_band", {"BAND"}),
        ("reason=similarity", {"LOW", "BAND", "USED"}),
        ("band=below&reason=similarity_band", {"LOW"}),
        ("view=mine&band=below", {"LOW"}),
        ("view=mine&band=between", set()),
        ("owner={reviewer}", {"LOW"}),
        ("owner=0", set()),
        ("owner=nobody", {"LOW", "BAND", "USED"}),
        ("owner=²", {"LOW", "BAND", "USED"}),
        ("owner=99999999999999999999999", {"LOW", "BAND", "USED"}),
    ],
)
def test_the_queue_can_be_filtered(road, emulator, signed_in, staff, query, expected):
    reviewer = staff("Reviewer")
    claim.claim(road.in_review(emulator, reference="LOW"), by=reviewer, now=LATER)
    road.judged(emulator, BAND, reference="BAND")
    failed = {"result": "FailedOperation.ActionFirstAction"}
    road.judged(emulator, failed, failed, failed, reference="USED")
    assert set(shown(signed_in(), query.format(reviewer=reviewer.pk))) == expected


def test_only_who_holds_a_case_is_offered_as_owner(cast, signed_in, staff):
    staff("Senior reviewer")
    owners = signed_in().get(QUEUE).context["owners"]
    assert [owner.username for owner in owners] == ["colleague", "reviewer"]


def test_an_empty_queue_says_so(signed_in):
    assert "Nothing is waiting" in signed_in().get(QUEUE).content.decode()


def test_a_filter_without_a_case_leads_back(signed_in):
    assert "Show the whole queue" in signed_in().get(f"{QUEUE}?band=below").content.decode()


# Rows


def test_the_queue_shows_why_and_hides_the_name(road, emulator, signed_in):
    road.judged(emulator, BAND, name="Alice Example")
    page = signed_in().get(QUEUE).content.decode()
    assert "Passed by the vendor, but below your policy" in page
    assert "74.2" in page
    assert "A••• E•••" in page
    assert "Alice Example" not in page


def test_the_score_of_a_spot_check_is_hidden(road, emulator, signed_in):
    case = road.judged(emulator, BAND)
    change(case, band=Band.SPOT_CHECK, main_reason="spot_check", reasons=["spot_check"])
    page = signed_in().get(QUEUE).content.decode()
    assert "hidden: spot check" in page
    assert "74.2" not in page


def test_a_row_says_what_its_case_waits_for(cast, signed_in):
    client = signed_in()
    told = {
        row["case"].applicant.reference: row["waits_for"]
        for view in ("all", "snoozed", "applicant")
        for row in rows(client, f"view={view}")
    }
    assert told == {
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
    monkeypatch.setattr("verification.review.counts.MOST", 2)
    client = signed_in()
    chips = {chip["label"]: chip["count"] for chip in client.get(QUEUE).context["views"]}
    assert (chips[View.ALL.label], chips[View.MINE.label]) == ("2+", "1")
    assert "2+" in client.get("/admin/").content.decode()


def test_bands_are_counted_less_far(cast, signed_in, monkeypatch):
    monkeypatch.setattr("verification.review.counts.MOST_OF_MANY", 1)
    bands = signed_in().get(QUEUE).context["bands"]
    assert [(chip["label"], chip["count"]) for chip in bands] == [(Band.BELOW.label, "1+")]


@pytest.mark.parametrize(("found", "told"), [(0, "0"), (1000, "1,000"), (1001, "1,000+")])
def test_a_number_is_told_as_far_as_it_is_known(found, told):
    number = counts.UpTo(found, counts.MOST)
    assert (str(number), bool(number)) == (told, found > 0)


def test_the_queue_asks_the_database_as_often_for_twelve_cases_as_for_two(road, emulator, signed_in, staff):
    client = signed_in()
    client.get(QUEUE)
    asked = []
    for more in (2, 10):
        for _ in range(more):
            claim.claim(road.in_review(emulator), by=staff("Reviewer"), now=LATER)
        asked.append(
            {query: queries_of(client, query) for query in ("", "view=mine", "band=below", "after=0-0")}
        )
    assert asked[0] == asked[1]
    assert set(asked[0].values()) == {asked[0][""]}


def queries_of(client, query: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{QUEUE}?{query}")
    return len(queries)


# Pages


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr("verification.review.queue.PAGE_SIZE", 2)


def follow(client, query, direction):
    """The pages from there on, in the order in which they are opened."""
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
        # Everything that was just read leaves the queue.
        for row in page["rows"]:
            decide(row["case"], Verdict.DECLINE, "different_person", by=staff("Reviewer"))
    assert seen == [f"CASE-{number}" for number in range(7)]


@pytest.mark.parametrize("place", ["", "x", "1-", "99999999999999999999-1", "-1-1", "1-1' OR 1=1", "۱-۱"])
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_place_that_nobody_can_read_is_the_beginning(seven, signed_in, small_pages, place, direction):
    assert shown(signed_in(), f"{direction}={place}") == ["CASE-0", "CASE-1"]


def test_before_the_beginning_is_the_whole_first_page(seven, signed_in, small_pages):
    client = signed_in()
    second = next(iter(follow(client, "", "after")))["page"].next
    assert shown(client, f"before={second}") == ["CASE-0", "CASE-1"]


def test_past_the_end_leads_back_to_the_beginning(seven, signed_in):
    page = signed_in().get(f"{QUEUE}?after=99999999999999999-1").content.decode()
    assert "Nothing further" in page
    assert "To the beginning" in page


# Taking the next


MOMENTS = count(5, 5)


def take(client):
    """Each time some seconds later: two presses in a moment are one."""
    with time_machine.travel(LATER + timedelta(seconds=next(MOMENTS)), tick=False):
        return client.post(reverse("admin:take_next"))


def test_take_next_claims_the_first_that_is_free(cast, signed_in, staff):
    response = take(signed_in())
    cast.late.refresh_from_db()
    assert response.url == page_of(cast.late)
    assert cast.late.claimed_by == staff("Reviewer")


def test_take_next_takes_only_what_is_free_to_this_reviewer(cast, signed_in):
    """Not what is held, snoozed, escalated, or their own proposal."""
    client = signed_in()
    assert [take(client).url == QUEUE for _ in range(4)] == [False, False, False, True]
    assert set(shown(client, "view=mine")) == {"MINE", "LATE", "FREE", "PROPOSED"}


def test_take_next_gives_a_senior_what_was_escalated(cast, signed_in):
    client = signed_in("Senior reviewer")
    for _ in range(6):
        take(client)
    assert set(shown(client, "view=mine")) == {"LATE", "FREE", "ESCALATED", "PROPOSED", "OWN"}


def test_take_next_gives_nobody_what_they_stepped_aside_from(road, emulator, signed_in, staff):
    case = road.in_review(emulator)
    hand(case, Verdict.STEP_ASIDE, "knows_applicant", by=staff("Reviewer"))
    assert take(signed_in()).url == QUEUE


def test_take_next_gives_nobody_their_own_case(road, emulator, signed_in, staff):
    road.in_review(emulator, email="Reviewer@Example.org")
    member = staff("Reviewer")
    member.email = "reviewer@example.ORG"
    member.save()
    client = signed_in()
    assert take(client).url == QUEUE
    assert "No case is free to take. The others" in client.get(QUEUE).content.decode()


def test_take_next_with_nothing_to_take_goes_back_to_the_queue(signed_in):
    response = signed_in().post(reverse("admin:take_next"), follow=True)
    assert "No case is free to take: nothing is waiting." in response.content.decode()


def test_an_auditor_takes_no_case(road, emulator, signed_in):
    road.in_review(emulator)
    assert take(signed_in("Auditor")).status_code == 403


def test_a_case_can_be_claimed_from_its_page(road, emulator, signed_in, staff):
    case = road.in_review(emulator)
    signed_in().post(reverse("admin:claim", args=[case.public_id]))
    case.refresh_from_db()
    assert case.claimed_by == staff("Reviewer")
