"""Limits of failed sign-ins, and the pages that refuse further attempts."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog
from django.core.management import call_command
from django.test import Client, RequestFactory

from tests.flow.conftest import LATER, PASSWORD, code_at, give_code, give_password, take_second_step, text_of
from verification.models import AuditEvent, StaffUser
from verification.review.sign_in import lockout

pytestmark = pytest.mark.usefixtures("an_hour_later")
NEW_PASSWORD = {"password1": "another horse battery", "password2": "another horse battery"}


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
    [
        ("/admin/account/confirm/", "password"),
        ("/admin/account/confirm/code/", "code"),
        ("/admin/account/password/", "oldpassword"),
    ],
)
def test_confirming_can_not_be_guessed_either(client, with_app, path, field):
    client.force_login(with_app)
    take_second_step(client, with_app)
    client.get("/admin/")
    answers = [client.post(path, {field: "000000", **NEW_PASSWORD}).status_code for _ in range(5)]
    assert answers == [200] * 4 + [429]
    assert kinds() == ["staff.sign_in_failed"] * 5 + ["staff.locked_out"]


def test_a_lock_holds_on_the_password_page_too(client, with_app):
    client.force_login(with_app)
    take_second_step(client, with_app)
    client.get("/admin/")
    for _ in range(5):
        client.post("/admin/account/confirm/", {"password": "wrong"})
    refused = client.post("/admin/account/password/", {"oldpassword": PASSWORD, **NEW_PASSWORD})
    assert refused.status_code == 429
    assert StaffUser.objects.get(pk=with_app.pk).check_password(PASSWORD)


def test_a_right_code_in_a_flood_is_no_failure(client, with_app):
    """The per-address limit refuses before the code is checked, so the attempt is no failed one."""
    give_password(client)
    for number in range(20):
        fail(Client(), 1, f"name{number}")
    answers = [give_code(client, code_at(LATER)).status_code for _ in range(6)]
    assert answers == [200] * 6
    assert not AccessFailureLog.objects.filter(username="rosa").exists()
    with time_machine.travel(LATER + timedelta(minutes=2), tick=False):
        assert give_code(client, code_at(LATER + timedelta(minutes=2))).url == "/admin/"


def test_of_ipv6_the_network_is_locked(rosa):
    for number in range(5):
        page = fail(Client(REMOTE_ADDR=f"2001:db8:1:2::{number}"), 1)
    assert page.status_code == 429
    assert give_password(Client(REMOTE_ADDR="2001:db8:1:2:ffff::1")).status_code == 429
    assert give_password(Client(REMOTE_ADDR="2001:db8:1:3::1")).url == "/admin/"


@pytest.mark.parametrize(
    ("address", "counted"),
    [("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("somewhere", "somewhere")],
)
def test_any_other_address_counts_for_itself(address, counted):
    assert lockout.address(RequestFactory().get("/", REMOTE_ADDR=address)) == counted


def test_an_operator_lets_go_of_a_name(client, rosa):
    fail(client, 5)
    call_command("axes_reset_username", "rosa")
    assert give_password(client).url == "/admin/"
    assert AuditEvent.objects.get(kind="staff.unlocked").actor_kind == "shell"


def test_an_operator_lets_go_of_everything(rosa):
    fail(Client(), 5)
    fail(Client(), 1, "nobody")
    call_command("axes_reset")
    assert give_password(Client()).url == "/admin/"
    (event,) = AuditEvent.objects.filter(kind="staff.unlocked")
    assert event.subject_id == str(rosa.pk)


def test_an_operator_lets_go_of_an_ipv6_address(rosa):
    fail(Client(REMOTE_ADDR="2001:db8::7"), 5)
    call_command("axes_reset_ip", "2001:db8::7")
    assert give_password(Client(REMOTE_ADDR="2001:db8::7")).url == "/admin/"


def test_letting_go_of_what_nobody_has_is_an_event_of_nobody(rosa):
    fail(Client(), 1, "nobody")
    call_command("axes_reset")
    assert AuditEvent.objects.get(kind="staff.unlocked").subject_id == ""


def test_letting_go_of_nothing_is_no_event(rosa, capsys):
    call_command("axes_reset_username", "rosa")
    assert capsys.readouterr().out == "No attempts found.\n"
    assert not AuditEvent.objects.filter(kind="staff.unlocked").exists()


def test_the_days_failures_are_kept_and_older_ones_are_not(client, rosa):
    fail(client, 2)
    with time_machine.travel(LATER + timedelta(days=3), tick=False):
        fail(client, 1)
    assert AccessFailureLog.objects.count() == 1


def test_old_failures_go_with_a_good_sign_in_too(client, rosa):
    fail(Client(), 2, "nobody")
    with time_machine.travel(LATER + timedelta(days=3), tick=False):
        give_password(client)
    assert not AccessFailureLog.objects.exists()


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


def test_the_redirect_target_is_not_stored(client, rosa):
    """It may contain a search text."""
    for _ in range(2):
        client.post(
            "/admin/login/?next=/admin/queue/%3Fq%3DJane+Doe", {"login": "rosa", "password": "x", "q": "Jane"}
        )
    attempt = AccessAttempt.objects.get()
    assert (attempt.get_data, attempt.post_data, attempt.failures_since_start) == ("", "", 2)


def test_a_flood_from_one_address_is_stopped(client, rosa):
    answers = [fail(client, 1, f"name{number}").status_code for number in range(31)]
    assert answers[-1] == 429
    assert "wait a minute" in text_of(fail(client, 1, "name"))


def test_the_api_counts_nothing(client, db):
    for _ in range(6):
        client.get("/api/v1/verifications", HTTP_AUTHORIZATION="Bearer wrong")
    assert not AccessAttempt.objects.exists()
