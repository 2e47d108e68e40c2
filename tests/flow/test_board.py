"""The work board, the first page of each role; and saved filters of the queue."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import cast_of, decide
from verification import audit
from verification.actions import claim, saved_filter
from verification.audit import viewing
from verification.models import AuditEvent, SavedFilter, Verdict

pytestmark = pytest.mark.usefixtures("an_hour_later", "made", "db")
BOARD, QUEUE = "/admin/", "/admin/queue/"


@pytest.fixture(scope="module")
def made(once):
    return once(cast_of)


def tiles(client) -> dict[str, str]:
    return {tile["query"]: tile["count"] for tile in client.get(BOARD).context["queue"]["tiles"]}


def test_the_board_counts_the_work(signed_in):
    assert tiles(signed_in()) == {
        "view=mine": "1",
        "view=due": "1",
        "view=unassigned": "5",
        "view=second_look": "1",
        "view=applicant": "1",
        "view=snoozed": "1",
    }


def test_a_senior_sees_what_was_escalated(signed_in):
    assert tiles(signed_in("Senior reviewer"))["view=escalated"] == "1"


def test_every_tile_leads_to_as_many_cases_as_it_says(signed_in):
    client = signed_in("Senior reviewer")
    for query, count in tiles(client).items():
        assert str(len(client.get(f"{QUEUE}?{query}").context["rows"])) == count, query


def test_the_board_says_how_many_are_late(signed_in):
    assert "1 late" in signed_in().get(BOARD).content.decode()


def test_the_board_shows_what_one_holds_and_for_how_long(signed_in):
    page = signed_in().get(BOARD)
    assert [held["case"].applicant.reference for held in page.context["queue"]["mine"]] == ["MINE"]
    assert "yours for 15 min" in page.content.decode()


def test_the_board_shows_which_proposals_wait(signed_in):
    page = signed_in().get(BOARD)
    assert [line["case"].applicant.reference for line in page.context["queue"]["proposed"]] == ["OWN"]
    assert "Your proposals that wait for a colleague" in page.content.decode()


def test_the_board_tells_decisions_and_no_proposal(signed_in):
    shown = [
        (row.verification.applicant.reference, row.verdict)
        for row in signed_in().get(BOARD).context["recent"]
    ]
    assert shown == [("ASKED", Verdict.ASK_AGAIN)]


def test_the_board_asks_the_database_as_often_for_many_cases_as_for_few(road, emulator, signed_in, staff):
    client, reviewer = signed_in("Senior reviewer"), staff("Senior reviewer")
    client.get(BOARD)
    asked = []
    for more in (1, 2):
        for _ in range(more):
            claim.claim(road.in_review(emulator), by=reviewer, now=LATER)
        decide(road.in_review(emulator), Verdict.APPROVE, "vendor_error", by=reviewer, note="The same scar.")
        with CaptureQueriesContext(connection) as queries:
            client.get(BOARD)
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_an_operator_finds_no_queue_and_no_search(signed_in):
    page = signed_in("Operator").get(BOARD)
    assert page.context["queue"] is None
    assert reverse("admin:search") not in page.content.decode()


def test_an_auditor_searches_and_takes_no_case(signed_in):
    page = signed_in("Auditor").get(BOARD).content.decode()
    assert reverse("admin:search") in page
    assert reverse("admin:take_next") not in page


# Unusual viewing


def look_too_often(road, staff):
    by = audit.By.staff(staff("Reviewer"))
    case = road.invited()
    for _ in range(viewing.USUAL[viewing.REVEAL].most + 1):
        viewing.record(viewing.REVEAL, by=by, subject=case, now=LATER - timedelta(minutes=10))


@pytest.mark.parametrize("group", ["Senior reviewer", "Auditor", "Operator"])
def test_who_looked_unusually_often_is_told_to_those_who_watch(road, staff, signed_in, group):
    look_too_often(road, staff)
    page = signed_in(group).get(BOARD)
    (alert,) = page.context["alerts"]
    assert (alert["who"], alert["count"], alert["minutes"], alert["at"]) == ("reviewer", 31, 60, "09:50")
    assert "31 times in 60 min" in page.content.decode()


def test_a_reviewer_is_not_told_who_looks(road, staff, signed_in):
    look_too_often(road, staff)
    page = signed_in().get(BOARD)
    assert page.context["alerts"] is None
    assert "Unusual viewing" not in page.content.decode()


def test_an_alert_of_yesterday_is_for_the_trail(road, staff, signed_in):
    audit.record(
        viewing.ALERT,
        by=audit.By.staff(staff("Reviewer")),
        subject=road.invited(),
        at=LATER - timedelta(hours=24),
        looks=viewing.CASE,
        count=121,
        minutes=60,
    )
    assert "No unusual viewing." in signed_in("Auditor").get(BOARD).content.decode()


# Saved filters


def save(client, name="Mine first", **fields):
    return client.post(reverse("admin:save_filter"), {"name": name, "view": "mine", **fields}, follow=True)


def delete(client, kept):
    return client.post(reverse("admin:delete_filter", args=[kept.pk]), follow=True)


def offered(client) -> list[tuple[str, bool]]:
    return [(line["filter"].name, line["own"]) for line in client.get(QUEUE).context["saved"]]


def test_a_filter_is_kept_for_its_owner_alone(signed_in):
    page = save(signed_in(), band="below", reason="nonsense", owner="x", after="1-1")
    assert page.redirect_chain == [(f"{QUEUE}?view=mine&band=below", 302)]
    assert [(line["filter"].query, line["here"]) for line in page.context["saved"]] == [
        ("view=mine&band=below", True)
    ]
    assert offered(signed_in("Senior reviewer")) == []


def test_the_same_name_again_takes_the_place_of_the_old(signed_in):
    client = signed_in()
    save(client)
    save(client, name="  Mine \x00 first ", view="due")
    assert [(kept.name, kept.query) for kept in SavedFilter.objects.all()] == [("Mine first", "view=due")]


def test_a_senior_shares_a_filter_with_all_and_only_they_delete_it(signed_in):
    save(signed_in("Senior reviewer"), shared="on")
    kept = SavedFilter.objects.get()
    client = signed_in()
    assert offered(client) == [("Mine first", False)]
    assert "by senior" in client.get(QUEUE).content.decode()
    assert delete(client, kept).status_code == 403
    assert SavedFilter.objects.exists()
    delete(signed_in("Senior reviewer"), kept)
    assert not SavedFilter.objects.exists()


def test_a_reviewer_shares_nothing(signed_in):
    client = signed_in()
    assert 'name="shared"' not in client.get(f"{QUEUE}?view=mine").content.decode()
    assert save(client, shared="on").status_code == 403
    assert not SavedFilter.objects.exists()


def test_what_a_colleague_keeps_for_themselves_does_not_exist(signed_in, staff):
    save(signed_in("Senior reviewer"))
    assert delete(signed_in(), SavedFilter.objects.get()).status_code == 404


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"name": " "}, "Give the filter a name."),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"view": "all"}, "Choose a view"),
    ],
)
def test_a_filter_that_cannot_be_kept_is_refused_in_words(signed_in, fields, shown):
    assert shown in save(signed_in(), **fields).content.decode()
    assert not SavedFilter.objects.exists()


def test_there_is_an_end_to_filters(signed_in, monkeypatch):
    monkeypatch.setattr(saved_filter, "MAX_PER_PERSON", 1)
    client = signed_in()
    save(client)
    assert "You have 1 filters already" in save(client, name="Another").content.decode()
    # A saved filter of the same name can still be changed.
    save(client, view="due")
    assert SavedFilter.objects.get().query == "view=due"


def test_saving_and_deleting_are_events(signed_in):
    client = signed_in()
    save(client)
    delete(client, SavedFilter.objects.get())
    events = AuditEvent.objects.filter(kind__startswith="filter.").order_by("pk")
    assert [(event.kind, event.data) for event in events] == [
        ("filter.saved", {"query": "view=mine", "shared": False}),
        ("filter.deleted", {"query": "view=mine", "shared": False}),
    ]


@pytest.mark.parametrize("group", ["Auditor", "Operator"])
def test_who_sees_no_queue_keeps_no_filter(signed_in, group):
    assert save(signed_in(group)).status_code == 403
    assert signed_in(group).post(reverse("admin:delete_filter", args=[1])).status_code == 403
