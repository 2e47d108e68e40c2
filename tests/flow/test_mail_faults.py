"""Mail servers that refuse, put off, hang or are not who they say, and workers that die: what becomes of a message."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.certificates import Authority
from tests.conftest import NOW, Road
from tests.flow import messaging
from tests.flow.messaging import PERSON, send, states
from tests.flow.races import meanwhile
from tests.mail_server import MailServer
from verification import audit, messages, tasks
from verification.jobs import doorbell
from verification.messages import delivery, mail, outgoing
from verification.models import AuditEvent, Message, Verification

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Any) -> Any:
    with MailServer() as found:
        settings.EMAIL = found.settings()
        yield found


@pytest.fixture
def case(road: Road, staff: Any, server: MailServer) -> Verification:
    messaging.telling(staff, "invitation")
    return road.invited(**PERSON)


@pytest.mark.parametrize(
    ("word", "answer", "state"),
    [
        ("RCPT", "550 no such user alice@example.org", "failed address_refused"),
        ("TEXT", "554 spam", "failed text_refused"),
        ("RCPT", "450 greylisted", "waiting put_off"),
        ("TEXT", "452 mailbox full", "waiting put_off"),
        ("MAIL", "550 you may not send", "waiting sender_refused"),
        ("HELLO", "554 go away", "waiting server_fault"),
        ("HELLO", "421 too many connections", "waiting server_fault"),
    ],
)
def test_what_a_server_answers_decides_whether_it_is_tried_again(
    case: Verification, server: MailServer, word: str, answer: str, state: str, caplog: Any
) -> None:
    server.answers[word] = answer
    send()
    assert states(case) == {"invitation": state}
    assert not server.taken
    # What it said may hold an address, and is nowhere.
    kept = f"{Message.objects.values()} {AuditEvent.objects.values()} {caplog.text}"
    assert answer[4:] not in kept
    assert "alice@example.org" not in kept


def test_what_was_put_off_is_sent_later_with_the_same_number(case: Verification, server: MailServer) -> None:
    server.answers["TEXT"] = "451 later"
    send()
    server.answers.clear()
    send(NOW + timedelta(seconds=59))
    assert not server.taken
    send(NOW + timedelta(seconds=60))
    (taken,) = server.taken
    message = Message.objects.get()
    assert taken.email["Message-ID"] == f"<{message.public_id}@testserver>"
    assert (message.state, message.error, message.tries) == ("sent", "", 2)


def test_pauses_grow_to_an_hour_and_end_after_two_days(case: Verification, server: MailServer) -> None:
    server.answers["TEXT"] = "451 later"
    now, pauses = NOW, []
    while Message.objects.get().state == "waiting":
        send(now)
        pauses.append(Message.objects.get().not_before - now)
        now += max(pauses[-1], timedelta(minutes=1))
    minutes = [pause // timedelta(minutes=1) for pause in pauses]
    assert minutes[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert NOW + outgoing.GIVE_UP_AFTER <= now <= NOW + outgoing.GIVE_UP_AFTER + timedelta(hours=2)
    assert states(case) == {"invitation": "failed put_off"}
    assert AuditEvent.objects.get(kind="message.failed").data["code"] == "put_off"


def test_a_server_that_is_not_there_is_asked_once_at_a_time(
    case: Verification, road: Road, settings: Any
) -> None:
    other = road.invited(**PERSON)
    settings.EMAIL = MailServer().__enter__().settings()
    settings.EMAIL["OPTIONS"]["port"] = 1
    assert send() == 0
    assert [states(each)["invitation"] for each in (case, other)] == ["waiting not_reached", "waiting"]


@pytest.mark.parametrize("word", ["HELLO", "MAIL", "TEXT"])
@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_server_that_hangs_is_left_in_time(
    case: Verification, server: MailServer, monkeypatch: Any, word: str, how: str
) -> None:
    monkeypatch.setattr(mail, "DEADLINE", 0.5)
    server.answers[word] = getattr(server, how)
    began = time.monotonic()
    send()
    assert time.monotonic() - began < 5
    assert states(case) == {"invitation": "waiting no_answer"}


def test_a_try_ends_before_another_worker_may_begin() -> None:
    assert timedelta(seconds=mail.DEADLINE + mail.WAIT) < outgoing.LEASE


def test_a_goodbye_that_hangs_does_not_send_it_again(
    case: Verification, server: MailServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr(mail, "WAIT", 0.3)
    server.answers["QUIT"] = server.hang
    send()
    send(NOW + timedelta(days=1))
    assert len(server.taken) == 1
    assert states(case) == {"invitation": "sent"}


def test_a_worker_that_dies_after_the_servers_yes_sends_it_again_with_the_same_number(
    case: Verification, server: MailServer, monkeypatch: Any
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_sent", _die)
        with pytest.raises(_Killed):
            send()
    send(NOW + outgoing.LEASE - timedelta(seconds=1))
    assert len(server.taken) == 1  # its lease still runs
    send(NOW + outgoing.LEASE)
    first, second = (taken.email["Message-ID"] for taken in server.taken)
    assert first == second
    assert states(case) == {"invitation": "sent"}


class _Killed(BaseException):
    pass


def _die(*args: Any) -> None:
    raise _Killed


def test_a_worker_that_was_overtaken_writes_nothing(
    case: Verification, server: MailServer, monkeypatch: Any
) -> None:
    """It hangs in the server's answer for longer than its lease; another one sends meanwhile."""
    late: list[Callable[[], None]] = []
    real = delivery._sent
    monkeypatch.setattr(delivery, "_sent", lambda *args: late.append(lambda: real(*args)))
    send()
    monkeypatch.setattr(delivery, "_sent", real)
    send(NOW + outgoing.LEASE)
    sent_at = Message.objects.get().sent_at
    late[0]()
    assert Message.objects.get().sent_at == sent_at
    assert AuditEvent.objects.filter(kind="message.sent").count() == 1


