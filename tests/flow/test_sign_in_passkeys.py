"""Signing in with a passkey: alone, after the password, and with invalid ones."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client

from tests.flow.conftest import LATER, PASSWORD, code_at, enrol, give_code, give_password, take_second_step
from tests.flow.passkey import ADD, SIGN_IN, Passkey, begin, challenge_of, sign_in
from verification.crypto import new_entry
from verification.models import AuditEvent, StaffUser
from verification.review.sign_in import lockout

pytestmark = pytest.mark.usefixtures("an_hour_later")
SECOND_STEP = "/admin/account/second-step/"
TOO_DEEP = "[" * 200_000


@pytest.fixture
def passkey(rosa):
    return Passkey().of(rosa)


@pytest.fixture
def eve(staff, quick_passwords):
    """A colleague who tries to sign in as somebody else."""
    user = staff("Reviewer", "eve")
    user.set_password(PASSWORD)
    user.save()
    Passkey().of(user)
    return user


def ways_in():
    return [(e.actor_id, e.data["how"]) for e in AuditEvent.objects.filter(kind="staff.signed_in")]


# Alone


def test_a_passkey_that_asked_for_a_finger_signs_in_alone(client, rosa, passkey, required):
    assert sign_in(client, passkey, rosa).url == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert ways_in() == [("rosa", "webauthn")]


def test_a_touch_alone_is_no_sign_in(client, rosa, passkey):
    assert sign_in(client, passkey, rosa, verified=False).url == "/admin/login/"
    assert client.get("/admin/").status_code == 302
    assert ways_in() == []


def test_a_touch_for_a_second_step_is_no_sign_in_either(client, rosa, passkey, eve, required):
    """The second step requires no user verification: its challenge must not sign anybody in by passkey alone."""
    give_password(client, "eve")
    client.get(SECOND_STEP)
    challenge = challenge_of(client)
    client.post("/admin/logout/")
    refused = client.post(SIGN_IN, {"credential": passkey.answer(challenge, rosa, verified=False)})
    assert refused.url == "/admin/login/"
    assert client.get("/admin/").status_code == 302
    assert ways_in() == []


def test_a_challenge_counts_once(client, rosa, passkey):
    begin(client)
    credential = passkey.answer(challenge_of(client), rosa, verified=True)
    assert client.post(SIGN_IN, {"credential": credential}).url == "/admin/"
    client.post("/admin/logout/")
    begin(client)
    assert client.post(SIGN_IN, {"credential": credential}).url == "/admin/login/"


def test_nobody_signs_in_with_the_passkey_of_somebody_else(client, rosa, passkey, eve):
    assert sign_in(client, passkey, eve).url == "/admin/login/"
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_a_passkey_of_nobody_active_is_refused(client, rosa, passkey, change):
    StaffUser.objects.filter(pk=rosa.pk).update(**change)
    refused = sign_in(client, passkey, rosa)
    assert refused.url == "/admin/login/"
    assert "can't be used here" in str(next(iter(get_messages(refused.wsgi_request))))
    assert client.get("/admin/").status_code == 302


def test_a_refused_passkey_is_no_second_step_later(client, with_app, required):
    """After an operator reactivated the account without the passkey, sign-in asks for the app again."""
    passkey = Passkey().of(with_app)
    StaffUser.objects.filter(pk=with_app.pk).update(is_active=False)
    sign_in(client, passkey, with_app)
    StaffUser.objects.filter(pk=with_app.pk).update(is_active=True)
    Authenticator.objects.filter(type="webauthn").delete()
    assert give_password(client).url == SECOND_STEP
    assert client.get("/admin/queue/").status_code == 302


def test_a_passkey_opens_a_name_that_others_have_locked(client, rosa, passkey, monkeypatch):
    monkeypatch.setattr(lockout, "MAX_FAILURES_A_DAY", 6)
    for number in range(6):
        give_password(Client(REMOTE_ADDR=f"192.0.2.{number}"), password="wrong")
    assert give_password(client).status_code == 429
    assert sign_in(client, passkey, rosa).url == "/admin/"
    assert give_password(Client()).url == SECOND_STEP


# After the password, and confirming


def test_after_the_password_a_touch_is_enough(client, rosa, passkey, required):
    assert give_password(client).url == SECOND_STEP
    client.get(SECOND_STEP)
    credential = passkey.answer(challenge_of(client), rosa, verified=False)
    assert client.post(SECOND_STEP, {"credential": credential}).url == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert ways_in() == [("rosa", "webauthn")]


def test_somebody_elses_passkey_is_no_second_step(client, rosa, passkey, eve):
    give_password(client, "eve")
    client.get(SECOND_STEP)
    credential = passkey.answer(challenge_of(client), rosa, verified=True)
    assert client.post(SECOND_STEP, {"credential": credential}).status_code == 200
    assert client.get("/admin/").status_code == 302


def test_a_passkey_confirms(client, rosa, passkey):
    client.force_login(rosa)
    asked = client.get("/admin/queue/")
    assert asked.url.startswith("/admin/account/confirm/passkey/")
    client.get(asked.url)
    credential = passkey.answer(challenge_of(client), rosa, verified=False)
    assert client.post(asked.url, {"credential": credential}).url == "/admin/queue/"
    assert client.get("/admin/queue/").status_code == 200


def test_a_passkey_is_added_and_signs_in(
    client, rosa, required, enrolment_code, django_capture_on_commit_callbacks
):
    passkey = Passkey()
    give_password(client)
    enrol(client, enrolment_code)
    client.get(ADD)
    with django_capture_on_commit_callbacks(execute=True):
        added = client.post(
            ADD, {"name": "Blue key", "credential": json.dumps(passkey.made(challenge_of(client)))}
        )
    assert added.url == "/admin/account/two-step/codes/"
    assert sign_in(Client(), passkey, rosa).url == "/admin/"


# Invalid passkeys


@pytest.mark.parametrize("path", [SIGN_IN, SECOND_STEP, ADD, "/admin/account/confirm/passkey/"])
def test_what_no_reader_of_json_can_hold_is_refused(client, rosa, passkey, path):
    if path == SECOND_STEP:
        give_password(client)
    elif path != SIGN_IN:
        client.force_login(rosa)
        take_second_step(client, rosa)
    assert client.post(path, {"credential": TOO_DEEP}).status_code in {200, 302}
    assert Authenticator.objects.filter(type="webauthn").count() == 1


def test_challenges_are_not_handed_out_without_end(db, settings):
    settings.MFA_RATE_LIMITS = {"webauthn_login": "3/m/ip"}
    answers = [begin(Client()).status_code for _ in range(5)]
    assert answers == [200] * 3 + [429] * 2
    assert Session.objects.count() == 3


def test_a_browser_that_looks_at_the_address_gets_no_challenge(client, db):
    assert client.get(SIGN_IN).url == "/admin/login/"
    assert not Session.objects.exists()


# Without the keyring


def test_what_the_keyring_does_not_open_can_be_removed_and_replaced(client, with_app, settings):
    passkey = Passkey().of(with_app)
    settings.KEYRING = new_entry("another")
    assert sign_in(client, passkey, with_app).url == "/admin/"
    assert client.get("/admin/account/two-step/").status_code == 200
    assert client.get("/admin/account/two-step/codes/new/").status_code == 200
    assert client.post("/admin/account/two-step/codes/new/").url == "/admin/account/two-step/codes/"
    assert client.get("/admin/account/two-step/codes/").status_code == 200
    assert client.post("/admin/account/two-step/app/remove/").url == "/admin/account/two-step/"
    assert not Authenticator.objects.filter(type="totp").exists()


# An unfinished sign-in


@pytest.mark.parametrize("change", ["password", "active", "staff"])
def test_a_sign_in_that_is_half_way_ends_with_a_reset(client, with_app, change):
    give_password(client)
    user = StaffUser.objects.get(pk=with_app.pk)
    if change == "password":
        user.set_password("quite another password")
    else:
        setattr(user, f"is_{change}", False)
    user.save()
    refused = give_code(client, code_at(LATER))
    assert refused.url == "/admin/login/"
    page = client.get("/admin/login/")
    assert "Please sign in again." in page.content.decode()
    assert client.get("/admin/").status_code == 302
    assert ways_in() == []
