"""The staff page and the page of one: what an operator sees of an account without a shell, and a lifted wait."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from tests.flow.conftest import LATER, SECRET, again, give_password, text_of
from tests.flow.staffing import AUDITOR, OPERATOR, REVIEWER, appoint, at_once, do, propose
from verification.models import AuditEvent, StaffUser
from verification.review.staff_pages import changes, people

pytestmark = pytest.mark.usefixtures("an_hour_later")


def guess_at(user: StaffUser, times: int = 10) -> None:
    """Strangers guess, each from an address of their own."""
    for number in range(times):
        give_password(Client(REMOTE_ADDR=f"192.0.2.{number}"), user.get_username(), password="wrong")


def line_of(client: Client, username: str, query: str = "") -> str:
    """The row of the account in the list, or "" if it is not there."""
    page = text_of(client.get(f"/admin/staff/{query}"))
    rows = [row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f">{username}</a>" in row]
    return rows[0] if rows else ""


def test_the_list_tells_who_may_do_what_and_how_they_get_in(olga, rosa, staff):
    TOTP.activate(rosa, SECRET)
    RecoveryCodes.activate(rosa)
    rosa.last_login = LATER - timedelta(days=3)
    rosa.save()
    row = line_of(olga, "rosa")
    assert "Reviewer" in row
    assert "app, recovery codes" in row
    assert rosa.last_login.strftime("%H:%M") in row
    assert "waits until" not in row


def test_recovery_codes_alone_are_no_second_step(olga, rosa):
    RecoveryCodes.activate(rosa)
    assert "recovery codes" not in line_of(olga, "rosa")


def test_the_list_tells_who_can_not_get_in_and_why(olga, rosa, staff):
    guess_at(rosa)
    assert "waits until 10:01" in line_of(olga, "rosa")
    at_once(olga, rosa, "switch_off")
    assert "switched off" in line_of(olga, "rosa")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?q=ROS", {"rosa"}),
        ("?q=ros%25", set()),
        ("?group=Operator", {"olga"}),
        ("?group=none", {"nina"}),
        ("?state=off", {"ulla"}),
        ("?state=on&group=Reviewer", {"rosa"}),
        ("?group=Nobody&state=perhaps&page=99", {"rosa", "olga", "nina", "ulla"}),
    ],
)
def test_the_list_is_narrowed(olga, staff, query, shown):
    staff(REVIEWER, "rosa")
    StaffUser.objects.create_user("nina", is_staff=True)
    ulla = staff(REVIEWER, "ulla")
    at_once(olga, ulla, "switch_off")
    assert {name for name in ("rosa", "olga", "nina", "ulla") if line_of(olga, name, query)} == shown


def test_a_long_list_has_pages_and_says_how_many_there_are(olga, db):
    StaffUser.objects.bulk_create(StaffUser(username=f"u{number:03}", is_staff=True) for number in range(60))
    first = text_of(olga.get("/admin/staff/?q=u0"))
    assert first.count("<tr>") - 1 == people.PAGE_SIZE
    assert "60 accounts." in first
    assert "?q=u0&amp;page=2" in first
    assert line_of(olga, "u059", "?q=u0&page=2")


def test_a_superuser_is_in_no_list(olga, db):
    StaffUser.objects.create_superuser("root")
    assert not line_of(olga, "root")


def test_the_page_of_one_tells_who_answers_for_the_account(olga, sam):
    do(sam, appoint(olga), "confirm")
    rosa = StaffUser.objects.get(username="rosa")
    page = text_of(olga.get(f"/admin/staff/{rosa.pk}/"))
    assert "by olga" in page
    assert "confirmed by sam" in page
    assert "Enrolment code" in page
    assert "not used yet" in page


def test_the_page_of_one_tells_of_sessions_and_not_where_they_are(olga, rosa):
    give_password(Client(REMOTE_ADDR="192.0.2.77"))
    page = text_of(olga.get(f"/admin/staff/{rosa.pk}/"))
    assert "last used" in page
    assert "192.0.2.77" not in page


def test_the_page_of_one_lists_its_own_changes_alone_and_says_when_there_are_more(olga, sam, staff):
    rosa, paul = staff(REVIEWER, "rosa"), staff(REVIEWER, "paul")
    propose(olga, paul, "rights", first_name="Paul", groups=[REVIEWER], is_active="on")
    for _time in range(changes.MAX_OF_ONE):
        do(sam, propose(olga, rosa, "password"), "stop")
    page = text_of(olga.get(f"/admin/staff/{rosa.pk}/"))
    assert "Only the latest 20 are shown" in page
    assert "Paul" not in page


def test_an_auditor_reads_the_page_and_is_offered_nothing(desk_of, rosa):
    page = text_of(desk_of(AUDITOR).get(f"/admin/staff/{rosa.pk}/"))
    assert "Open sessions" in page
    assert "at-once" not in page


def test_a_lock_in_a_browser_that_knows_them_is_told_and_lifted(olga, rosa, client):
    TOTP.activate(rosa, SECRET)
    client.force_login(rosa)
    again_known = again_in(client, rosa)
    for _try in range(5):
        give_password(again_known, password="wrong")
    page = text_of(olga.get(f"/admin/staff/{rosa.pk}/"))
    assert "5 in browsers that know them" in page
    assert "1 address locked for this name" in page
    at_once(olga, rosa, "lift")
    assert "in browsers that know them" not in text_of(olga.get(f"/admin/staff/{rosa.pk}/"))


def again_in(client: Client, user: StaffUser) -> Client:
    """A browser that knows the user, signed out."""
    known: object = client
    client.user = user  # type: ignore[attr-defined]
    again(known)
    client.get("/admin/")
    client.post("/admin/logout/")
    return client


def test_one_operator_lifts_the_wait_of_an_account_once_a_day(olga, rosa, desk_of):
    """Else one person alone could give as many guesses to one account as they like."""
    guess_at(rosa)
    at_once(olga, rosa, "lift")
    guess_at(rosa)
    answer = olga.post(f"/admin/staff/{rosa.pk}/at-once", {"act": "lift"}, follow=True)
    assert "Another operator has to lift this one." in text_of(answer)
    assert give_password(Client()).status_code == 429
    at_once(desk_of(OPERATOR, "otto"), rosa, "lift")
    assert give_password(Client()).status_code == 302
    assert AuditEvent.objects.filter(kind="staff.unlocked").count() == 2


def test_a_second_account_of_the_same_person_is_no_other_operator(olga, rosa, staff):
    """An account that Olga made alone counts as hers."""
    guess_at(rosa)
    at_once(olga, rosa, "lift")
    puppet = staff(OPERATOR, "puppet")
    StaffUser.objects.filter(pk=puppet.pk).update(same_person_as=olga.user)
    guess_at(rosa)
    browser: object = Client()
    browser.user = StaffUser.objects.get(pk=puppet.pk)  # type: ignore[attr-defined]
    at_once(again(browser), rosa, "lift")
    assert give_password(Client()).status_code == 429


def test_a_day_later_the_same_operator_lifts_it_again(olga, rosa):
    guess_at(rosa)
    at_once(olga, rosa, "lift")
    with time_machine.travel(LATER + timedelta(hours=25), tick=False):
        guess_at(rosa)
        at_once(again(olga), rosa, "lift")
        assert give_password(Client()).status_code == 302