def test_two_workers_that_choose_the_same_message_send_it_once(
    case: Verification, server: MailServer, monkeypatch: Any
) -> None:
    rival: list[Message | None] = []
    waiting = delivery._waiting()
    meanwhile(monkeypatch, outgoing, "unchanged", lambda: rival.append(outgoing.claim(waiting, now=NOW)))
    send()
    assert rival[0] is not None
    assert not server.taken  # it is the other one's to send


# TLS and signing in


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_it_signs_in_within_tls_of_a_server_that_our_authority_knows(
    road: Road, staff: Any, settings: Any, authority: Authority, tls: str
) -> None:
    settings.CA_FILE = str(authority.file)
    messaging.telling(staff, "invitation")
    case = road.invited(**PERSON)
    with MailServer(tls, authority.server("localhost")) as server:
        settings.EMAIL = server.settings(username="kyc", password="s3cret")
        send()
    (taken,) = server.taken
    assert taken.in_tls
    assert taken.user
    assert states(case) == {"invitation": "sent"}


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("names", ["mail.evil.example", "localhost"])
def test_a_server_that_nobody_vouches_for_learns_nothing(
    road: Road, staff: Any, settings: Any, authority: Authority, tls: str, names: str
) -> None:
    """Another name, or an authority that is not ours."""
    if names != "localhost":
        settings.CA_FILE = str(authority.file)
    messaging.telling(staff, "invitation")
    case = road.invited(**PERSON)
    with MailServer(tls, authority.server(names)) as server:
        settings.EMAIL = server.settings(username="kyc", password="s3cret")
        send()
    assert not server.taken
    assert states(case) == {"invitation": "waiting no_tls"}


def test_a_server_that_offers_no_tls_is_given_nothing(
    case: Verification, server: MailServer, settings: Any
) -> None:
    settings.EMAIL = server.settings(use_tls=True)
    send()
    assert not server.taken
    assert states(case) == {"invitation": "waiting no_tls"}


