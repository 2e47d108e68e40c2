"""How long a session lives, who ends it, and when one is asked again."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from tests.flow.conftest import LATER, PASSWORD, code_at, give_code, give_password
from verification.models import AuditEvent, Export
from verification.review.sign_in import devices

pytestmark = pytest.mark.usefixtures("an_hour_later")
ASKED = {"start": "2026-11-01", "end": "2026-12-01", "reason": "Annual audit"}
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


def test_what_a_page_asks_by_itself_is_no_use(client, rosa):
    give_password(client)
    with at(10):
        assert client.get("/admin/", HTTP_X_BACKGROUND="1").status_code == 200
    with at(15):
        assert client.get("/admin/").status_code == 302


def test_a_script_is_told_that_the_session_ended(client, rosa):
    give_password(client)
    with at(15):
        told = client.get("/admin/", HTTP_SEC_FETCH_DEST="empty")
    assert (told.status_code, told.json()) == (401, {"error": "signed_out"})


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
        page = client.get(asked.url, follow=True)
    assert page.redirect_chain[-1][0] == reverse("admin:case", args=[case.public_id])
    assert "had to sign in first" in page.content.decode()


# Who ends one


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


def test_deactivating_somebody_ends_their_sessions(desk, signed_in, rosa):
    group = Group.objects.get(name="Reviewer").pk
    signed_in("Operator").post(
        reverse("admin:verification_staffuser_change", args=[rosa.pk]),
        {"username": "rosa", "groups": [group]},
    )
    assert desk.get("/admin/").status_code == 302
    assert ended() == [("operator", "deactivated")]


def test_resetting_a_password_ends_the_sessions(desk, phone, signed_in, rosa):
    new = {"password1": "another horse battery", "password2": "another horse battery"}
    signed_in("Operator").post(f"/admin/verification/staffuser/{rosa.pk}/password/", new)
    assert {browser.get("/admin/").status_code for browser in (desk, phone)} == {302}
    assert ended() == [("operator", "password_changed")]
    assert AuditEvent.objects.get(kind="staff.session_ended").data["count"] == 2


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
def test_a_device_is_told_in_words(user_agent, words):
    assert devices.in_words(user_agent) == words


# Asked again


@pytest.fixture
def auditor(client, staff, quick_passwords):
    user = staff("Auditor", "ann")
    user.set_password(PASSWORD)
    user.save()
    give_password(client, "ann")
    return client


def test_an_export_right_after_signing_in_asks_nothing(auditor):
    assert auditor.post("/admin/exports/", ASKED).url == "/admin/exports/"
    assert Export.objects.count() == 1


def test_later_an_export_asks_who_it_is_and_is_not_made(auditor):
    with at(6):
        asked = auditor.post("/admin/exports/", ASKED)
        assert asked.url == "/admin/account/confirm/?next=%2Fadmin%2Fexports%2F"
        assert not Export.objects.exists()
        page = auditor.get(asked.url).content.decode()
        assert "Nothing was changed: please confirm that it is you, then do it again." in page
        assert auditor.post(asked.url, {"password": PASSWORD}).url == "/admin/exports/"
        assert not Export.objects.exists()
        auditor.post("/admin/exports/", ASKED)
    assert Export.objects.count() == 1


def test_later_a_download_asks_and_leads_back_to_the_list(auditor):
    auditor.post("/admin/exports/", ASKED)
    path = f"/admin/exports/{Export.objects.get().public_id}/download"
    with at(6):
        asked = auditor.get(path)
        assert asked.url == "/admin/account/confirm/?next=%2Fadmin%2Fexports%2F"
        auditor.post(asked.url, {"password": PASSWORD})
        assert auditor.get(path).getvalue().startswith(b"PK")
    with at(12):
        assert auditor.get(path).status_code == 302


def test_a_code_confirms_too(client, with_app):
    with_app.groups.set([Group.objects.get(name="Auditor")])
    give_password(client)
    give_code(client, code_at(LATER))
    with at(6):
        client.post("/admin/account/confirm/code/", {"code": code_at(LATER + timedelta(minutes=6))})
        assert client.post("/admin/exports/", ASKED).url == "/admin/exports/"


def test_a_wrong_password_confirms_nothing(auditor):
    with at(6):
        assert auditor.post("/admin/account/confirm/", {"password": "wrong"}).status_code == 200
        assert auditor.post("/admin/exports/", ASKED).url.startswith("/admin/account/confirm/")


def test_a_script_that_must_confirm_is_told_in_json(auditor):
    with at(6):
        told = auditor.post("/admin/exports/", ASKED, HTTP_ACCEPT="application/json")
    assert (told.status_code, told.json()) == (403, {"error": "reauthenticate"})


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
