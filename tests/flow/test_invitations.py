"""The front office invites one person, hands over a new link, and sees where an invitation stands, and no more."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client

from tests.conftest import NOW
from tests.flow.conftest import LATER, text_of
from verification import audit
from verification.actions import api_client
from verification.actions.cancel import cancel
from verification.models import Applicant, AuditEvent, Verification

pytestmark = [pytest.mark.usefixtures("an_hour_later"), pytest.mark.django_db]

FRONT_OFFICE = "Front office"
NEW, LIST = "/admin/invitations/new", "/admin/invitations/"
PERSON = {
    "reference": "CUST-1",
    "name": "Mara Lindqvist",
    "email": "mara@example.org",
    "locale": "en",
    "mode": "",
}
LINK = re.compile(r"https?://[^<\s]+/v/[A-Za-z0-9_-]{43}")


@pytest.fixture
def fay(desk_of):
    return desk_of(FRONT_OFFICE, "fay")


def invite(desk, **more):
    return desk.post(NEW, {**PERSON, **more})


def link_on(answer):
    (link,) = set(LINK.findall(text_of(answer)))
    return link


def page_of(case):
    return f"{LIST}{case.public_id}/"


def opens(link):
    """Whether an applicant's browser gets in by the link."""
    answer = Client().get(urlsplit(link).path, follow=True)
    return answer.status_code == 200 and "does not work" not in text_of(answer)


# Inviting


def test_one_person_is_invited_and_their_link_is_shown_once(fay):
    answer = invite(fay)
    case = Verification.objects.get()
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("no-store")
    assert opens(link_on(answer))
    assert (case.applicant.reference, case.applicant.name) == ("CUST-1", "Mara Lindqvist")
    event = AuditEvent.objects.get(kind="verification.invited")
    assert (event.actor_kind, event.actor_id) == ("front_office", "fay")
    assert not LINK.search(text_of(fay.get(page_of(case))))
    assert not LINK.search(text_of(fay.get(LIST)))


def test_it_can_be_for_a_calling_system_and_with_a_mode(fay):
    client = api_client.create_client(name="CRM", by=audit.By.shell(), now=NOW).record.client
    invite(fay, client=client.pk, mode="SILENT")
    case = Verification.objects.get()
    assert (case.client, case.applicant.client, case.mode) == (client, client, "SILENT")


def test_a_calling_system_that_is_disabled_is_no_choice(fay):
    client = api_client.create_client(name="CRM", by=audit.By.shell(), now=NOW).record.client
    api_client.create_client(name="Other", by=audit.By.shell(), now=NOW)
    api_client.disable(client, by=audit.By.shell(), now=NOW)
    assert invite(fay, client=client.pk).status_code == 422
    assert not Verification.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("reference", " ", "A reference is needed."),
        ("reference", "C\x001", "not allowed here"),
        ("name", "", "A name is needed."),
        ("name", "M\u202eara", "not allowed here"),
        ("name", "M" * 201, "longer than 200"),
        ("email", "nobody", "not an e-mail address"),
        ("mode", "SMILE", "not one of the available choices"),
    ],
)
def test_what_the_api_refuses_is_refused_here_and_stays_in_the_form(fay, field, value, sentence):
    answer = invite(fay, **{field: value})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Applicant.objects.exists()


def test_a_reference_that_is_under_way_leads_to_its_invitation_and_nobody_is_invited_twice(fay):
    invite(fay)
    answer = invite(fay, name="Other Name")
    assert answer.status_code == 409
    assert page_of(Verification.objects.get()) in text_of(answer)
    assert Applicant.objects.get().name == "Mara Lindqvist"


def test_whoever_has_ended_is_invited_anew(fay):
    invite(fay)
    cancel(Verification.objects.get(), reason="no_longer_needed", by=audit.By.shell(), now=LATER)
    assert invite(fay, name="Mara Berg").status_code == 200
    assert Verification.objects.count() == 2
    assert Applicant.objects.get().name == "Mara Berg"


# Links


def test_a_new_link_ends_the_old_one(fay):
    old = link_on(invite(fay))
    case = Verification.objects.get()
    new = link_on(fay.post(f"{page_of(case)}link"))
    assert opens(new)
    assert not opens(old)
    assert AuditEvent.objects.get(kind="link.renewed").actor_id == "fay"


def test_an_ended_link_opens_nothing_until_there_is_a_new_one(fay):
    old = link_on(invite(fay))
    case = Verification.objects.get()
    assert fay.post(f"{page_of(case)}revoke").status_code == 302
    assert not opens(old)
    assert "The link was ended" in text_of(fay.get(page_of(case)))
    assert opens(link_on(fay.post(f"{page_of(case)}link")))


@pytest.mark.parametrize("act", ["link", "revoke"])
def test_what_has_ended_gets_no_link(fay, act):
    invite(fay)
    case = Verification.objects.get()
    cancel(case, reason="no_longer_needed", by=audit.By.shell(), now=LATER)
    answer = fay.post(f"{page_of(case)}{act}", follow=True)
    assert "Invite the person anew" in text_of(answer)
    assert not LINK.search(text_of(answer))
    assert not AuditEvent.objects.filter(kind__startswith="link.").exists()


