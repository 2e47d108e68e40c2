"""Signing in: the password, the second step, and the check in front of every staff address."""

import json
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import translation

from tests.flow.conftest import (
    LATER,
    PASSWORD,
    SECRET,
    code_at,
    enrol,
    give_code,
    give_password,
    take_second_step,
    text_of,
)
from tests.flow.passkey import SIGN_IN, begin
from verification.crypto import new_entry
from verification.models import AuditEvent, StaffUser

pytestmark = pytest.mark.usefixtures("an_hour_later")
RUBBISH = (
    "1",
    "[]",
    "{}",
    '{"id": 1, "response": {}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA", '
    '"authenticatorData": "AA", "signature": "AA", "userHandle": "AA", "attestationObject": "AA"}}',
)


def events(kind):
    return list(AuditEvent.objects.filter(kind=kind))


# Password and second step


def test_a_password_alone_opens_the_demo(client, rosa):
    assert give_password(client).url == "/admin/"
    assert "Two-step sign-in is off in this demo." in text_of(client.get("/admin/queue/"))
    (event,) = events("staff.signed_in")
    assert (event.actor_kind, event.actor_id, event.data) == ("reviewer", "rosa", {"how": "password"})
    assert event.subject_id == str(rosa.pk)


def test_with_an_app_its_code_is_asked_for_too(client, with_app):
    assert give_password(client).url == "/admin/account/second-step/"
    assert client.get("/admin/").status_code == 302
    assert give_code(client, code_at(LATER)).url == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert [event.data for event in events("staff.signed_in")] == [{"how": "totp"}]


def test_a_new_session_key_is_made_at_the_sign_in(client, with_app):
    client.get("/admin/login/")
    give_password(client)
    before = client.session.session_key
    give_code(client, code_at(LATER))
    assert client.session.session_key != before


def test_a_wrong_code_is_refused(client, with_app):
    give_password(client)
    wrong = f"{(int(code_at(LATER)) + 1) % 1_000_000:06}"
    page = give_code(client, wrong)
    assert page.status_code == 200
    assert "did not work" in text_of(page)
    assert client.get("/admin/").status_code == 302
    (event,) = events("staff.sign_in_failed")
    assert event.data == {"step": "code", "known": True}


def test_a_code_counts_once(client, with_app):
    other = Client()
    for browser in (client, other):
        give_password(browser)
    assert give_code(client, code_at(LATER)).url == "/admin/"
    assert "did not work" in text_of(give_code(other, code_at(LATER)))


def test_the_code_that_turned_the_app_on_is_used(client, rosa, django_capture_on_commit_callbacks):
    give_password(client)
    client.get("/admin/account/two-step/app/add/")
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/admin/account/two-step/app/add/", {"code": code_at(LATER, secret)})
    other = Client()
    give_password(other)
    assert "did not work" in text_of(give_code(other, code_at(LATER, secret)))
    with time_machine.travel(LATER + timedelta(seconds=30), tick=False):
        assert give_code(other, code_at(LATER + timedelta(seconds=30), secret)).url == "/admin/"


def test_a_recovery_code_stands_in_for_the_app_once(client, with_app):
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    other = Client()
    for browser in (client, other):
        give_password(browser)
    assert give_code(client, code).url == "/admin/"
    assert [event.data for event in events("staff.signed_in")] == [{"how": "recovery"}]
    assert "did not work" in text_of(give_code(other, code))


def test_the_way_on_is_kept_through_both_steps(client, with_app):
    give_password(client, next="/admin/queue/?view=late")
    assert give_code(client, code_at(LATER)).url == "/admin/queue/?view=late"


@pytest.mark.parametrize(
    "next_",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        r"/\evil.example",
        "javascript:alert(1)",
        "/v/some-link",
        "http://testserver/admin/",
    ],
)
def test_nothing_leads_out_of_the_staff_site(client, rosa, next_):
    assert give_password(client, next=next_).url == "/admin/"
    assert client.get("/admin/login/", {"next": next_}).url == "/admin/"


def test_no_answer_repeats_the_password(client, rosa):
    typed = {"login": "rosa", "password": "Tr0ub4dor&3-typed"}
    for asked in ({"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}, {"HTTP_ACCEPT": "application/json"}):
        answer = client.post("/admin/login/", typed, **asked)
        assert answer.status_code == 200
        assert "Tr0ub4dor" not in text_of(answer)


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"is_staff": False}, {"is_staff": False, "is_superuser": True}]
)
def test_who_is_no_active_staff_is_refused_like_a_stranger(client, rosa, change):
    StaffUser.objects.filter(pk=rosa.pk).update(**change)
    refused = give_password(client)
    assert refused.status_code == 200
    assert "Username or password is wrong." in text_of(refused)
    assert client.get("/admin/").status_code == 302


