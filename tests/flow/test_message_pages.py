"""Staff and messages: which were sent and which were not, without names; what came back, and sending again."""

from typing import Any

import pytest

from tests.conftest import NOW, Road
from tests.flow import messaging
from tests.flow.conftest import LATER
from tests.flow.messaging import PERSON, send
from tests.mail_server import MailServer
from verification.models import AuditEvent, Message

pytestmark = pytest.mark.usefixtures("an_hour_later")


@pytest.fixture
def mail(settings: Any) -> Any:
    with MailServer() as server:
        settings.EMAIL = server.settings()
        yield server


@pytest.fixture
def case(road: Road, staff: Any, mail: MailServer) -> Any:
    messaging.telling(staff, "invitation", "reminder", "result")
    return road.invited(**PERSON)


def text_of(page: Any) -> str:
    return str(page.content.decode())


def test_the_page_names_the_case_and_never_the_person(case: Any, mail: MailServer, signed_in: Any) -> None:
    send()
    page = text_of(signed_in("Operator").get("/admin/messages/"))
    assert case.public_id in page
    assert "Invitation" in page
    assert "Sent" in page
    for secret in ("Alice", "alice", "example.org", case.applicant.reference):
        assert secret not in page


def test_a_failure_is_told_on_the_board_and_says_why(case: Any, mail: MailServer, signed_in: Any) -> None:
    mail.answers["RCPT"] = "550 no such user"
    send(LATER)
    client = signed_in("Operator")
    assert "1 message to an applicant was not sent in the last 7 days." in text_of(client.get("/admin/"))
    page = text_of(client.get("/admin/messages/?state=failed"))
    assert "The mail server says that there is no such address." in page
    assert "Reminder" not in page


def test_a_reviewer_is_not_bothered_by_failures(case: Any, mail: MailServer, signed_in: Any) -> None:
    mail.answers["RCPT"] = "550 no such user"
    send(LATER)
    assert "not sent" not in text_of(signed_in("Reviewer").get("/admin/"))


def test_a_reviewer_reads_on_the_case_what_was_sent(case: Any, mail: MailServer, signed_in: Any) -> None:
    send()
    client = signed_in("Reviewer")
    assert f"/admin/messages/?case={case.public_id}" in text_of(client.get(f"/admin/case/{case.public_id}/"))
    page = text_of(client.get(f"/admin/messages/?case={case.public_id}"))
    assert "Invitation" in page
    assert "It came back" not in page


def test_who_notes_that_one_came_back_is_on_record(case: Any, mail: MailServer, signed_in: Any) -> None:
    send()
    message = Message.objects.get(kind="invitation")
    client = signed_in("Operator")
    page = client.post(f"/admin/messages/{message.public_id}/returned", follow=True)
    assert "Noted. Nothing more goes to this address" in text_of(page)
    assert "Came back" in text_of(page)
    event = AuditEvent.objects.get(kind="message.came_back")
    assert (event.actor_kind, event.subject_id) == ("operator", case.public_id)
    page = client.post(f"/admin/messages/{message.public_id}/returned", follow=True)
    assert "Only an e-mail that was sent can come back." in text_of(page)
    client.post(f"/admin/messages/{message.public_id}/again")
    send(LATER)
    assert len(mail.taken) == 2


def test_an_invitation_whose_link_is_gone_leads_to_a_new_link_and_that_goes_out(
    road: Road, staff: Any, mail: MailServer, signed_in: Any
) -> None:
    messaging.telling(staff, "invitation")
    case = road.invited(**PERSON)
    send()
    message = Message.objects.get()
    invitation = f"/admin/invitations/{case.public_id}/"
    client = signed_in("Senior reviewer")
    page = text_of(client.post(f"/admin/messages/{message.public_id}/returned", follow=True))
    assert "Send again" not in page
    assert invitation not in page
    client = signed_in("Front office")
    assert invitation in text_of(client.get("/admin/messages/"))
    page = text_of(client.post(f"/admin/messages/{message.public_id}/again", follow=True))
    assert "Its link is not kept any more." in page
    client.post(f"{invitation}send")
    send(LATER)
    assert len(mail.taken) == 2
    page = text_of(client.get("/admin/messages/?state=bounced"))
    assert "Since then somebody has sent to this address again." in page
    assert invitation not in page


def test_a_message_of_a_case_that_has_ended_is_not_sent_again(
    case: Any, mail: MailServer, signed_in: Any
) -> None:
    mail.answers["RCPT"] = "550 no"
    send()
    type(case).objects.filter(pk=case.pk).update(status="cancelled")
    message = Message.objects.get(kind="invitation")
    page = signed_in("Operator").post(f"/admin/messages/{message.public_id}/again", follow=True)
    assert "no longer true" in text_of(page)
    assert Message.objects.get(pk=message.pk).state == "failed"


def test_the_page_is_cut_and_goes_on(case: Any, signed_in: Any) -> None:
    times = dict.fromkeys(("created_at", "due_at", "not_before"), NOW)
    Message.objects.bulk_create(
        Message(
            verification=case, kind="result", channel="email", about=str(number), state="dropped", **times
        )
        for number in range(60)
    )
    client = signed_in("Operator")
    first = client.get("/admin/messages/?state=dropped")
    assert len(first.context["rows"]) == 50
    older = client.get(f"/admin/messages/?state=dropped&after={first.context['page'].next}")
    assert len(older.context["rows"]) == 10


@pytest.mark.parametrize(
    "query", ["state=x", "case=<script>", "state=failed'--", "after=x", "case=" + "v" * 9000]
)
def test_an_address_that_makes_no_sense_shows_them_all(case: Any, signed_in: Any, query: str) -> None:
    page = signed_in("Operator").get(f"/admin/messages/?{query}")
    assert page.status_code == 200
    assert len(page.context["rows"]) == 2
    assert "<script>" not in text_of(page)


def test_a_policy_that_tells_while_nothing_can_be_sent_says_so(
    case: Any, signed_in: Any, settings: Any
) -> None:
    client = signed_in("Senior reviewer")
    assert "E-mail is not set up here." not in text_of(client.get("/admin/policy/"))
    settings.EMAIL = {}
    for page in ("policy", "messages"):
        assert "E-mail is not set up here." in text_of(client.get(f"/admin/{page}/"))


def test_the_system_page_says_whether_people_and_operators_can_be_told(
    case: Any, signed_in: Any, settings: Any, mail: MailServer
) -> None:
    client = signed_in("Operator")
    settings.ALERT_EMAIL = ["one@bank.example", "two@bank.example"]
    page = text_of(client.get("/admin/system/"))
    assert "They go to 2 e-mail addresses." in page
    assert "one@bank.example" not in page
    settings.EMAIL = {}
    page = text_of(client.get("/admin/system/"))
    assert "Nobody is told when something breaks." in page
    assert "The policy says that applicants are told by e-mail: set KYC_EMAIL_URL." in page


@pytest.mark.parametrize("typed", ["{id}", " {id} ", "<{id}@verify.example.com>", "{id}@verify.example.com"])
def test_a_message_that_came_back_is_found_by_its_message_id(
    case: Any, signed_in: Any, mail: MailServer, typed: str
) -> None:
    send()
    message = Message.objects.get(kind="invitation")
    page = signed_in("Operator").get("/admin/messages/", {"case": typed.format(id=message.public_id)})
    assert [row["message"] for row in page.context["rows"]] == [message]
    assert "It came back" in text_of(page)
