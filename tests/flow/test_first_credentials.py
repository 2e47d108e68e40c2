"""A first password and an enrolment code, which two people hand out, each to be used once within 72 hours."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tests.flow.conftest import LATER, again, code_at, enrol, give_code, give_password, text_of
from tests.flow.staffing import OPERATOR, appoint, confirmed, days_later, do, propose, secret_of
from verification.models import AuditEvent, StaffChange, StaffUser
from verification.staffing import access

pytestmark = [pytest.mark.usefixtures("an_hour_later", "quick_passwords"), pytest.mark.django_db]
OWN = "a password of my own"


def test_a_newcomer_needs_what_both_hand_out(olga, sam, required, client, django_capture_on_commit_callbacks):
    password, code = confirmed(olga, sam)
    assert give_password(client, password=password).url == "/admin/"
    assert client.get("/admin/").url.startswith("/admin/account/enrolment/")
    assert enrol(client, f" {code.lower().replace('-', '')} ").url == "/admin/account/two-step/"
    client.get("/admin/account/two-step/app/add/")
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/admin/account/two-step/app/add/", {"code": code_at(LATER, secret)})
    assert client.get("/admin/queue/").url.startswith("/admin/account/password/")
    fields = {"oldpassword": password, "password1": OWN, "password2": OWN}
    client.post("/admin/account/password/", fields)
    assert client.get("/admin/queue/").status_code == 200
    rosa = StaffUser.objects.get(username="rosa")
    assert (rosa.first_password_until, rosa.enrolment_sha256) == (None, "")


def test_who_hands_out_the_password_can_not_set_up_the_second_step(olga, sam, required, client):
    password, _code = confirmed(olga, sam)
    give_password(client, password=password)
    for path in ("", "app/add/", "passkeys/add/"):
        assert client.get(f"/admin/account/two-step/{path}").url.startswith("/admin/account/enrolment/")
    wrong = enrol(client, "WRNG-CODE-HERE")
    assert (wrong.status_code, "not your enrolment code" in text_of(wrong)) == (200, True)
    assert AuditEvent.objects.get(kind="staff.sign_in_failed").data["step"] == "enrolment"
    assert not Authenticator.objects.exists()


def test_guesses_at_the_code_are_counted(olga, sam, required, client):
    password, code = confirmed(olga, sam)
    give_password(client, password=password)
    answers = [enrol(client, "WRNG-CODE-HERE").status_code for _ in range(5)]
    assert answers == [200] * 4 + [429]
    assert enrol(client, code).status_code == 429


def test_nobody_but_its_proposer_sees_the_password(olga, sam, desk_of):
    change = appoint(olga)
    do(sam, change, "confirm")
    for client in (sam, desk_of(OPERATOR, "other")):
        assert do(client, change, "hand-out").status_code == 403
    assert not StaffUser.objects.get(username="rosa").has_usable_password()


def test_each_is_shown_once_and_kept_by_no_cache(olga, sam):
    change = appoint(olga)
    shown = do(sam, change, "confirm")
    assert "no-store" in shown["Cache-Control"]
    assert "no-store" in do(olga, change, "hand-out")["Cache-Control"]
    assert do(olga, change, "hand-out").status_code == 302
    assert do(sam, change, "confirm").status_code == 302


def test_the_page_of_a_secret_says_whether_somebody_hands_over_another(olga, sam, with_app):
    other = "somebody else hands over"
    change = appoint(olga, "paul")
    assert f"{other} the password" in text_of(do(sam, change, "confirm"))
    assert f"{other} the enrolment code" in text_of(do(olga, change, "hand-out"))
    password, step = (propose(olga, with_app, kind) for kind in ("password", "second_step"))
    do(sam, password, "confirm")
    assert other not in text_of(do(olga, password, "hand-out"))
    assert other not in text_of(do(sam, step, "confirm"))


def test_neither_is_stored_or_recorded(olga, sam):
    password, code = confirmed(olga, sam)
    rows = [*StaffUser.objects.values(), *StaffChange.objects.values(), *AuditEvent.objects.values()]
    assert password not in str(rows)
    assert code not in str(rows)
    assert code.replace("-", "") not in str(rows)


def test_a_first_password_runs_out(olga, sam, client):
    password, _code = confirmed(olga, sam)
    with days_later(3):
        page = text_of(client.post("/admin/login/", {"login": "rosa", "password": password}, follow=True))
        assert "first password has run out" in page
        assert client.get("/admin/").status_code == 302
        wrong = give_password(client, username="rosa", password="wrong")
        assert "run out" not in text_of(wrong)


def test_an_enrolment_code_runs_out(olga, sam):
    _password, code = confirmed(olga, sam)
    rosa = StaffUser.objects.get(username="rosa")
    assert access.is_enrolment_code(rosa, code, LATER + timedelta(hours=71))
    assert not access.is_enrolment_code(rosa, code, LATER + timedelta(hours=72))


def test_the_first_password_is_changed_before_anything_opens(olga, sam, client):
    password, _code = confirmed(olga, sam)
    give_password(client, password=password)
    for path in ("/admin/", "/admin/queue/", "/admin/account/sessions/"):
        assert client.get(path).url.startswith("/admin/account/password/")
    assert client.post("/admin/queue/next").url.startswith("/admin/account/password/")
    same = {"oldpassword": password, "password1": password, "password2": password}
    assert "present password" in text_of(client.post("/admin/account/password/", same))
    assert client.get("/admin/queue/").status_code == 302


def test_a_reset_password_is_a_first_password(olga, sam, rosa, client):
    give_password(client)
    change = propose(olga, rosa, "password")
    do(sam, change, "confirm")
    assert client.get("/admin/").status_code == 200
    password = secret_of(do(olga, change, "hand-out"))
    assert client.get("/admin/").status_code == 302
    assert give_password(client).status_code == 200
    assert give_password(client, password=password).url == "/admin/"
    assert client.get("/admin/").url.startswith("/admin/account/password/")


def test_a_reset_password_does_not_get_past_the_second_step(olga, sam, with_app, client):
    change = propose(olga, with_app, "password")
    assert do(sam, change, "confirm").status_code == 302
    give_password(client, password=secret_of(do(olga, change, "hand-out")))
    assert client.get("/admin/").status_code == 302
    assert give_code(client, "000000").status_code == 200


def test_a_lost_second_step_is_removed_with_a_code_for_the_second_person(olga, sam, with_app, client):
    give_password(client)
    give_code(client, code_at(LATER))
    change = propose(olga, with_app, "second_step")
    assert client.get("/admin/").status_code == 200
    code = secret_of(do(sam, change, "confirm"))
    assert client.get("/admin/").status_code == 302
    assert not Authenticator.objects.exists()
    with_app.refresh_from_db()
    assert access.is_enrolment_code(with_app, code, LATER)
    assert AuditEvent.objects.get(kind="staff.second_step_removed").data["proposed_by"] == "olga"


def test_a_code_given_before_a_reset_sets_nothing_up(olga, sam, required, rosa, enrolment_code, client):
    client.force_login(rosa)
    enrol(client, enrolment_code)
    assert client.get("/admin/account/two-step/").status_code == 200
    access.give_enrolment_code(rosa, seen_by=None, now=LATER)
    assert client.get("/admin/account/two-step/").url.startswith("/admin/account/enrolment/")


@pytest.mark.parametrize("first", ["password", "second_step"])
def test_nobody_comes_to_know_both_halves(olga, desk_of, with_app, first):
    """Two operators who each propose one half, and confirm each other's."""
    oscar = desk_of(OPERATOR, "oscar")
    password, step = propose(olga, with_app, "password"), propose(oscar, with_app, "second_step")
    do(oscar, password, "confirm")
    if first == "password":
        assert do(olga, password, "hand-out").status_code == 200
        assert do(olga, step, "confirm").status_code == 403
        assert Authenticator.objects.exists()
    else:
        assert do(olga, step, "confirm").status_code == 200
        assert do(olga, password, "hand-out").status_code == 403
        assert give_password(Client()).status_code == 302


def test_a_first_password_that_ran_out_still_counts(olga, desk_of):
    """A session that it opened may live longer."""
    otto = desk_of(OPERATOR, "otto")
    confirmed(olga, otto)
    with days_later(3):
        change = propose(again(otto), StaffUser.objects.get(username="rosa"), "password")
        assert do(again(olga), change, "confirm").status_code == 403
