"""The lifetime of a session, who ends it, and re-authentication."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from tests.flow import exporting
from tests.flow.conftest import LATER, PASSWORD, code_at, give_code, give_password
from tests.flow.passkey import Passkey
from verification.actions.staff import forget_sessions
from verification.models import AuditEvent, Export, StaffChange, StaffUser
from verification.review.sign_in import devices
from verification.tasks import sweep

pytestmark = pytest.mark.usefixtures("an_hour_later")
ASKED = {"first": "2026-11-01", "last": "2026-11-30", "purpose": "audit", "reason": "Annual audit"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


def at(minutes):
    return time_machine.travel(LATER + timedelta(minutes=minutes), tick=False)


def ended():
    return [(e.actor_kind, e.data["why"]) for e in AuditEvent.objects.filter(kind="staff.session_ended")]


# Time


def test_a_quarter_of_an_hour_without_use_ends_the_session(client, rosa):
    give_password(client)
    with at(14.9):
        assert client.get("/admin/").status_code == 200
    with at(29.8):
        assert client.get("/admin/").status_code == 200
    with at(45):
        asked = client.get("/admin/queue/?view=late")
        assert asked.url == "/admin/login/?next=/admin/queue/%3Fview%3Dlate"
        page = client.get(asked.url).content.decode()
    assert "signed out after 15 minutes without use" in page
    assert ended() == [("system", "idle")]


def test_after_twelve_hours_every_session_is_over(client, rosa):
    give_password(client)
    for minutes in range(10, 12 * 60, 10):
        with at(minutes):
            assert client.get("/admin/account/sessions/").status_code == 200
    with at(12 * 60):
        page = client.get("/admin/account/sessions/", follow=True).content.decode()
    assert "a session lasts at most 12 hours" in page
    assert ended() == [("system", "absolute")]


def test_the_limits_are_settings(client, rosa, settings):
    settings.STAFF_IDLE_MINUTES = 1
    give_password(client)
    with at(1):
        page = client.get("/admin/", follow=True).content.decode()
    assert "after 1 minute without use" in page


def test_a_script_is_response_that_the_session_ended(client, rosa):
    give_password(client)
    with at(15):
        response = client.get("/admin/", HTTP_SEC_FETCH_DEST="empty")
    assert (response.status_code, response.json()) == (401, {"error": "signed_out"})


def test_a_session_without_its_times_is_over(client, rosa):
    give_password(client)
    session = client.session
    del session["staff_since"]
    session.save()
    assert client.get("/admin/").status_code == 302


def test_a_form_sent_too_late_changes_nothing(road, emulator, client, rosa):
    case = road.in_review(emulator)
    give_password(client)
    with at(20):
        asked = client.post(reverse("admin:claim", args=[case.public_id]))
        give_password(client)
        came_from = {"HTTP_REFERER": "http://testserver/admin/login/"}
        page = client.get(asked.url, follow=True, **came_from)
    assert page.redirect_chain[-1][0] == reverse("admin:case", args=[case.public_id])
    assert "had to sign in first" in page.content.decode()


# Ending sessions


@pytest.fixture
def phone(rosa):
    browser = Client(HTTP_USER_AGENT=IPHONE, REMOTE_ADDR="192.0.2.7")
    give_password(browser)
    return browser


@pytest.fixture
def desk(rosa):
    browser = Client(HTTP_USER_AGENT=FIREFOX)
    give_password(browser)
    return browser


def test_the_sessions_page_names_devices(desk, phone):
    page = desk.get("/admin/account/sessions/").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert "192.0.2.7" in page


def test_a_session_that_is_over_is_not_listed(phone, rosa):
    with at(16):
        here = Client()
        give_password(here)
        listed = here.get("/admin/account/sessions/").context["sessions"]
    assert [one["here"] for one in listed] == [True]


def test_a_session_in_use_is_listed_with_its_last_use(desk, phone):
    for minutes in (14, 28):
        with at(minutes):
            assert phone.get("/admin/").status_code == 200
            listed = desk.get("/admin/account/sessions/").context["sessions"]
    assert {one["device"]: one["seen"] for one in listed} == {
        "Safari on iPhone": LATER + timedelta(minutes=28),
        "Firefox on Linux": LATER + timedelta(minutes=28),
    }


def test_one_session_is_ended_from_another(desk, phone):
    listed = desk.get("/admin/account/sessions/").context["sessions"]
    (there,) = [one["id"] for one in listed if not one["here"]]
    assert desk.post("/admin/account/sessions/", {"session": there}).status_code == 302
    assert phone.get("/admin/").status_code == 302
    assert desk.get("/admin/").status_code == 200
    assert ended() == [("reviewer", "ended_by_owner")]


def test_all_others_are_ended_at_once(desk, phone):
    desk.post("/admin/account/sessions/")
    assert phone.get("/admin/").status_code == 302
    assert desk.get("/admin/").status_code == 200


@pytest.mark.parametrize("session", ["0", "x", "9" * 30, "-1"])
def test_a_session_that_is_not_there_is_no_error(desk, phone, session):
    page = desk.post("/admin/account/sessions/", {"session": session}, follow=True)
    assert "had ended already" in page.content.decode()
    assert phone.get("/admin/").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(desk, signed_in):
    there = desk.get("/admin/account/sessions/").context["sessions"][0]["id"]
    signed_in("Operator").post("/admin/account/sessions/", {"session": there})
    assert desk.get("/admin/").status_code == 200


def test_switching_somebody_off_ends_their_sessions(desk, signed_in, rosa):
    signed_in("Operator").post(f"/admin/staff/{rosa.pk}/at-once", {"act": "switch_off"})
    assert desk.get("/admin/").status_code == 302
    assert ended() == [("operator", "deactivated")]
    assert AuditEvent.objects.get(kind="staff.switched_off").actor_id == "operator"


def test_an_operator_ends_the_sessions_of_somebody(desk, phone, signed_in, rosa):
    signed_in("Operator").post(f"/admin/staff/{rosa.pk}/at-once", {"act": "end_sessions"})
    assert {browser.get("/admin/").status_code for browser in (desk, phone)} == {302}
    assert ended() == [("operator", "ended_by_operator")]
    assert AuditEvent.objects.get(kind="staff.session_ended").data["count"] == 2


def test_removing_a_second_step_ends_all_other_sessions(with_app):
    """A lost device may have opened one of them, even if the user has another second step."""
    there, here = Client(), Client()
    give_password(there)
    give_code(there, code_at(LATER))
    with at(1):
        give_password(here)
        give_code(here, code_at(LATER + timedelta(minutes=1)))
        Passkey().of(with_app)
        here.post("/admin/account/two-step/app/remove/")
        assert there.get("/admin/").status_code == 302
        assert here.get("/admin/").status_code == 200
    assert ended() == [("reviewer", "second_step_removed")]


def test_expired_sessions_are_forgotten_once_an_hour(desk, phone):
    keys = {browser.session.session_key for browser in (desk, phone)}
    assert forget_sessions(now=LATER) == 0
    assert UserSession.objects.count() == 2
    assert forget_sessions(now=LATER + timedelta(hours=13)) == 0, "it was asked a moment ago"
    with at(61):
        sweep()
        assert Session.objects.filter(pk__in=keys).count() == 2
    with at(13 * 60):
        sweep()
    assert not Session.objects.filter(pk__in=keys).exists()
    assert not UserSession.objects.exists()


def test_a_new_password_of_ones_own_ends_all_other_sessions(desk, phone):
    fields = {
        "oldpassword": PASSWORD,
        "password1": "another horse battery",
        "password2": "another horse battery",
    }
    desk.post("/admin/account/password/", fields)
    assert phone.get("/admin/").status_code == 302
    page = desk.get("/admin/account/sessions/")
    assert [one["here"] for one in page.context["sessions"]] == [True]


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_device_is_response_in_words(user_agent, words):
    assert devices.in_words(user_agent) == words


# Re-authentication


@pytest.fixture
def auditor(client, staff, quick_passwords):
    user = staff("Auditor", "ann")
    user.set_password(PASSWORD)
    user.save()
    give_password(client, "ann")
    return client


def test_an_export_right_after_signing_in_asks_nothing(auditor):
    assert auditor.post("/admin/exports/", ASKED).url.startswith("/admin/exports/exp_")
    assert Export.objects.count() == 1


def test_later_an_export_asks_who_it_is_and_is_not_made(auditor):
    with at(6):
        asked = auditor.post("/admin/exports/", ASKED)
        assert asked.status_code == 403
        assert "confirm that it is you" in asked.content.decode()
        assert not Export.objects.exists()
        auditor.post("/admin/account/confirm/", {"password": PASSWORD})
        assert not Export.objects.exists()
        auditor.post("/admin/exports/", ASKED)
    assert Export.objects.count() == 1


def test_later_a_download_asks_and_leads_back_to_the_list(auditor):
    auditor.post("/admin/exports/", ASKED)
    made = exporting.made(Export.objects.get(), now=LATER)
    path = f"/admin/exports/{made.public_id}/download"
    with at(6):
        asked = auditor.get(path)
        assert asked.url == "/admin/account/confirm/?next=%2Fadmin%2Fexports%2F"
        auditor.post(asked.url, {"password": PASSWORD})
        assert auditor.get(path).getvalue().startswith(b"PK")
    with at(12):
        assert auditor.get(path).status_code == 302


def test_later_an_operator_confirms_before_staff_are_changed(signed_in, rosa):
    """What was typed stays on the page, which asks to confirm; an act without a form leads to the confirmation."""
    operator = signed_in("Operator")
    page = f"/admin/staff/{rosa.pk}/"
    with at(6):
        assert operator.get(page).status_code == 200
        for path, fields in {
            "/admin/staff/appoint": {"username": "mallory", "reason": "New here."},
            f"{page}propose": {"kind": "password", "reason": "Forgot it."},
        }.items():
            asked = operator.post(path, fields)
            assert (asked.status_code, "confirm that it is you" in asked.content.decode()) == (403, True)
        assert operator.post(f"{page}at-once", {"act": "switch_off"}).url.startswith(
            "/admin/account/confirm/"
        )
    assert not StaffChange.objects.exists()
    assert StaffUser.objects.get(pk=rosa.pk).is_active


def test_a_code_confirms_too(client, with_app):
    with_app.groups.set([Group.objects.get(name="Auditor")])
    give_password(client)
    give_code(client, code_at(LATER))
    with at(6):
        client.post("/admin/account/confirm/code/", {"code": code_at(LATER + timedelta(minutes=6))})
        assert client.post("/admin/exports/", ASKED).url.startswith("/admin/exports/exp_")


def test_a_wrong_password_confirms_nothing(auditor):
    with at(6):
        assert auditor.post("/admin/account/confirm/", {"password": "wrong"}).status_code == 200
        assert auditor.post("/admin/exports/", ASKED).status_code == 403


def test_a_script_that_must_confirm_is_response_in_json(auditor):
    with at(6):
        response = auditor.get("/admin/exports/any/download", HTTP_ACCEPT="application/json")
    assert (response.status_code, response.json()) == (403, {"error": "reauthenticate"})


def test_confirming_never_leads_away(auditor):
    with at(6):
        answer = auditor.post("/admin/account/confirm/?next=//evil.example", {"password": PASSWORD})
    assert answer.url == "/admin/"


def test_second_steps_are_changed_only_by_who_confirmed(client, with_app):
    give_password(client)
    give_code(client, code_at(LATER))
    with at(6):
        for path in ("codes/", "codes/new/", "codes/download/", "app/remove/", "passkeys/add/"):
            answer = client.get(f"/admin/account/two-step/{path}")
            assert answer.url.startswith("/admin/account/confirm/"), path


@pytest.mark.parametrize("path", ["codes/new/", "app/remove/", "passkeys/add/", "passkeys/{pk}/remove/"])
def test_a_form_that_came_too_late_is_never_sent_by_itself(client, with_app, path):
    """Allauth would store the form and send it after the next re-authentication."""
    Passkey().of(with_app)
    path = f"/admin/account/two-step/{path}".format(pk=Authenticator.objects.get(type="webauthn").pk)
    give_password(client)
    give_code(client, code_at(LATER))
    before = list(Authenticator.objects.values_list("pk", "data"))
    with at(6):
        asked = client.post(path)
        assert asked.url == f"/admin/account/confirm/?{urlencode({'next': path})}"
        assert "Nothing was changed" in client.get(asked.url).content.decode()
        assert client.post(asked.url, {"password": PASSWORD}).url == path
    assert list(Authenticator.objects.values_list("pk", "data")) == before


def test_a_script_of_ones_own_sign_in_that_must_confirm_is_response_in_json(client, with_app):
    give_password(client)
    give_code(client, code_at(LATER))
    with at(6):
        response = client.post("/admin/account/two-step/codes/new/", HTTP_ACCEPT="application/json")
    assert (response.status_code, response.json()) == (403, {"error": "reauthenticate"})