def test_whoever_signs_out_is_out(client, with_app):
    give_password(client)
    give_code(client, code_at(LATER))
    stolen = client.cookies["sessionid"].value
    assert client.get("/admin/logout/").status_code == 200
    assert client.post("/admin/logout/").url == "/admin/login/"
    client.cookies["sessionid"] = stolen
    assert client.get("/admin/").url == "/admin/login/?next=/admin/"
    assert [event.actor_id for event in events("staff.signed_out")] == ["rosa"]


# The gate


def addresses():
    """Every address under /admin/, with sample values for its parameters."""
    for pattern in get_resolver().url_patterns:
        if str(pattern.pattern) == "admin/":
            yield from _filled("/admin/", pattern)


def _filled(start, resolver):
    for pattern in resolver.url_patterns:
        for text, names in get_resolver_of(pattern):
            path = start + text % dict.fromkeys(names, "1")
            if isinstance(pattern, URLPattern):
                yield path
            else:
                yield from _filled(path, pattern)


def get_resolver_of(pattern):
    with translation.override("en"):
        route = getattr(pattern.pattern, "_route", None)
    if route is None:  # the catch-all of Django's admin site
        return [("nothing/here", [])]
    text, names = "", []
    for piece in route.split("<"):
        name, closed, rest = piece.partition(">")
        if closed:
            names.append(name.split(":")[-1])
            text += f"%({names[-1]})s{rest}"
        else:
            text += piece
    return [(text, names)]


def answering(client):
    """The addresses that answer with a page, to any method."""
    return {
        path for path in addresses() if 200 in {client.get(path).status_code, client.post(path).status_code}
    }


def test_the_crawl_knows_our_pages():
    found = set(addresses())
    assert {"/admin/", "/admin/queue/", "/admin/exports/1/download", "/admin/account/sessions/"} <= found
    assert "/admin/staff/1/at-once" in found
    assert len(found) > 80


def test_signed_out_only_the_sign_in_answers(client, db, required):
    assert answering(client) == {"/admin/login/"}


def test_without_a_second_step_only_its_set_up_answers(client, rosa, required):
    client.force_login(rosa)
    open_ = {path for path in addresses() if client.get(path).status_code == 200}
    assert open_ == {"/admin/logout/", "/admin/account/enrolment/"}
    posted = {p for p in addresses() if p != "/admin/logout/" and client.post(p).status_code == 200}
    assert posted == {"/admin/account/enrolment/"}


def test_after_the_enrolment_code_only_the_set_up_answers(client, rosa, required, enrolment_code):
    client.force_login(rosa)
    assert enrol(client, enrolment_code).url == "/admin/account/two-step/"
    open_ = {path for path in addresses() if client.get(path).status_code == 200}
    assert open_ == {"/admin/logout/", "/admin/account/two-step/", "/admin/account/confirm/"}
    posted = {p for p in addresses() if p != "/admin/logout/" and client.post(p).status_code == 200}
    assert posted <= {"/admin/account/confirm/"}


@pytest.mark.parametrize("prefix", ["/x", "/x//", "//", "/admin"])
def test_what_a_client_says_comes_before_an_address_opens_nothing(client, rosa, required, settings, prefix):
    """Gunicorn takes the prefix from a header that is named SCRIPT_NAME."""
    settings.FORCE_SCRIPT_NAME = None
    client.force_login(rosa)
    answer = client.get("/admin/queue/", SCRIPT_NAME=prefix)
    assert (answer.status_code, "enrolment" in answer["Location"]) == (302, True)


def test_what_a_client_says_comes_before_an_address_is_no_part_of_it(client, db):
    assert client.get("/admin/login/", SCRIPT_NAME="/elsewhere").wsgi_request.path == "/admin/login/"


@pytest.mark.parametrize("how", ["required", "optional"])
def test_with_one_that_was_not_taken_only_it_answers(client, with_app, settings, how):
    """For example a session from before the second step was set up."""
    settings.STAFF_MFA = how
    client.force_login(with_app)
    open_ = {path for path in addresses() if client.get(path).status_code == 200}
    assert open_ == {"/admin/logout/", "/admin/account/confirm/code/"}
    posted = {p for p in addresses() if p != "/admin/logout/" and client.post(p).status_code == 200}
    assert posted <= {"/admin/account/confirm/code/"}


