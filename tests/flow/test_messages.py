"""Messages to applicants: who is told what, once, in which words, and what is never told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from tests.conftest import NOW, WORDING, Road, undone_later
from tests.flow import messaging
from tests.flow.conftest import LATER
from tests.flow.messaging import PERSON, send, states
from tests.flow.reviewing import approve, decide
from tests.mail_server import MailServer
from verification import audit, links, messages
from verification.actions import cancel, consent, erase, link, reopen, sweep
from verification.messages import outbox
from verification.models import Applicant, AuditEvent, KeptLink, Message, MessageState, Verdict, Verification
from verification.states import Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(settings: Any) -> Any:
    with MailServer() as server:
        settings.EMAIL = server.settings()
        yield server


@pytest.fixture
def telling(staff: Any) -> Any:
    return lambda *terms, **others: messaging.telling(staff, *terms, **others)


def text_of(taken: Any) -> str:
    return str(taken.email.get_content())


# Who is told


def test_an_invitation_reaches_its_applicant_with_the_link(
    road: Road, mail: MailServer, telling: Any
) -> None:
    telling("invitation")
    invited = road.invitation(**PERSON)
    assert not mail.taken  # it is only written down with the case
    send()
    (taken,) = mail.taken
    assert taken.recipients == ["alice@example.org"]
    assert taken.email["Subject"] == "Example Bank asks you to verify your identity"
    assert invited.link in text_of(taken)
    assert "Alice Example" in text_of(taken)
    assert taken.email["Auto-Submitted"] == "auto-generated"
    assert states(invited.verification) == {"invitation": "sent"}
    event = AuditEvent.objects.get(kind="message.sent")
    assert event.subject_id == invited.verification.public_id
    assert "alice" not in str(event.data).lower()


def test_the_first_policy_tells_nobody_anything(road: Road, mail: MailServer) -> None:
    road.invitation(**PERSON)
    send()
    assert not mail.taken
    assert not Message.objects.exists()
    assert not KeptLink.objects.exists()


def test_who_has_no_address_is_told_nothing(road: Road, mail: MailServer, telling: Any) -> None:
    telling("invitation", "reminder", "result")
    road.invitation()
    assert not Message.objects.exists()
    assert not KeptLink.objects.exists()


def test_an_invitation_that_was_not_committed_is_not_sent(road: Road, mail: MailServer, telling: Any) -> None:
    telling("invitation")
    with undone_later():
        road.invitation(**PERSON)
        transaction.set_rollback(True)
    send()
    assert not mail.taken


def test_the_asker_may_hand_the_link_over_without_an_e_mail(
    road: Road, mail: MailServer, telling: Any
) -> None:
    telling("invitation", "reminder")
    road.invitation(**PERSON, send=False)
    assert not Message.objects.exists()


def test_no_message_is_sent_twice(road: Road, mail: MailServer, telling: Any) -> None:
    telling("invitation")
    road.invitation(**PERSON)
    send()
    send()
    assert len(mail.taken) == 1


def test_one_connection_takes_many_messages(road: Road, mail: MailServer, telling: Any) -> None:
    telling("invitation")
    for _ in range(5):
        road.invitation(**PERSON)
    send()
    assert len(mail.taken) == 5
    assert mail.connections == 1


def test_a_reminder_goes_out_once_before_the_link_ends(road: Road, mail: MailServer, telling: Any) -> None:
    telling("reminder")
    invited = road.invitation(**PERSON)
    ends = invited.verification.link_expires_at
    send(ends - timedelta(days=2, minutes=1))
    assert not mail.taken
    send(ends - timedelta(days=2))
    send(ends - timedelta(days=1))
    (taken,) = mail.taken
    assert invited.link in text_of(taken)
    assert taken.email["Subject"] == "Your link from Example Bank ends soon"


def test_a_link_of_one_day_is_reminded_of_halfway(road: Road, mail: MailServer, telling: Any) -> None:
    telling("reminder", link_days=1)
    road.invitation(**PERSON)
    send(NOW + timedelta(hours=11))
    assert not mail.taken
    send(NOW + timedelta(hours=12))
    assert len(mail.taken) == 1


def test_who_has_sent_everything_is_not_reminded(
    road: Road, emulator: Any, mail: MailServer, telling: Any
) -> None:
    telling("reminder")
    case = road.judged(emulator, **PERSON)
    assert case.status == Status.APPROVED
    assert not Message.objects.exists()  # a plan that came to nothing leaves no row
    send(case.link_expires_at - timedelta(hours=1))
    assert not mail.taken


@pytest.fixture
def reviewer(staff: Any) -> Any:
    return staff("Reviewer")


def test_who_is_asked_again_gets_the_link_again(
    road: Road, emulator: Any, mail: MailServer, telling: Any, reviewer: Any
) -> None:
    telling("again")
    case = road.in_review(emulator, **PERSON)
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=reviewer)
    send(LATER)
    (taken,) = mail.taken
    assert taken.email["Subject"] == "Example Bank needs something from you again"
    token = text_of(taken).partition("/v/")[2].split()[0]
    assert links.find(token, now=LATER) == case


@pytest.mark.parametrize(
    ("verdict", "reason", "says"),
    [
        (Verdict.DECLINE, "different_person", "Your identity could not be confirmed"),
        (Verdict.APPROVE, "same_person", "Your identity was confirmed"),
    ],
)
def test_a_result_is_told_without_its_reason(
    road: Road,
    emulator: Any,
    mail: MailServer,
    telling: Any,
    reviewer: Any,
    verdict: Any,
    reason: str,
    says: str,
) -> None:
    telling("result")
    case = road.judged(emulator, {"sim": 74.2}, **PERSON)
    decide(case, verdict, reason, by=reviewer)
    send(LATER)
    (taken,) = mail.taken
    assert taken.email["Subject"] == says
    for secret in ("different", "74", "score", "recording", case.applicant.reference):
        assert secret not in text_of(taken)


def test_a_decision_that_was_taken_back_is_not_told(
    road: Road, emulator: Any, mail: MailServer, telling: Any, reviewer: Any, staff: Any
) -> None:
    telling("result")
    case = road.judged(emulator, {"sim": 74.2}, **PERSON)
    decide(case, Verdict.DECLINE, "different_person", by=reviewer)
    case.refresh_from_db()
    senior = staff("Senior reviewer")
    reopen.reopen(
        case, reason_code="mistake", note="The wrong case.", version=case.version, by=senior, now=LATER
    )
    send(LATER)
    assert not mail.taken
    assert states(case) == {"result": "dropped overtaken"}
    case.refresh_from_db()
    approve(case, by=reviewer, now=LATER + timedelta(hours=1))
    send(LATER + timedelta(hours=1))
    assert [taken.email["Subject"] for taken in mail.taken] == ["Your identity was confirmed"]


def test_a_long_review_is_told_once_when_it_is_overdue(
    road: Road, emulator: Any, mail: MailServer, telling: Any
) -> None:
    telling("delay")
    case = road.in_review(emulator, **PERSON)
    send(case.due_at - timedelta(minutes=1))
    assert not mail.taken
    send(case.due_at)
    send(case.due_at + timedelta(days=1))
    assert [taken.email["Subject"] for taken in mail.taken] == [
        "Checking your identity takes longer than usual"
    ]


def test_nothing_is_told_to_who_was_erased(
    road: Road, emulator: Any, mail: MailServer, telling: Any, reviewer: Any
) -> None:
    telling("result")
    case = road.judged(emulator, {"sim": 74.2}, **PERSON)
    decide(case, Verdict.DECLINE, "different_person", by=reviewer)
    erase.erase(Applicant.objects.get(), by=audit.By.shell(), reason="asked for it", now=LATER)
    send(LATER)
    assert not mail.taken
    assert states(case) == {"result": "dropped erased"}


def test_a_cancelled_case_invites_nobody(road: Road, mail: MailServer, telling: Any) -> None:
    telling("invitation", "reminder")
    case = road.invited(**PERSON)
    cancel.cancel(case, reason="mistake", by=audit.By.shell(), now=NOW)
    send(case.link_expires_at - timedelta(hours=1))
    assert not mail.taken
    assert states(case) == {"invitation": "dropped overtaken"}


def test_what_a_review_planned_goes_with_its_end(
    road: Road, emulator: Any, mail: MailServer, telling: Any, reviewer: Any
) -> None:
    telling("delay", "reminder")
    case = road.in_review(emulator, **PERSON)
    assert states(case) == {"delay": "waiting", "reminder": "waiting"}
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=reviewer)
    assert states(case) == {"reminder": "waiting"}
    send(LATER + timedelta(days=30))
    assert not mail.taken


# The link


def test_a_link_is_kept_sealed_and_only_while_it_is_needed(
    road: Road, mail: MailServer, telling: Any
) -> None:
    telling("invitation")
    invited = road.invitation(**PERSON)
    token = invited.link.rpartition("/")[2]
    kept = KeptLink.objects.get()
    assert token not in kept.sealed
    send()
    assert not KeptLink.objects.exists()


@pytest.mark.parametrize("end", ["cancel", "revoke", "expire", "refuse"])
def test_a_kept_link_goes_with_the_link(road: Road, mail: MailServer, telling: Any, end: str) -> None:
    telling("invitation", "reminder", "again")
    case = road.invited(**PERSON)
    by, now = audit.By.shell(), case.link_expires_at
    if end == "cancel":
        cancel.cancel(case, reason="mistake", by=by, now=NOW)
    elif end == "revoke":
        link.revoke(case, by=by, now=NOW)
    elif end == "expire":
        sweep.sweep(now=now)
    else:
        consent.refuse(case, now=NOW, **WORDING)
    assert not KeptLink.objects.exists()
    send(now - timedelta(hours=1))
    assert not mail.taken


def test_a_new_link_is_sent_in_place_of_the_old_one(road: Road, mail: MailServer, telling: Any) -> None:
    telling("invitation", "reminder")
    invited = road.invitation(**PERSON)
    new = link.renew(invited.verification, by=audit.By.shell(), now=NOW, send=True)
    send()
    (taken,) = mail.taken
    assert new in text_of(taken)
    assert invited.link not in text_of(taken)
    case = Verification.objects.get()
    send(case.link_expires_at - timedelta(hours=1))
    assert [new in text_of(taken) for taken in mail.taken] == [True, True]


def test_a_new_link_that_is_handed_over_is_not_sent(road: Road, mail: MailServer, telling: Any) -> None:
    telling("invitation", "reminder")
    invited = road.invitation(**PERSON)
    link.renew(invited.verification, by=audit.By.shell(), now=NOW)
    send(Verification.objects.get().link_expires_at - timedelta(hours=1))
    assert not mail.taken
    assert not KeptLink.objects.exists()


# Addresses and words


def test_a_name_makes_no_header_and_no_markup(road: Road, mail: MailServer, telling: Any) -> None:
    telling("invitation")
    case = road.invited(**PERSON)
    name = "Eve\r\nBcc: eve@evil.example\n\n<b>O'Hara & Söhne</b>"
    Applicant.objects.filter(pk=case.applicant_id).update(name=name)
    send()
    (taken,) = mail.taken
    assert taken.recipients == ["alice@example.org"]
    assert "Bcc" not in taken.email
    assert "Hello Eve Bcc: eve@evil.example <b>O'Hara & Söhne</b>," in text_of(taken)
    assert taken.email.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "address", ["a@example.org\r\nBcc: eve@evil.example", "a@example.org, eve@evil.example", "a b", "@"]
)
def test_an_address_that_is_none_gets_nothing(
    road: Road, mail: MailServer, telling: Any, address: str
) -> None:
    telling("invitation")
    case = road.invited(**PERSON)
    Applicant.objects.filter(pk=case.applicant_id).update(email=address)
    send()
    assert not mail.taken
    assert states(case) == {"invitation": "failed unfit_address"}


@pytest.mark.parametrize("locale", ["en-GB", "fr", "../../etc", "", "de_AT"])
def test_a_language_without_templates_reads_the_portals_own(
    road: Road, mail: MailServer, telling: Any, locale: str
) -> None:
    telling("invitation")
    case = road.invited(**PERSON)
    Applicant.objects.filter(pk=case.applicant_id).update(locale=locale)
    send()
    assert mail.taken[0].email["Subject"] == "Example Bank asks you to verify your identity"
    assert mail.taken[0].email["Content-Language"] == "en"


def test_a_language_with_templates_is_written_in(
    road: Road, mail: MailServer, telling: Any, tmp_path: Any, settings: Any
) -> None:
    folder = tmp_path / "messages" / "de"
    folder.mkdir(parents=True)
    words = "{{ organisation.name }} bittet Sie\n\n{{ link }} bis {{ until|date:'j. F Y' }}"
    (folder / "invitation.txt").write_text(words, encoding="utf-8")
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]
    telling("invitation")
    case = road.invited(**PERSON)
    Applicant.objects.filter(pk=case.applicant_id).update(locale="de-AT")
    send()
    assert mail.taken[0].email["Subject"] == "Example Bank bittet Sie"
    assert "Dezember" in text_of(mail.taken[0])
    assert Message.objects.get().locale == "de"


@pytest.mark.parametrize(
    "words",
    [
        b"Gr\xfc\xdfe\n\nin Latin-1",
        b"Ihr Link\n\n{% url 'nowhere' %}",
        b"Ihr Link\n\n{% include 'no.txt' %}",
        b"{% if link %}",
    ],
)
def test_a_broken_template_is_noticed_and_keeps_no_other_message_waiting(
    road: Road, mail: MailServer, telling: Any, tmp_path: Any, settings: Any, words: bytes
) -> None:
    folder = tmp_path / "messages" / "de"
    folder.mkdir(parents=True)
    (folder / "invitation.txt").write_bytes(words)
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]
    telling("invitation")
    broken, _other = road.invited(**PERSON), road.invited(email="bob@example.org")
    Applicant.objects.filter(pk=broken.applicant_id).update(locale="de")
    send()
    assert states(broken) == {"invitation": "failed template_broken"}
    assert [taken.recipients for taken in mail.taken] == [["bob@example.org"]]
    assert messages.failing(now=NOW) == "template_broken"


# Messages that came back


def test_after_one_came_back_nothing_goes_to_that_address(
    road: Road, emulator: Any, mail: MailServer, telling: Any, reviewer: Any
) -> None:
    telling("invitation", "result")
    case = road.judged(emulator, {"sim": 74.2}, **PERSON)
    Message.objects.all().delete()  # the invitation; the next one is another person's at the same address
    other = road.invited(email="ALICE@example.org")
    send()
    messages.came_back(Message.objects.get(verification=other), by=audit.By("operator", "olga"), now=NOW)
    decide(case, Verdict.DECLINE, "different_person", by=reviewer)
    send(LATER)
    assert len(mail.taken) == 1
    assert states(case) == {"result": "waiting address_came_back"}
    Applicant.objects.filter(pk=case.applicant_id).update(email="new@example.org")
    send(LATER + timedelta(hours=2))
    assert mail.taken[-1].recipients == ["new@example.org"]


def test_one_that_came_back_is_sent_again_when_somebody_says_so(
    road: Road, mail: MailServer, telling: Any
) -> None:
    telling("invitation", "reminder")
    case = road.invited(**PERSON)
    send()
    message = Message.objects.get(kind="invitation")
    with pytest.raises(messages.NotNow):
        messages.send_again(message, by=audit.By("operator", "olga"), now=NOW)
    messages.came_back(message, by=audit.By("operator", "olga"), now=NOW)
    with pytest.raises(messages.CameBack):
        messages.came_back(message, by=audit.By("operator", "olga"), now=NOW)
    messages.send_again(message, by=audit.By("operator", "olga"), now=NOW)
    send()
    assert len(mail.taken) == 2
    assert states(case)["invitation"] == "sent"


def test_sent_again_it_is_held_by_no_other_that_came_back_from_the_address(
    road: Road, mail: MailServer, telling: Any
) -> None:
    telling("invitation", "reminder")
    cases = [road.invited(**PERSON) for _ in range(2)]
    send()
    returned = Message.objects.filter(kind="invitation")
    for message in returned:
        messages.came_back(message, by=audit.By("operator", "olga"), now=NOW)
    messages.send_again(returned.get(verification=cases[0]), by=audit.By("operator", "olga"), now=NOW)
    send()
    assert states(cases[0])["invitation"] == "sent"
    assert states(cases[1])["invitation"] == "bounced came_back"


# Not set up, and SMS


def test_without_a_mail_server_it_shows_that_nothing_goes_out(
    road: Road, telling: Any, settings: Any
) -> None:
    settings.EMAIL = {}
    telling("invitation")
    case = road.invited(**PERSON)
    send()
    assert states(case) == {"invitation": "dropped not_set_up"}


def test_what_was_not_set_up_goes_out_when_somebody_says_so(road: Road, telling: Any, settings: Any) -> None:
    settings.EMAIL = {}
    telling("invitation")
    invited = road.invitation(**PERSON)
    with MailServer() as server:
        settings.EMAIL = server.settings()
        messages.send_again(Message.objects.get(), by=audit.By("operator", "olga"), now=NOW)
        send()
    assert invited.link in text_of(server.taken[0])


SENT_BY_SMS: list[dict[str, str]] = []


def sms(**facts: str) -> None:
    SENT_BY_SMS.append(facts)


def test_who_has_no_address_is_told_by_the_organisations_own_sms(
    road: Road, telling: Any, settings: Any
) -> None:
    settings.SMS_SENDER = "tests.flow.test_messages.sms"
    telling("invitation")
    invited = road.invitation(reference="CUST-7")
    SENT_BY_SMS.clear()
    send()
    (sent,) = SENT_BY_SMS
    assert sent["reference"] == "CUST-7"
    assert invited.link in sent["text"]
    assert "\n" not in sent["text"]
    assert sent["message_id"] == Message.objects.get().public_id


def broken_sms(**facts: str) -> None:
    raise KeyError("the number of Alice Example")


def refusing_sms(**facts: str) -> None:
    raise messages.Refused


@pytest.mark.parametrize(
    ("sender", "state"),
    [("broken_sms", "waiting sms_not_taken"), ("refusing_sms", "failed sms_refused")],
)
def test_an_sms_that_is_not_taken(
    road: Road, telling: Any, settings: Any, sender: str, state: str, caplog: Any
) -> None:
    settings.SMS_SENDER = f"tests.flow.test_messages.{sender}"
    telling("invitation")
    case = road.invited()
    send()
    assert states(case) == {"invitation": state}
    assert "the number of" not in caplog.text


def test_rows_hold_no_name_no_address_and_no_link(road: Road, mail: MailServer, telling: Any) -> None:
    telling("invitation", "reminder", "again", "result", "delay")
    invited = road.invitation(**PERSON)
    send()
    token = invited.link.rpartition("/")[2]
    rows = [*Message.objects.values(), *KeptLink.objects.values(), *AuditEvent.objects.values()]
    assert rows
    for row in rows:
        for secret in ("alice", "Alice", "example.org", token):
            assert secret not in str(row)
    assert outbox.address_hash("alice@example.org") in {
        row["address_hash"] for row in Message.objects.values()
    }
    assert Message.objects.filter(state=MessageState.WAITING).count() == 1
