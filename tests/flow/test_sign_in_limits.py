"""How often somebody may try, and what they are told then."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog
from django.core.management import call_command
from django.test import Client

from tests.flow.conftest import LATER, code_at, give_code, give_password, take_second_step
from verification.models import AuditEvent
from verification.review.sign_in import lockout

pytestmark = pytest.mark.usefixtures("an_hour_later")


def text_of(page):
    """The page without what differs in each: the form's own token."""
    return "\n".join(line for line in page.content.decode().splitlines() if "csrfmiddlewaretoken" not in line)


def fail(client, times, username="rosa", **extra):
    for _ in range(times):
        page = client.post("/admin/login/", {"login": username, "password": "wrong"}, **extra)
    return page


def kinds():
    return list(AuditEvent.objects.filter(kind__startswith="staff.").values_list("kind", flat=True))


def test_a_known_and_an_unknown_name_get_the_same_page(client, rosa):
    known, unknown = fail(client, 1), fail(client, 1, "nobody")
    assert known.status_code == unknown.status_code == 200
    assert text_of(known).replace("rosa", "") == text_of(unknown).replace("nobody", "")
    assert "Username or password is wrong." in text_of(known)


def test_after_five_failures_the_right_password_is_refused_too(client, rosa):
    locked = fail(client, 5)
    assert locked.status_code == 429
    assert "Try again in 15 minutes, at 10:15 UTC." in text_of(locked)
    assert locked["Retry-After"] == "900"
    assert give_password(client).status_code == 429
    assert kinds() == ["staff.sign_in_failed"] * 5 + ["staff.locked_out"]


def test_an_unknown_name_is_locked_alike(client, rosa):
    known, unknown = fail(client, 5), fail(client, 5, "nobody")
    assert (unknown.status_code, text_of(unknown)) == (429, text_of(known))
    assert text_of(fail(client, 1, "nobody")) == text_of(give_password(client))


def test_it_ends_after_fifteen_minutes_however_often_one_tries_meanwhile(client, rosa):
    fail(client, 5)
    with time_machine.travel(LATER + timedelta(minutes=14), tick=False):
        assert give_password(client).status_code == 429
    with time_machine.travel(LATER + timedelta(minutes=15, seconds=1), tick=False):
        assert give_password(client).url == "/admin/"


def test_another_address_is_not_locked(client, rosa):
    fail(client, 5)
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert give_password(other).url == "/admin/"


def test_signing_in_forgets_earlier_failures(client, rosa):
    fail(client, 4)
    give_password(client)
    client.post("/admin/logout/")
    assert fail(client, 4).status_code == 200


def test_the_right_password_alone_forgets_nothing(client, with_app):
    fail(client, 4)
    give_password(client)
    assert give_code(client, "000000").status_code == 429


def test_codes_are_counted_like_passwords(client, with_app):
    give_password(client)
    wrong = f"{(int(code_at(LATER)) + 1) % 1_000_000:06}"
    answers = [give_code(client, wrong).status_code for _ in range(5)]
    assert answers == [200] * 4 + [429]
    assert give_code(client, code_at(LATER)).status_code == 429
    assert client.get("/admin/").status_code == 302
    assert AuditEvent.objects.filter(kind="staff.locked_out").count() == 1


def test_made_up_passkeys_are_counted_too(client, with_app):
    give_password(client)
    client.get("/admin/account/second-step/")
    answers = [
        client.post("/admin/account/second-step/", {"credential": "[1]"}).status_code for _ in range(5)
    ]
    assert answers == [200] * 4 + [429]


@pytest.mark.parametrize(
    ("path", "field"),
    [("/admin/account/confirm/", "password"), ("/admin/account/confirm/code/", "code")],
)
def test_confirming_can_not_be_guessed_either(client, with_app, path, field):
    client.force_login(with_app)
    take_second_step(client, with_app)
    answers = [client.post(path, {field: "000000"}).status_code for _ in range(5)]
    assert answers == [200] * 4 + [429]


def test_a_hundred_failures_lock_the_name_for_the_day(client, rosa, monkeypatch):
    monkeypatch.setattr(lockout, "FAILURES_A_DAY", 7)
    for number in range(7):
        page = fail(Client(REMOTE_ADDR=f"192.0.2.{number}"), 1)
    assert page.status_code == 429
    assert "at 00:00 UTC" in text_of(page)
    assert give_password(client).status_code == 429
    with time_machine.travel(LATER + timedelta(days=1), tick=False):
        assert give_password(client).url == "/admin/"


def test_the_days_limit_is_a_hundred():
    assert lockout.FAILURES_A_DAY == 100


def test_an_operator_lets_go_of_a_name(client, rosa, monkeypatch):
    monkeypatch.setattr(lockout, "FAILURES_A_DAY", 5)
    fail(client, 5)
    call_command("axes_reset_username", "rosa")
    assert give_password(client).url == "/admin/"
    assert AuditEvent.objects.get(kind="staff.unlocked").actor_kind == "shell"


def test_the_days_failures_are_kept_and_older_ones_are_not(client, rosa):
    fail(client, 2)
    with time_machine.travel(LATER + timedelta(days=3), tick=False):
        fail(client, 1)
    assert AccessFailureLog.objects.count() == 1


def test_nothing_that_was_typed_is_kept(client, rosa):
    fail(client, 1, "my-password-by-mistake")
    (attempt,) = AccessAttempt.objects.all()
    kept = " ".join(
        [attempt.username, attempt.get_data, attempt.post_data, str(AccessFailureLog.objects.values())]
    )
    assert "by-mistake" not in kept
    assert "wrong" not in kept
    (event,) = AuditEvent.objects.filter(kind="staff.sign_in_failed")
    assert (event.subject_id, event.actor_id, event.data) == ("", "", {"step": "password", "known": False})


def test_a_flood_from_one_address_is_stopped(client, rosa):
    answers = [fail(client, 1, f"name{number}").status_code for number in range(31)]
    assert answers[-1] == 429
    assert "wait a minute" in text_of(fail(client, 1, "name"))


def test_the_api_counts_nothing(client, db):
    for _ in range(6):
        client.get("/api/v1/verifications", HTTP_AUTHORIZATION="Bearer wrong")
    assert not AccessAttempt.objects.exists()
