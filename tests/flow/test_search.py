"""The search box: any complete id leads to its case, and no event or log holds the search text."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.urls import reverse

from tests.flow.conftest import LATER
from tests.flow.reviewing import seen
from verification.actions import reassign
from verification.models import AuditEvent, RiskFlag, Verdict, Verification
from verification.review.queue import search
from verification.states import Flag

pytestmark = pytest.mark.usefixtures("an_hour_later")
SEARCH = "/admin/search"


def page_of(case) -> str:
    return reverse("admin:case", args=[case.public_id])


def look_for(client, text):
    return client.post(SEARCH, {"q": text})


def found_by(client, text):
    """The page to which the search leads."""
    answer = look_for(client, text)
    assert (answer.status_code, answer.url) == (302, SEARCH)
    return client.get(SEARCH)


@pytest.fixture
def known(road, emulator, staff):
    """A case, and its ids by kind."""
    case, _other = (
        road.in_review(emulator, seed=1, **details) for details in ({"reference": "alice@example.org"}, {})
    )
    attempt, document = case.attempts.get(), case.documents.get()
    call = attempt.calls.get()
    flag = RiskFlag.objects.create(
        verification=case, attempt=attempt, code=Flag.ALIKE_VIDEO, raised_at=LATER - timedelta(minutes=1)
    )
    noted = reassign.reassign(
        case,
        Verdict.SNOOZE,
        reason_code="fresh_eyes",
        note="",
        shown=seen(case),
        by=staff("Reviewer"),
        now=LATER,
        hours=1,
    )
    ids = {
        "ver": case.public_id,
        "att": attempt.public_id,
        "doc": document.public_id,
        "call": call.public_id,
        "rev": noted.public_id,
        "flg": flag.public_id,
        "app": case.applicant.public_id,
        "reference": case.applicant.reference,
        "request_id": call.request_id,
        "photo": document.original_sha256,
        "recording": attempt.original_sha256,
    }
    return SimpleNamespace(case=case, ids=ids)


def test_every_id_leads_to_its_case_and_the_trail_says_what_kind_it_was(known, road, emulator, signed_in):
    client = signed_in()
    # The other case shows the same photo.
    ids = {kind: text for kind, text in known.ids.items() if kind != "photo"}
    for kind, text in ids.items():
        assert look_for(client, f"  {text}\x00\n").url == page_of(known.case), kind
    searches = [event.data for event in AuditEvent.objects.filter(kind="queue.searched").order_by("pk")]
    assert searches == [{"looked_for": [kind], "cases": 1} for kind in ids]


def test_the_trail_never_holds_what_was_looked_for(known, signed_in, staff):
    client = signed_in()
    for text in (known.ids["reference"], "Alice Example"):
        look_for(client, text)
    events = AuditEvent.objects.filter(kind="queue.searched")
    assert {event.subject_id for event in events} == {str(staff("Reviewer").pk)}
    assert not [event for event in events if "lice" in str(event.data)]


def test_a_hash_is_found_in_capitals_too(known, signed_in):
    assert look_for(signed_in(), known.ids["recording"].upper()).url == page_of(known.case)


def test_a_photo_that_two_sent_gives_both(known, signed_in):
    page = found_by(signed_in(), known.ids["photo"])
    assert [row["case"].applicant.reference for row in page.context["rows"]] == ["REF-2", "alice@example.org"]
    assert "A••• E•••" in page.content.decode()
    assert "Alice Example" not in page.content.decode()


def test_an_applicant_with_many_cases_gives_a_short_list(road, signed_in, monkeypatch):
    monkeypatch.setattr(search, "MAX_RESULTS", 2)
    cases = [road.invited() for _ in range(3)]
    Verification.objects.update(applicant=cases[0].applicant)
    page = found_by(signed_in(), cases[0].applicant.public_id)
    assert len(page.context["rows"]) == 2
    assert "There are more than are shown here." in page.content.decode()


def test_a_reference_that_looks_like_one_of_our_ids_is_found(road, signed_in):
    for reference in ("ver_" + "a" * 24, "b" * 64, "ref_" + "a" * 24):
        case = road.invited(reference=reference)
        assert look_for(signed_in(), reference).url == page_of(case)


def test_a_part_of_an_id_finds_nothing_and_is_told_kindly(known, signed_in):
    page = found_by(signed_in(), known.case.public_id[:-1])
    assert page.status_code == 200
    assert "No case was found" in page.content.decode()


@pytest.mark.parametrize("text", ["", "   ", "\x00", "x" * 201])
def test_what_can_be_no_id_is_not_looked_for(road, signed_in, text):
    page = found_by(signed_in(), text)
    assert "Nothing was looked for" in page.content.decode()
    assert not AuditEvent.objects.filter(kind="queue.searched").exists()


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "%", "<script>alert(1)</script>", "ver_%", "\ud7ff\U0001f600", "a" * 200]
)
def test_hostile_words_find_nothing_and_do_nothing(known, signed_in, text):
    page = found_by(signed_in(), text)
    assert page.status_code == 200
    assert page.context["rows"] == []
    assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(
    ("group", "status"), [("Reviewer", 302), ("Senior reviewer", 302), ("Auditor", 302), ("Operator", 403)]
)
def test_who_may_search(known, signed_in, group, status):
    assert look_for(signed_in(group), known.case.public_id).status_code == status


def test_what_was_found_is_still_there_when_one_comes_back_from_a_case(known, signed_in):
    client = signed_in()
    rows = found_by(client, known.ids["photo"]).context["rows"]
    assert client.get(page_of(known.case)).status_code == 200
    again = client.get(SEARCH)
    assert [row["case"] for row in again.context["rows"]] == [row["case"] for row in rows]
    assert AuditEvent.objects.filter(kind="queue.searched").count() == 1


def test_what_was_looked_for_is_kept_nowhere(known, signed_in):
    client = signed_in()
    Verification.objects.update(applicant=known.case.applicant)
    page = found_by(client, f" {known.ids['app']} ")
    assert len(page.context["rows"]) == 2
    assert known.ids["app"] not in page.content.decode()
    assert known.ids["app"] not in str(dict(client.session))


def test_what_one_found_is_for_who_may_see_cases_when_it_is_shown(known, signed_in, staff):
    client = signed_in()
    found_by(client, known.ids["photo"])
    staff("Reviewer").groups.clear()
    assert client.get(SEARCH).status_code == 403


@pytest.mark.parametrize("text", ["", "nobody"])
def test_a_search_that_found_nothing_shows_nothing_of_the_one_before(known, signed_in, text):
    client = signed_in()
    found_by(client, known.ids["photo"])
    assert found_by(client, text).context["rows"] == []


def test_the_address_of_the_search_shows_its_box(signed_in):
    page = signed_in().get(SEARCH)
    assert page.status_code == 200
    assert 'id="find"' in page.content.decode()
    assert "sign in" not in page.content.decode()
    assert not AuditEvent.objects.filter(kind="queue.searched").exists()


@pytest.mark.parametrize(
    "look_up", [*search.PUBLIC_IDS.values(), *search.FILES, search.REFERENCE, search.REQUEST_ID]
)
def test_every_look_up_goes_along_an_index(db, look_up):
    rows = look_up.model._default_manager.exclude(**{look_up.field: ""}).filter(**{look_up.field: "x" * 64})
    if connection.vendor == "sqlite":
        plan = rows.order_by().explain()
        assert "SCAN" not in plan, plan