def test_a_link_that_ran_out_says_so_and_a_new_one_works(fay, staff):
    invite(fay)
    case = Verification.objects.get()
    Verification.objects.update(link_expires_at=LATER - timedelta(minutes=1))
    assert "The link ran out" in text_of(fay.get(page_of(case)))
    assert opens(link_on(fay.post(f"{page_of(case)}link")))


# What is shown


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("invited", "waiting for the applicant"),
        ("collecting", "waiting for the applicant"),
        ("checking", "being checked"),
        ("in_review", "with a reviewer"),
        ("consent_refused", "ended"),
        ("expired", "ended: the link ran out"),
        ("cancelled", "ended: cancelled"),
    ],
)
def test_where_a_case_stands_is_said_in_plain_words(fay, status, words):
    invite(fay)
    Verification.objects.update(status=status)
    for path in (LIST, page_of(Verification.objects.get())):
        page = text_of(fay.get(path))
        assert words in page


def test_no_score_or_evidence_is_shown_of_a_case_in_review(fay, road, emulator):
    case = road.in_review(emulator)
    pages = text_of(fay.get(page_of(case))) + text_of(fay.get(LIST))
    for word in ("/admin/evidence/", "/admin/case/", "imilarity", "score", "42"):
        assert word not in pages, word


def test_a_look_at_one_invitation_is_an_event_and_the_list_masks_names(fay):
    invite(fay)
    case = Verification.objects.get()
    assert "Mara Lindqvist" not in text_of(fay.get(LIST))
    looks = AuditEvent.objects.filter(kind="record.viewed", subject_id=case.public_id, actor_id="fay")
    assert not looks.exists()
    assert "Mara Lindqvist" in text_of(fay.get(page_of(case)))
    assert looks.count() == 1


def test_the_newest_come_first_and_a_page_leads_to_the_next_and_back(fay, monkeypatch):
    monkeypatch.setattr("verification.review.front_office.page.PAGE_SIZE", 2)
    for number in range(5):
        with time_machine.travel(LATER + timedelta(seconds=number), tick=False):
            invite(fay, reference=f"CUST-{number}")

    def shown(query):
        page = text_of(fay.get(f"{LIST}{query}"))
        place = re.search(r'rel="next" href="(\?after=[0-9-]+)"', page)
        before = re.search(r'rel="prev" href="(\?before=[0-9-]+)"', page)
        return re.findall(r"<bdi>(CUST-\d)</bdi>", page), place and place[1], before and before[1]

    first, after, none = shown("")
    second, further, back = shown(after)
    last, end, _ = shown(further)
    assert (first, second, last) == (["CUST-4", "CUST-3"], ["CUST-2", "CUST-1"], ["CUST-0"])
    assert (none, end) == (None, None)
    assert shown(back)[0] == first


# Finding


@pytest.fixture
def three(fay):
    for reference in ("CUST-1", "CUST-10", "%UST"):
        invite(fay, reference=reference)
    return fay


def find(client, text):
    return client.post(f"{LIST}find", {"q": text}, follow=True)


def test_a_whole_reference_leads_to_its_invitation(three):
    answer = find(three, " CUST-1 ")
    assert answer.redirect_chain[-1][0] == page_of(Verification.objects.get(applicant__reference="CUST-1"))


def test_the_beginning_of_a_reference_lists_what_begins_so(three):
    page = text_of(find(three, "CUST"))
    assert ("CUST-1<" in page, "CUST-10<" in page, "%UST<" in page) == (True, True, False)
    assert "CUST" not in "".join(
        str(event.data) for event in AuditEvent.objects.filter(kind="queue.searched")
    )


@pytest.mark.parametrize("text", ["", " ", "UST", "C%", "x" * 201, "\x00"])
def test_what_nobody_has_is_not_found(three, text):
    page = text_of(find(three, text))
    assert "No invitation was found" in page or "All invitations" not in page


def test_more_than_are_shown_is_said(three, monkeypatch):
    monkeypatch.setattr("verification.review.front_office.page.MAX_FOUND", 1)
    assert "There are more than are shown here" in text_of(find(three, "CUST-"))


# Who


@pytest.mark.parametrize("group", ["Reviewer", "Senior reviewer", "Auditor"])
def test_nobody_who_decides_or_audits_invites_or_makes_links(fay, desk_of, group):
    invite(fay)
    case = Verification.objects.get()
    other = desk_of(group)
    assert invite(other, reference="CUST-2").status_code == 403
    assert other.post(f"{page_of(case)}link").status_code == 403
    assert Verification.objects.get().link_hash == case.link_hash


def test_the_board_of_the_front_office_leads_to_its_pages_and_says_nothing_of_missing_groups(fay):
    board = text_of(fay.get("/admin/"))
    assert NEW in board
    assert "You are in no group yet" not in board
    assert "/admin/queue/" not in board