def test_half_way_through_the_sign_in_nothing_else_answers(client, with_app):
    give_password(client)
    open_ = {path for path in addresses() if client.get(path).status_code == 200}
    assert open_ == {"/admin/account/second-step/"}


def test_the_second_step_can_be_taken_later(client, with_app):
    client.force_login(with_app)
    asked = client.get("/admin/queue/")
    assert asked.url == "/admin/account/confirm/code/?next=%2Fadmin%2Fqueue%2F"
    assert client.post(asked.url, {"code": code_at(LATER)}).url == "/admin/queue/"
    assert client.get("/admin/queue/").status_code == 200


def test_a_password_is_no_second_step(client, with_app):
    client.force_login(with_app)
    client.post("/admin/account/confirm/", {"password": PASSWORD})
    assert client.get("/admin/queue/").status_code == 302


def test_a_script_is_told_in_json(client, with_app):
    asked = {"HTTP_ACCEPT": "application/json"}
    response = client.get("/admin/queue/", **asked)
    assert (response.status_code, response.json()) == (401, {"error": "signed_out"})
    client.force_login(with_app)
    response = client.get("/admin/queue/", **asked)
    assert (response.status_code, response.json()) == (401, {"error": "second_step_missing"})


@pytest.mark.parametrize(
    "path",
    [
        "/admin/account/signup/",
        "/admin/signup/",
        "/accounts/login/",
        "/accounts/signup/",
        "/admin/account/email/",
        "/admin/account/password/reset/",
        "/admin/account/inactive/",
    ],
)
def test_what_else_the_library_has_is_not_there(signed_in, path):
    assert signed_in().get(path).status_code == 404


def test_the_applicants_pages_know_nothing_of_it(client, db, required):
    assert client.get("/healthz").status_code == 200
    assert "sessionid" not in client.get("/v/unknown").cookies
    assert "Two-step" not in text_of(client.get("/v/unknown"))
    assert client.get("/api/v1/verifications").status_code == 401


# Setting up the second step


def test_a_newcomer_sets_up_an_app_and_goes_on(
    client, rosa, required, enrolment_code, django_capture_on_commit_callbacks
):
    assert give_password(client, next="/admin/queue/").url == "/admin/queue/"
    asked = client.get("/admin/queue/").url
    assert asked == "/admin/account/enrolment/?next=%2Fadmin%2Fqueue%2F"
    set_up = client.post(asked, {"code": enrolment_code}).url
    assert set_up == "/admin/account/two-step/?next=%2Fadmin%2Fqueue%2F"
    page = text_of(client.get("/admin/account/two-step/app/add/"))
    secret = client.session["mfa.totp.secret"]
    assert secret in page
    assert 'src="data:image/svg+xml;base64,' in page
    with django_capture_on_commit_callbacks(execute=True):
        added = client.post("/admin/account/two-step/app/add/", {"code": code_at(LATER, secret)})
    assert added.url == reverse("mfa_view_recovery_codes")
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert all(code in text_of(client.get("/admin/account/two-step/codes/")) for code in codes)
    assert client.get("/admin/queue/").status_code == 200
    assert {event.data["step"] for event in events("staff.second_step_added")} == {"totp", "recovery"}


def test_secrets_are_encrypted_in_the_database(with_app):
    app = Authenticator.objects.get(type="totp")
    stored = json.dumps([one.data for one in Authenticator.objects.all()])
    assert SECRET not in stored
    assert app.data["secret"].startswith("demo:")
    assert app.wrap().validate_code(code_at(LATER))


def test_a_second_step_moves_to_a_new_key_when_it_is_used(client, with_app, settings):
    old = project.KEYRING
    settings.KEYRING = f"{new_entry('newer')},{old}"
    give_password(client)
    give_code(client, code_at(LATER))
    stored = [one.data.get("secret") or one.data["seed"] for one in Authenticator.objects.all()]
    assert all(text.startswith("newer:") for text in stored)
    settings.KEYRING = settings.KEYRING.partition(",")[0]
    assert Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()


