"""Alerts to operators: told once when it begins and once when it is over, whatever flaps, hangs or is gone."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.certificates import Authority
from tests.conftest import NOW
from tests.contract.vendor_socket import VendorSocket, hang
from tests.flow.races import meanwhile
from tests.mail_server import MailServer
from tests.outbound_proxy import TLSFront
from verification import alerts, outside, storage, webhooks
from verification.actions import seal as sealing
from verification.alerts import watching
from verification.health import Fact, Tone, places, survey
from verification.jobs import answers
from verification.models import Alert, AlertNotice, AuditEvent, VendorAccount
from verification.operations import watch
from verification.vendor_accounts import pacing
from verification.vendor_accounts.pacing.accounts import forget
from verification.webhooks import posting

pytestmark = pytest.mark.django_db

SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def mail(settings: Any) -> Iterator[MailServer]:
    with MailServer() as server:
        settings.EMAIL = server.settings()
        settings.ALERT_EMAIL = ["ops@bank.example"]
        yield server


def pause(now: datetime = NOW) -> None:
    (account,) = pacing.accounts()
    probe = now + timedelta(minutes=5)
    VendorAccount.objects.filter(pk=account.pk).update(
        paused_at=now, pause_reason="AuthFailure.SignatureFailure", probe_at=probe
    )
    forget()


def resume() -> None:
    VendorAccount.objects.update(paused_at=None, pause_reason="", probe_at=None)
    forget()


def look(now: datetime) -> None:
    """What the sweep does, and the worker that it has seal the trail."""
    if sealing.is_due(now=now):
        sealing.seal(clock=lambda: now, stretch=60.0)
    alerts.watch(now=now)
    while alerts.tell_next(clock=lambda: now):
        pass


def subjects(mail: MailServer) -> list[str]:
    return [str(taken.email["Subject"]) for taken in mail.taken]


BEGAN = "Needs you: Calls of account default are paused"
OVER = "Over: Calls of account default are paused"


def test_a_pause_is_told_once_when_it_begins_and_once_when_it_is_over(mail: MailServer) -> None:
    pause()
    for seconds in range(0, 600, 5):
        look(NOW + timedelta(seconds=seconds))
    assert subjects(mail) == [BEGAN]
    assert mail.taken[0].recipients == ["ops@bank.example"]
    assert "AuthFailure.SignatureFailure" in mail.taken[0].email.get_content()
    resume()
    for seconds in range(600, 1800, 5):
        look(NOW + timedelta(seconds=seconds))
    assert subjects(mail) == [BEGAN, OVER]
    kinds = AuditEvent.objects.filter(kind__startswith="alert.").values_list("kind", flat=True)
    assert sorted(kinds) == ["alert.begun", "alert.over"]


def test_what_is_gone_within_a_minute_is_not_told(mail: MailServer) -> None:
    pause()
    look(NOW)
    look(NOW + MINUTE / 2)
    resume()
    look(NOW + MINUTE)
    look(NOW + 2 * MINUTE)
    assert not mail.taken
    assert not Alert.objects.exists()


def test_what_comes_and_goes_is_one_alert(mail: MailServer) -> None:
    now = NOW
    for _ in range(20):
        pause()
        look(now)
        look(now + MINUTE)
        resume()
        look(now + 2 * MINUTE)
        look(now + 5 * MINUTE)
        now += 6 * MINUTE
    assert subjects(mail) == [BEGAN]
    look(now + 2 * MINUTE)
    assert subjects(mail) == [BEGAN, OVER]


def test_it_begins_anew_after_it_was_over(mail: MailServer) -> None:
    for day in (NOW, NOW + timedelta(days=1)):
        pause()
        look(day)
        look(day + MINUTE)
        resume()
        look(day + 2 * MINUTE)
        look(day + 10 * MINUTE)
    assert subjects(mail) == [BEGAN, OVER] * 2


def test_two_who_look_at_once_tell_it_once(mail: MailServer, monkeypatch: Any) -> None:
    pause()
    look(NOW)
    meanwhile(monkeypatch, watching, "_tell", lambda: alerts.watch(now=NOW + MINUTE))
    look(NOW + MINUTE)
    assert subjects(mail) == [BEGAN]


@pytest.fixture
def budget(settings: Any) -> None:
    settings.FACEID_ACCOUNTS = {"default": {**settings.FACEID_ACCOUNTS["default"], "daily_budget": 10}}
    forget()


def test_a_budget_that_is_spent_is_told_and_is_over_the_next_day(mail: MailServer, budget: None) -> None:
    (account,) = pacing.accounts()
    VendorAccount.objects.filter(pk=account.pk).update(spent=10, spent_on=NOW.date())
    forget()
    look(NOW)
    tomorrow = NOW + timedelta(days=1)
    look(tomorrow)
    look(tomorrow + MINUTE)
    assert subjects(mail) == [
        "Needs you: Account default has spent its budget of the day",
        "Over: Account default has spent its budget of the day",
    ]


def queues(now: datetime, *silent: str) -> None:
    for name in answers.NAMES:
        if name not in silent:
            answers.record(name, now=now)


def test_a_queue_that_no_worker_answers_is_told(mail: MailServer) -> None:
    for seconds in range(0, 400, 10):
        now = NOW + timedelta(seconds=seconds)
        queues(now, *(["media"] if seconds else []))
        look(now)
    assert subjects(mail) == ["Needs you: No worker answers for the queue media"]


def test_when_all_workers_and_beat_are_gone_the_web_server_tells(mail: MailServer, clock: Any) -> None:
    """Nobody sweeps any more; it is asked whether it is ready."""
    queues(NOW)
    clock.shift(timedelta(minutes=3))
    watch.look()
    clock.shift(timedelta(minutes=2))
    watch.look()
    assert subjects(mail) == ["Needs you: Beat, which starts the regular work, stands still"]


def test_to_be_asked_whether_it_is_ready_makes_it_look(client: Any, monkeypatch: Any) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(watch, "look_soon", lambda: asked.append(True))
    client.get("/readyz")
    assert asked == [True]


def test_it_looks_no_more_often_than_every_half_minute(monkeypatch: Any) -> None:
    looks: list[bool] = []
    monkeypatch.setattr(watch, "_next_at", 0.0)
    monkeypatch.setattr(threading, "Thread", lambda **facts: _Recorded(looks))
    for _ in range(3):
        watch.look_soon()
    watch._looking.release()
    assert len(looks) == 1


class _Recorded:
    def __init__(self, looks: list[bool]) -> None:
        self._looks = looks

    def start(self) -> None:
        self._looks.append(True)


def test_without_an_address_an_alert_is_an_event_alone() -> None:
    pause()
    look(NOW)
    look(NOW + MINUTE)
    assert AuditEvent.objects.filter(kind="alert.begun").count() == 1
    assert not AlertNotice.objects.exists()
    assert [alert.subject for alert in alerts.open_alerts()] == ["default"]


def test_a_mail_server_that_fails_delays_the_notice_and_keeps_it(mail: MailServer) -> None:
    mail.answers["HELLO"] = "421 later"
    pause()
    look(NOW)
    look(NOW + MINUTE)
    assert not mail.taken
    mail.answers.clear()
    look(NOW + 3 * MINUTE)
    assert subjects(mail) == [BEGAN]


@pytest.fixture
def disk(monkeypatch: Any) -> dict[str, int]:
    """Per cent that are free on this host."""
    room = {"free": 50}
    monkeypatch.setattr(storage, "room", lambda folder: SimpleNamespace(free=room["free"], total=100))
    return room


def test_nobody_is_told_that_it_needs_them_once_it_is_over(mail: MailServer) -> None:
    mail.answers["HELLO"] = "421 later"
    pause()
    for minutes in range(40):
        look(NOW + minutes * MINUTE)
    resume()
    mail.answers.clear()
    for minutes in range(40, 180):
        look(NOW + minutes * MINUTE)
    assert subjects(mail) == [OVER]
    assert not AlertNotice.objects.filter(state="waiting").exists()


def test_an_address_that_is_refused_keeps_no_other_operator_from_being_told_once(
    mail: MailServer, settings: Any
) -> None:
    settings.ALERT_EMAIL = ["ann@bank.example", "gone@bank.example", "ben@bank.example"]
    mail.refused = {"gone@bank.example"}
    pause()
    for minutes in range(120):
        look(NOW + minutes * MINUTE)
    told = [address for taken in mail.taken for address in taken.recipients]
    assert sorted(told) == ["ann@bank.example", "ben@bank.example"]


def test_a_disk_that_is_nearly_full_is_told_though_another_host_sees_nothing_of_it(
    mail: MailServer, disk: dict[str, int]
) -> None:
    now = NOW
    for number in range(40):
        disk["free"] = 3 if number % 3 == 0 else 50  # the hosts take turns
        now += timedelta(seconds=5)
        look(now)
    assert subjects(mail) == ["Needs you: A disk is nearly full"]
    assert socket.gethostname() in mail.taken[0].email.get_content()
    disk["free"] = 50
    look(now + MINUTE)
    look(now + 10 * MINUTE)
    assert subjects(mail)[1:] == ["Over: A disk is nearly full"]


def test_a_disk_that_hangs_keeps_nothing_else_waiting(mail: MailServer, monkeypatch: Any) -> None:
    over = threading.Event()
    monkeypatch.setattr(survey, "EACH", 0.1)
    monkeypatch.setattr(places, "facts", lambda now: over.wait(20))
    monkeypatch.setattr(outside, "_asked", {})
    pause()
    began = time.monotonic()
    for minute in range(3):
        look(NOW + minute * MINUTE)
    over.set()
    assert time.monotonic() - began < 5
    assert subjects(mail) == [BEGAN]


def test_a_store_that_takes_long_to_say_that_it_is_away_is_told(mail: MailServer, monkeypatch: Any) -> None:
    def away(now: datetime) -> list[Fact]:
        time.sleep(0.1)
        return [Fact("store", "Store", Tone.BAD, "It does not answer.")]

    monkeypatch.setattr(survey, "EACH", 0.02)
    monkeypatch.setattr(places, "facts", away)
    monkeypatch.setattr(outside, "_asked", {})
    storage.new_key()
    for minute in range(4):
        look(NOW + minute * MINUTE)
        outside._asked["store"].answered.wait(10)
    assert subjects(mail) == ["Needs you: The store of the evidence does not answer"]


# The webhook


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class Hook:
    """An https address that takes what is posted, and answers with `status`."""

    def __init__(self, authority: Authority) -> None:
        import http.server  # noqa: PLC0415

        self.status, self.location = 204, ""
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                hook.requests.append((self.path, headers, body))
                self.send_response(hook.status)
                if hook.location:
                    self.send_header("Location", hook.location)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = authority.server("localhost").wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_address[1]}/hook?key=geheim"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook(authority: Authority, settings: Any) -> Iterator[Hook]:
    settings.CA_FILE = str(authority.file)
    found = Hook(authority)
    settings.ALERT_WEBHOOK, settings.ALERT_WEBHOOK_SECRET = found.url, SECRET
    yield found
    found.close()


def begin() -> None:
    pause()
    look(NOW)
    look(NOW + MINUTE)


def test_a_webhook_is_posted_and_signed(hook: Hook) -> None:
    begin()
    ((path, headers, body),) = hook.requests
    assert path == "/hook?key=geheim"
    found = json.loads(body)
    assert found["type"] == "alert.begun"
    assert found["text"] == BEGAN
    assert found["data"]["alert"] == "account_paused"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.digest(b"k" * 32, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert headers["webhook-id"] == AlertNotice.objects.get().public_id


@pytest.mark.parametrize("status", [301, 307, 400, 500])
def test_another_answer_than_yes_is_tried_again(hook: Hook, status: int) -> None:
    hook.status, hook.location = status, "https://localhost:1/elsewhere"
    begin()
    assert len(hook.requests) == 1  # a redirect is not followed
    assert AlertNotice.objects.get().error == f"answered_{status}"
    hook.status = 200
    look(NOW + 10 * MINUTE)
    first, second = (headers["webhook-id"] for _, headers, _ in hook.requests)
    assert first == second
    assert AlertNotice.objects.get().state == "sent"


def test_a_webhook_that_hangs_is_left_in_time(
    authority: Authority, settings: Any, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(posting, "DEADLINE", 0.5)
    settings.CA_FILE = str(authority.file)
    with VendorSocket(hang) as silent, TLSFront(silent.url, authority.server("localhost")) as front:
        settings.ALERT_WEBHOOK = f"{front.url}/hook?key=geheim"
        began = time.monotonic()
        begin()
        assert time.monotonic() - began < 5
    assert AlertNotice.objects.get().error == "no_answer"
    assert "geheim" not in caplog.text


def test_a_webhook_that_nobody_vouches_for_learns_nothing(hook: Hook, settings: Any) -> None:
    settings.CA_FILE = ""
    begin()
    assert not hook.requests
    assert AlertNotice.objects.get().error == "not_reached"


def test_a_webhook_and_an_e_mail_do_not_wait_for_each_other(mail: MailServer, hook: Hook) -> None:
    hook.status = 500
    begin()
    assert subjects(mail) == [BEGAN]
    mail.answers["HELLO"] = "421 later"
    hook.status = 200
    resume()
    look(NOW + 2 * MINUTE)
    look(NOW + 10 * MINUTE)
    kinds = [json.loads(body)["type"] for _, _, body in hook.requests]
    assert kinds[-2:] == ["alert.begun", "alert.over"]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://hooks.example.com/x?y=z", True),
        ("https://10.0.0.5:8443/", True),
        ("http://hooks.example.com", False),
        ("https://kyc:secret@hooks.example.com", False),
        ("https://", False),
        ("file:///etc/passwd", False),
    ],
)
def test_an_address_is_https_and_names_no_user(url: str, fits: bool) -> None:
    assert webhooks.is_address(url) is fits
