"""Where the policy says so, links go out by e-mail, and nobody of the staff sees them."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.flow import messaging
from tests.flow.conftest import LATER, text_of
from tests.flow.test_messages import SENT_BY_SMS
from tests.mail_server import MailServer
from verification.actions import invite_many
from verification.models import InvitationFile, Message, Verification

pytestmark = [pytest.mark.usefixtures("an_hour_later"), pytest.mark.django_db]

NEW = "/admin/invitations/new"
PERSON = {
    "reference": "CUST-1",
    "name": "Mara Lindqvist",
    "email": "mara@example.org",
    "locale": "en",
    "mode": "",
}
LINK = re.compile(r"https?://\S+/v/[A-Za-z0-9_-]{43}")
PEOPLE = b"reference,name,email\nC1,Mara,mara@example.org\nC2,Tomas,\nC3,Ines,ines@example.org\n"


@pytest.fixture
def mail(settings):
    with MailServer() as server:
        settings.EMAIL = server.settings()
        yield server


@pytest.fixture
def fay(desk_of):
    return desk_of("Front office", "fay")


@pytest.fixture
def telling(staff):
    return messaging.telling(staff, "invitation")


def sent(mail):
    """The links that went out, by address."""
    messaging.send(LATER)
    return {taken.recipients[0]: LINK.findall(taken.email.get_content())[0] for taken in mail.taken}


def opens(client, link):
    return client.get("/v/" + link.rpartition("/")[2]).status_code == 302


def page_of(case):
    return f"/admin/invitations/{case.public_id}/"


def confirmed(fay, **fields):
    fay.post("/admin/invitation-files/new", {"file": SimpleUploadedFile("people.csv", PEOPLE)})
    file = InvitationFile.objects.get()
    path = f"/admin/invitation-files/{file.public_id}/"
    assert fay.post(f"{path}confirm", {"sha256": file.file_sha256, **fields}).status_code == 302
    return file, path


def test_one_person_gets_the_link_by_mail_and_the_staff_do_not_see_it(fay, mail, telling, client):
    answer = fay.post(NEW, {**PERSON, "send": "on"}, follow=True)
    assert not LINK.search(text_of(answer))
    links = sent(mail)
    assert opens(client, links["mara@example.org"])
    assert "Sent" in text_of(fay.get(page_of(Verification.objects.get())))


def test_without_the_tick_the_link_is_shown_and_nothing_is_sent(fay, mail, telling):
    assert LINK.search(text_of(fay.post(NEW, PERSON)))
    assert sent(mail) == {}


def test_whoever_has_no_address_is_shown_as_a_link_in_spite_of_the_tick(fay, mail, telling):
    assert LINK.search(text_of(fay.post(NEW, {**PERSON, "email": "", "send": "on"})))


def test_the_first_policy_sends_nothing_and_offers_it_nowhere(fay, mail):
    assert 'name="send"' not in text_of(fay.get(NEW))
    answer = fay.post(NEW, {**PERSON, "send": "on"})
    case = Verification.objects.get()
    assert LINK.search(text_of(answer))
    assert "Send a new link" not in text_of(fay.get(page_of(case)))
    assert "There is no address to send to" in text_of(fay.post(f"{page_of(case)}send", follow=True))
    assert sent(mail) == {}


def test_a_new_link_goes_out_by_mail_and_the_old_one_ends(fay, mail, telling, client):
    old = LINK.findall(text_of(fay.post(NEW, PERSON)))[0]
    case = Verification.objects.get()
    answer = fay.post(f"{page_of(case)}send", follow=True)
    assert not LINK.search(text_of(answer))
    assert opens(client, sent(mail)["mara@example.org"])
    assert client.get("/v/" + old.rpartition("/")[2]).status_code == 404


def test_the_people_of_a_file_get_their_links_and_the_file_of_links_has_the_others(
    fay, mail, telling, monkeypatch
):
    monkeypatch.setattr(invite_many, "SENT_AT_ONCE", 2)
    _, path = confirmed(fay, send="on")
    assert not Message.objects.exists()
    assert [invite_many.send_some(now=LATER) for _ in range(3)] == [2, 1, 0]
    links = sent(mail)
    assert sorted(links) == ["ines@example.org", "mara@example.org"]
    handed_over = fay.post(f"{path}links").content.decode("utf-8-sig")
    assert [row["reference"] for row in csv.DictReader(io.StringIO(handed_over))] == ["C2"]
    assert all(opens(Client(), link) for link in links.values())


def test_whoever_began_before_their_message_was_queued_keeps_what_they_have(fay, mail, telling):
    confirmed(fay, send="on")
    Verification.objects.filter(applicant__reference="C1").update(status="collecting", browser_hash="b" * 64)
    invite_many.send_some(now=LATER)
    assert sorted(sent(mail)) == ["ines@example.org"]


@pytest.mark.parametrize("fields", [{}, {"send": "on"}])
def test_no_links_of_a_file_go_out_unless_both_the_policy_and_the_tick_say_so(fay, mail, fields, staff):
    if not fields:
        messaging.telling(staff, "invitation")
    _, path = confirmed(fay, **fields)
    assert invite_many.send_some(now=LATER) == 0
    assert sent(mail) == {}
    assert len(fay.post(f"{path}links").content.splitlines()) == 4


def test_whoever_gets_an_sms_is_in_no_file_of_links(fay, mail, telling, settings):
    settings.SMS_SENDER = "tests.flow.test_messages.sms"
    _, path = confirmed(fay, send="on")
    invite_many.send_some(now=LATER)
    sent(mail)
    assert SENT_BY_SMS[-1]["reference"] == "C2"
    assert "Nobody is left whose link has to be handed over." in text_of(fay.get(path))
    assert len(fay.post(f"{path}links").content.splitlines()) == 1
    assert opens(Client(), LINK.findall(SENT_BY_SMS[-1]["text"])[0])


def test_whoever_has_an_address_is_in_the_file_of_links_where_only_sms_go_out(fay, telling, settings):
    settings.EMAIL = {}
    settings.SMS_SENDER = "tests.flow.test_messages.sms"
    _, path = confirmed(fay, send="on")
    invite_many.send_some(now=LATER)
    handed_over = fay.post(f"{path}links").content.decode("utf-8-sig")
    assert [row["reference"] for row in csv.DictReader(io.StringIO(handed_over))] == ["C1", "C3"]