def test_a_second_step_that_does_not_open_is_no_wrong_code(client, with_app, settings):
    settings.KEYRING = new_entry("another")
    give_password(client)
    answer = give_code(client, code_at(LATER))
    assert answer.status_code == 503
    assert "tell an operator" in text_of(answer)
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("credential", RUBBISH)
def test_a_made_up_passkey_is_refused(client, with_app, credential):
    assert client.post(SIGN_IN, {"credential": credential}).url == "/admin/login/"
    begin(client)
    assert client.post(SIGN_IN, {"credential": credential}).url == "/admin/login/"
    give_password(client)
    client.get("/admin/account/second-step/")
    assert client.post("/admin/account/second-step/", {"credential": credential}).status_code == 200
    client.force_login(with_app)
    take_second_step(client, with_app)
    client.get("/admin/account/two-step/passkeys/add/")
    added = client.post("/admin/account/two-step/passkeys/add/", {"credential": credential})
    assert added.status_code == 200
    assert not Authenticator.objects.filter(type="webauthn").exists()


def test_removing_the_only_second_step_leads_back_to_the_set_up(client, with_app, required):
    give_password(client)
    give_code(client, code_at(LATER))
    assert client.post("/admin/account/two-step/app/remove/").status_code == 302
    assert not Authenticator.objects.exists()
    assert client.get("/admin/queue/").url.startswith("/admin/account/two-step/")
    assert events("staff.second_step_removed")


def test_recovery_codes_alone_are_no_second_step(client, with_app, required):
    """Recovery codes replace a second step once; if nothing else is left, the user must set one up first."""
    Authenticator.objects.filter(type="totp").delete()
    assert give_password(client).url == "/admin/"
    assert client.get("/admin/queue/").url.startswith("/admin/account/enrolment/")


def test_an_operator_takes_away_a_lost_second_step(client, with_app, required):
    give_password(client)
    give_code(client, code_at(LATER))
    call_command("reset_second_step", "rosa")
    assert client.get("/admin/").url == "/admin/login/?next=/admin/"
    assert not Authenticator.objects.exists()
    (event,) = events("staff.second_step_removed")
    assert (event.actor_kind, event.data["steps"]) == ("shell", ["recovery_codes", "totp"])
    assert [event.data["why"] for event in events("staff.session_ended")] == ["second_step_reset"]


def test_if_the_second_step_is_removed_during_sign_in_it_starts_again(client, with_app, required):
    """The sign-in page and the second step must not redirect to each other for ever."""
    give_password(client)
    call_command("reset_second_step", "rosa")
    assert client.get("/admin/account/second-step/").url == "/admin/login/"
    assert client.get("/admin/login/").status_code == 200
    assert give_password(client).url == "/admin/"
    assert client.get("/admin/").url.startswith("/admin/account/enrolment/")


def test_a_second_step_of_nobody_is_not_taken_away(db):
    with pytest.raises(CommandError, match="no member of staff"):
        call_command("reset_second_step", "nobody")


# Password


def test_changing_ones_own_password_is_an_event(client, rosa):
    give_password(client)
    assert client.get("/admin/password_change/").url == "/admin/account/password/"
    fields = {
        "oldpassword": PASSWORD,
        "password1": "another horse battery",
        "password2": "another horse battery",
    }
    assert client.post("/admin/account/password/", fields).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert [event.actor_id for event in events("staff.password_changed")] == ["rosa"]


def test_the_present_password_is_needed_for_a_new_one(client, rosa):
    give_password(client)
    fields = {
        "oldpassword": "wrong",
        "password1": "another horse battery",
        "password2": "another horse battery",
    }
    assert "present password is wrong" in text_of(client.post("/admin/account/password/", fields))


def test_who_has_no_password_is_told_so(signed_in, staff):
    user = staff("Reviewer")
    user.set_unusable_password()
    user.save()
    page = signed_in().get("/admin/account/password/", follow=True)
    assert (page.status_code, "An operator can set the first one" in text_of(page)) == (403, True)


def test_no_event_holds_a_secret(client, with_app):
    give_password(client, password="Tr0ub4dor&3-typed")
    give_password(client, username="typed-into-the-wrong-field")
    give_password(client)
    give_code(client, "123450")
    give_code(client, code_at(LATER))
    events_text = json.dumps([[e.kind, e.actor_id, e.subject_id, e.data] for e in AuditEvent.objects.all()])
    for secret in ("Tr0ub4dor", "typed-into", PASSWORD, SECRET, "123450", code_at(LATER)):
        assert secret not in events_text