def test_a_refused_sign_in_fails_no_message_and_shows_no_password(
    case: Verification, server: MailServer, settings: Any, caplog: Any
) -> None:
    settings.EMAIL = server.settings(username="kyc", password="s3cret-of-mail")
    server.answers["AUTH"] = "535 wrong password"
    send()
    assert states(case) == {"invitation": "waiting sign_in_refused"}
    assert "s3cret" not in f"{caplog.text} {Message.objects.values()}"


# What operators see


def test_a_wrong_address_alerts_nobody_and_many_at_once_do(
    case: Verification, road: Road, server: MailServer
) -> None:
    server.answers["RCPT"] = "550 no"
    send()
    assert messages.failing(now=NOW) == ""
    for _ in range(9):
        road.invited(**PERSON)
    send()
    assert messages.failing(now=NOW) == "many_refused"
    assert messages.failing(now=NOW + timedelta(hours=2)) == ""


def test_a_text_that_is_refused_alerts_until_the_next_hour(case: Verification, server: MailServer) -> None:
    server.answers["TEXT"] = "554 spam"
    send()
    assert messages.failing(now=NOW) == "text_refused"
    assert messages.failing(now=NOW + timedelta(hours=2)) == ""


def test_a_server_that_has_been_gone_for_a_while_is_noticed(case: Verification, server: MailServer) -> None:
    server.answers["HELLO"] = "421 later"
    send()
    assert messages.failing(now=NOW + timedelta(minutes=10)) == ""
    assert messages.failing(now=NOW + timedelta(minutes=16)) == "server_fault"


def test_a_sweep_rings_for_as_many_senders_as_are_missing(road: Road, staff: Any, server: MailServer) -> None:
    messaging.telling(staff, "invitation")
    assert messages.senders_wanted(now=NOW) == 0
    road.invited(**PERSON)
    assert messages.senders_wanted(now=NOW) == 1
    for _ in range(5):
        road.invited(**PERSON)
    assert messages.senders_wanted(now=NOW) == messages.SENDERS
    for _ in range(messages.SENDERS):
        outgoing.claim(delivery._waiting(), now=NOW)
    assert messages.senders_wanted(now=NOW) == 0


def test_the_demo_writes_each_e_mail_into_a_file(
    road: Road, staff: Any, settings: Any, tmp_path: Any
) -> None:
    settings.EMAIL = {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": str(tmp_path)},
    }
    messaging.telling(staff, "invitation")
    invited = road.invitation(**PERSON)
    send()
    (file,) = os.listdir(tmp_path)
    assert invited.link in (tmp_path / file).read_text()


def test_an_event_of_a_message_names_its_kind_and_no_address(case: Verification, server: MailServer) -> None:
    send()
    messages.came_back(Message.objects.get(), by=audit.By("operator", "olga"), now=NOW)
    event = AuditEvent.objects.get(kind="message.came_back")
    assert event.data == {"message": Message.objects.get().public_id, "message_kind": "invitation"}


def test_a_sweep_has_a_worker_send_what_is_due(
    case: Verification, server: MailServer, rung: Any, clock: Any
) -> None:
    assert doorbell.DELIVER in rung(tasks.sweep)
    tasks.deliver()
    assert len(server.taken) == 1
    assert doorbell.DELIVER not in rung(tasks.sweep)


def test_a_sweep_has_any_worker_tell_operators(
    case: Verification, server: MailServer, rung: Any, clock: Any, settings: Any
) -> None:
    settings.ALERT_EMAIL = ["ops@bank.example"]
    server.answers["TEXT"] = "554 spam"
    send()
    assert doorbell.TELL in rung(tasks.sweep)
    server.answers.clear()
    tasks.tell_alerts()
    (taken,) = server.taken
    assert taken.email["Subject"] == "Needs you: Messages to applicants can't be sent"
    assert doorbell.TELL not in rung(tasks.sweep)
    assert doorbell.QUEUES[doorbell.TELL] == "sweep"
