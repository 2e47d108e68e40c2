"""The marks of the queue's rows, what the queue opens with, who holds what, and search by a part of a reference."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import change
from verification.actions import claim, saved_filter
from verification.models import AuditEvent, RiskFlag, SavedFilter, Verification
from verification.review.queue import colleagues
from verification.states import DocumentState, Flag

pytestmark = pytest.mark.usefixtures("an_hour_later")
QUEUE = "/admin/queue/"


def rows(client, query="view=all"):
    return client.get(f"{QUEUE}?{query}").context["rows"]


def references(client, query):
    return {row["case"].applicant.reference for row in rows(client, query)}


# Marks


@pytest.fixture
def marked(road, emulator):
    """A case for each mark, and one without."""
    for reference, field in (
        ("SHARED", "marked_shared"),
        ("COPIED", "marked_copied"),
        ("DEVICES", "marked_devices"),
        ("CAMERA", "marked_camera"),
        ("PLAIN", ""),
    ):
        case = road.in_review(emulator, reference=reference)
        if field:
            change(case, **{field: True})


@pytest.mark.parametrize("mark", ["shared", "copied", "devices", "camera"])
def test_a_mark_stands_on_the_row_and_can_be_looked_for(marked, signed_in, mark):
    assert references(signed_in(), f"mark={mark}") == {mark.upper()}
    (row,) = rows(signed_in(), f"mark={mark}")
    assert len(row["marks"]) == 1


def test_a_row_without_marks_has_none(marked, signed_in):
    plain = [row for row in rows(signed_in()) if row["case"].applicant.reference == "PLAIN"]
    assert plain[0]["marks"] == []


@pytest.mark.parametrize("query", ["mark=nonsense", "mark="])
def test_an_unknown_mark_is_no_filter(marked, signed_in, query):
    assert len(rows(signed_in(), query)) == 5


def test_a_mark_takes_the_place_of_a_band_and_a_reason_that_of_a_mark(marked, signed_in):
    chosen = signed_in().get(f"{QUEUE}?band=above&mark=shared").context["chosen"]
    assert (chosen.band, chosen.mark) == ("", "shared")
    chosen = signed_in().get(f"{QUEUE}?mark=shared&reason=low_similarity").context["chosen"]
    assert (chosen.mark, chosen.reason) == ("", "low_similarity")


def test_the_virtual_camera_of_the_newest_recording_marks_the_case(road, emulator):
    case = road.with_photo()
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=42.0)
    attempt = road.submit(case)
    attempt.signals = {"camera": "OBS Virtual Camera"}
    attempt.save(update_fields=["signals"])
    road.judge(attempt)
    case.refresh_from_db()
    assert (case.marked_camera, case.marked_shared, case.marked_copied) == (True, False, False)


def test_the_first_of_two_with_one_photo_is_marked_too(road, emulator, signed_in):
    first, second = (road.in_review(emulator, reference=name) for name in ("FIRST", "SECOND"))
    RiskFlag.objects.create(
        verification=second,
        attempt=second.attempts.get(),
        other=first,
        code=Flag.SHARED_PHOTO,
        raised_at=LATER,
    )
    marks = {row["case"].applicant.reference: row["marks"] for row in rows(signed_in())}
    assert marks["FIRST"] == ["Shared with another applicant"]


@pytest.mark.parametrize(
    ("state", "mark"),
    [(DocumentState.TO_DO, "Document: to check"), (DocumentState.FAILED, "Document: check failed")],
)
def test_a_document_that_stands_against_an_approval_is_marked(road, emulator, signed_in, state, mark):
    change(road.in_review(emulator), document_state=state)
    assert rows(signed_in())[0]["marks"] == [mark]


def test_marks_cost_no_more_queries_for_many_rows(road, emulator, signed_in):
    client = signed_in()
    road.in_review(emulator)

    def asked():
        client.get(f"{QUEUE}?view=all")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{QUEUE}?view=all")
        return len(queries)

    few = asked()
    for _ in range(4):
        change(road.in_review(emulator), marked_shared=True, document_state=DocumentState.FAILED)
    assert asked() == few


# What the queue opens with


def kept(by, name="Low", query="band=below", *, shared=False):
    return saved_filter.save(name=name, query=query, shared=shared, by=by, now=LATER)


def opens_with(client):
    answer = client.get(QUEUE)
    return answer.url.partition("?")[2] if answer.status_code == 302 else ""


def choose(client, saved, **fields):
    return client.post("/admin/queue/start", {"filter": saved.pk if saved else "", **fields})


def test_the_queue_opens_with_the_filter_that_its_user_chose(signed_in, staff):
    client, saved = signed_in(), kept(staff("Reviewer"))
    assert opens_with(client) == ""
    choose(client, saved)
    assert opens_with(client) == "band=below"
    assert client.get(f"{QUEUE}?view=all").status_code == 200
    choose(client, None)
    assert opens_with(client) == ""


def test_a_senior_chooses_for_everybody_who_chose_nothing(signed_in, staff):
    senior, reviewer = staff("Senior reviewer"), staff("Reviewer")
    team = kept(senior, "Team", "mark=shared", shared=True)
    choose(signed_in("Senior reviewer"), team, for_all="on")
    assert opens_with(signed_in("Reviewer")) == "mark=shared"
    assert AuditEvent.objects.get(kind="filter.opens_for_all").data == {"query": "mark=shared"}
    choose(signed_in("Reviewer"), kept(reviewer))
    assert opens_with(signed_in("Reviewer")) == "band=below"
    choose(signed_in("Reviewer"), None)
    assert opens_with(signed_in("Reviewer")) == ""


def test_only_a_senior_and_only_a_shared_filter_is_everybodys(signed_in, staff):
    own = kept(staff("Senior reviewer"))
    choose(signed_in("Senior reviewer"), own, for_all="on")
    shared = kept(staff("Senior reviewer"), "Team", shared=True)
    assert choose(signed_in("Reviewer"), shared, for_all="on").status_code == 403
    assert not SavedFilter.objects.filter(opens_for_all=True).exists()


def test_a_filter_that_is_shared_no_more_opens_for_nobody_else(signed_in, staff):
    senior = staff("Senior reviewer")
    team = kept(senior, "Team", shared=True)
    choose(signed_in("Senior reviewer"), team, for_all="on")
    choose(signed_in("Reviewer"), team)
    kept(senior, "Team")
    assert opens_with(signed_in("Reviewer")) == ""


def test_nobody_opens_the_queue_with_a_filter_of_somebody_else(signed_in, staff):
    theirs = kept(staff("Reviewer", "other"))
    for number in (theirs.pk, 10**18 - 1):
        assert signed_in().post("/admin/queue/start", {"filter": number}).status_code == 404


# Who holds what


def test_a_senior_sees_what_each_colleague_holds(road, emulator, signed_in, staff):
    rita, omar = staff("Reviewer", "rita"), staff("Reviewer", "omar")
    claim.claim(road.in_review(emulator, reference="CLAIMED"), by=rita, now=LATER)
    change(
        road.in_review(emulator, reference="KEPT"),
        assigned_to=omar,
        assigned_at=LATER - timedelta(days=2),
        due_at=LATER - timedelta(hours=1),
    )
    answer = signed_in("Senior reviewer").get(reverse("admin:colleagues"))
    people = {row["user"].username: row for row in answer.context["people"]}
    assert (people["rita"]["claimed"].count, people["rita"]["kept"].count) == (1, 0)
    assert (people["omar"]["claimed"].count, people["omar"]["kept"].count, people["omar"]["kept"].late) == (
        0,
        1,
        1,
    )
    assert "CLAIMED" in answer.content.decode()
    assert "Alice" not in answer.content.decode()


def test_a_claim_that_ran_out_is_held_by_nobody(road, emulator, signed_in, staff):
    case = road.in_review(emulator)
    change(case, claimed_by=staff("Reviewer", "rita"), claimed_until=LATER - timedelta(minutes=1))
    people = signed_in("Senior reviewer").get(reverse("admin:colleagues")).context["people"]
    assert all(row["claimed"].count == 0 for row in people)


def test_the_list_of_one_colleague_has_a_limit_and_says_so(road, emulator, signed_in, staff, monkeypatch):
    monkeypatch.setattr(colleagues, "MAX_LINES", 1)
    rita = staff("Reviewer", "rita")
    for _ in range(3):
        claim.claim(road.in_review(emulator), by=rita, now=LATER)
    assert "and 2 more" in signed_in("Senior reviewer").get(reverse("admin:colleagues")).content.decode()


@pytest.mark.parametrize(("group", "status"), [("Reviewer", 403), ("Auditor", 403), ("Senior reviewer", 200)])
def test_what_colleagues_hold_is_for_seniors(signed_in, group, status):
    assert signed_in(group).get(reverse("admin:colleagues")).status_code == status


# Search by the beginning of a reference


def look_for(client, text):
    answer = client.post("/admin/search", {"q": text})
    assert answer.url == "/admin/search"
    return client.get("/admin/search")


@pytest.mark.parametrize("text", ["CUST-1", "cust-1", "CUST-10"])
def test_the_beginning_of_a_reference_finds_its_cases(road, signed_in, text):
    for reference in ("CUST-1001", "CUST-1002", "OTHER-CUST-1"):
        road.invited(reference=reference)
    page = look_for(signed_in(), text)
    found = {row["case"].applicant.reference for row in page.context["rows"]}
    assert found == {"CUST-1001", "CUST-1002"}
    assert "references begin like this" in page.content.decode()
    assert AuditEvent.objects.get(kind="queue.searched").data == {
        "looked_for": ["reference_part"],
        "cases": 2,
    }


def test_one_that_begins_so_is_listed_and_not_opened(road, signed_in):
    road.invited(reference="CUST-1001")
    assert len(look_for(signed_in(), "CUST").context["rows"]) == 1


def test_a_whole_reference_is_found_alone(road, signed_in):
    case, _longer = road.invited(reference="CUST-100"), road.invited(reference="CUST-1001")
    answer = signed_in().post("/admin/search", {"q": "CUST-100"})
    assert answer.url == reverse("admin:case", args=[case.public_id])


@pytest.mark.parametrize("text", ["CU", "%", "C_S", "CUST%", "\U0010ffff" * 3])
def test_less_than_three_characters_or_signs_of_a_pattern_find_nothing(road, signed_in, text):
    road.invited(reference="CUST-1001")
    assert look_for(signed_in(), text).context["rows"] == []


def test_more_than_is_shown_is_said(road, signed_in, monkeypatch):
    monkeypatch.setattr("verification.review.queue.search.MAX_RESULTS", 2)
    for number in range(4):
        road.invited(reference=f"CUST-{number}")
    page = look_for(signed_in(), "CUST")
    assert len(page.context["rows"]) == 2
    assert "write more of it" in page.content.decode()
    assert Verification.objects.count() == 4
