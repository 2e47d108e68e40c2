"""Strangers' guesses: they stay few, they tell nothing, and they lock nobody out of a browser they are known on."""

from datetime import datetime, timedelta

import pytest
import time_machine
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessFailureLog
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.flow.conftest import LATER, PASSWORD, code_at, give_code, give_password, text_of
from tests.flow.passkey import Passkey, sign_in
from verification import audit
from verification.models import AuditEvent, StaffUser
from verification.review.sign_in import lockout
from verification.staffing import access

pytestmark = pytest.mark.usefixtures("an_hour_later")
COOKIE = "staff_device"


@pytest.fixture(autouse=True)
def no_flood_limit(settings):
    """So that the guesses of a test are not stopped by the limit of one address."""
    settings.ACCOUNT_RATE_LIMITS = False


def guess(times, username="rosa", start=0, password="wrong"):
    """Guesses of so many browsers, each from another address."""
    for number in range(start, start + times):
        address = f"192.0.2.{number % 250}"
        answer = give_password(Client(REMOTE_ADDR=address), username=username, password=password)
    return answer


@pytest.fixture
def known(client, with_app):
    """Rosa's browser, in which she signed in with both steps and out again."""
    give_password(client)
    give_code(client, code_at(LATER))
    client.post("/admin/logout/")
    return client


# Many tries at the same moment


def allowed_at_once(browser_cookies, tries, username="rosa"):
    """How many of these tries are checked if none of them has failed yet."""
    request = RequestFactory().post("/admin/login/")
    request.COOKIES.update(browser_cookies)
    credentials = {"username": username}
    return sum(AxesProxyHandler.is_allowed(request, credentials) for _ in range(tries))


@pytest.mark.parametrize("username", ["rosa", "nobody"])
def test_no_more_tries_are_under_way_than_there_are_without_a_wait(with_app, username):
    assert allowed_at_once({}, 40, username) == 10
    guess(1, username, password="wrong")
    assert allowed_at_once({}, 40, username) == 0


def test_failures_leave_fewer_places(with_app):
    guess(7)
    assert allowed_at_once({}, 40) == 3


def test_nor_from_a_known_browser_than_it_has(known):
    cookies = {COOKIE: known.cookies[COOKIE].value}
    assert allowed_at_once(cookies, 40) == lockout.MAX_FAILURES_OF_A_DEVICE


def test_a_sign_in_and_a_lifted_wait_give_the_places_back(with_app, client):
    allowed_at_once({}, 9)
    give_password(client)
    give_code(client, code_at(LATER))
    assert allowed_at_once({}, 40) == 10
    guess(1)
    AccessFailureLog.objects.create(username="rosa", attempt_time=LATER)
    lockout.lift(with_app, by=audit.By("operator", "olga"), now=LATER)
    assert allowed_at_once({}, 40) == 10


# The hundred guesses that locked a name until midnight


def test_a_hundred_and_three_guesses_leave_the_owner_in_at_the_known_browser(known):
    assert guess(103).status_code == 429
    assert give_password(known).url == "/admin/account/second-step/"
    assert give_code(known, code_at(LATER + timedelta(seconds=30))).url == "/admin/"


def test_a_passkey_signs_in_in_spite_of_them(with_app):
    key = Passkey().of(with_app)
    guess(10)
    assert sign_in(Client(), key, with_app).url == "/admin/"


def test_a_burst_of_guesses_is_over_within_twenty_minutes(with_app):
    assert "Try again in 1 minute" in text_of(guess(10))
    with time_machine.travel(LATER + timedelta(minutes=20), tick=False):
        assert give_password(Client()).url == "/admin/account/second-step/"


def test_only_so_many_guesses_are_checked(with_app):
    guess(20)
    assert AccessFailureLog.objects.filter(username="rosa").count() == lockout.FREE


def test_an_unknown_name_waits_alike(with_app):
    known, unknown = guess(12), guess(12, "nobody")
    assert (known.status_code, text_of(known)) == (unknown.status_code, text_of(unknown))
    assert unknown.status_code == 429


def test_the_right_password_is_not_told_from_a_wrong_one_during_the_wait(with_app):
    guess(10)
    assert text_of(give_password(Client())) == text_of(give_password(Client(), password="wrong"))


def test_after_each_wait_one_guess_is_checked_however_many_are_sent_at_once(with_app):
    """Two requests that arrive together both see the state from before either failed."""
    guess(10)
    with time_machine.travel(LATER + timedelta(minutes=1, seconds=1), tick=False):
        now = timezone.now()
        taken = [lockout._takes_turn("rosa", "password", now) for _ in range(5)]
    assert taken == [True, False, False, False, False]


def greedy(hours):
    """The times at which somebody fails who tries as soon as each wait is over."""
    failures: list[datetime] = []
    now = LATER
    while now < LATER + timedelta(hours=hours):
        lately = [at for at in failures if at > now - timedelta(days=1)]
        until = lockout.next_try(lately, strangers=True)
        if until is None or until <= now:
            failures.append(now)
        else:
            now = until
    return failures


def test_nobody_gets_more_than_a_hundred_guesses_in_any_day():
    failures = greedy(hours=100)
    for first in failures:
        assert sum(first <= at < first + timedelta(days=1) for at in failures) <= 100
    assert len(failures) > 300


def test_a_hundred_at_once_would_wait_for_the_day_to_pass():
    """If ever so many were let through, for example by servers whose clocks differ."""
    assert lockout.next_try([LATER] * 100, strangers=True) == LATER + timedelta(days=1)


# What a known browser is


def test_the_cookie_is_for_the_server_alone(client, with_app):
    give_password(client)
    assert COOKIE not in client.cookies
    give_code(client, code_at(LATER))
    cookie = client.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert cookie["max-age"] == 90 * 24 * 3600
    assert "rosa" not in cookie.value


def test_over_https_it_is_bound_to_this_host(client, with_app, settings):
    settings.SESSION_COOKIE_SECURE = True
    give_password(client)
    give_code(client, code_at(LATER))
    cookie = client.cookies["__Host-staff_device"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_a_password_alone_makes_no_browser_known(client, rosa):
    give_password(client)
    client.get("/admin/")
    assert COOKIE not in client.cookies


def test_the_applicants_pages_never_set_it(known):
    known.cookies.clear()
    assert COOKIE not in known.get("/healthz").cookies


@pytest.mark.parametrize("value", ["", "rosa", "a:b:c", '["1"]', "%00"])
def test_a_made_up_cookie_is_that_of_a_stranger(client, with_app, value):
    client.cookies[COOKIE] = value
    guess(10)
    assert give_password(client).status_code == 429


def test_a_cookie_is_of_one_account(known, staff):
    olga = staff("Operator", "olga")
    olga.set_password(PASSWORD)
    olga.save()
    guess(10, "olga")
    assert give_password(known, username="olga").status_code == 429


@pytest.mark.parametrize("how", ["password", "everywhere", "second_step", "off_and_on", "old"])
def test_a_known_browser_is_known_no_longer(known, with_app, how):
    later = LATER + (timedelta(days=91) if how == "old" else timedelta(minutes=5))
    with time_machine.travel(later, tick=False):
        now = timezone.now()
        if how == "password":
            with_app.set_password(PASSWORD)
            with_app.save()
        elif how == "everywhere":
            access.end_sessions(with_app, by=audit.By.staff(with_app), now=now, why="ended_by_owner")
        elif how == "second_step":
            call_command("reset_second_step", "rosa")
        elif how == "off_and_on":
            for state in (False, True):
                with_app.is_active = state
                with_app.save()
        guess(10)
        assert give_password(known).status_code == 429


def test_ending_one_session_leaves_the_browser_known(known, with_app):
    access.end_sessions(with_app, by=audit.By.staff(with_app), now=LATER, why="ended_by_owner", only="1")
    guess(10)
    assert give_password(known).status_code == 302


# A stolen cookie


def with_cookie_of(browser, number):
    thief = Client(REMOTE_ADDR=f"198.51.100.{number}")
    thief.cookies[COOKIE] = browser.cookies[COOKIE].value
    return thief


def test_a_stolen_cookie_gives_no_more_guesses_than_its_own_limit(known):
    answers = [give_password(with_cookie_of(known, number), password="wrong") for number in range(30)]
    assert [answer.status_code for answer in answers] == [200] * 19 + [429] * 11
    assert AccessFailureLog.objects.count() == lockout.MAX_FAILURES_OF_A_DEVICE == 20


def test_a_stolen_cookie_opens_nothing(known):
    assert with_cookie_of(known, 1).get("/admin/").url == "/admin/login/?next=/admin/"


def test_a_stolen_cookie_locks_the_owner_out_of_that_browser_alone(known):
    for number in range(30):
        give_password(with_cookie_of(known, number), password="wrong")
    assert give_password(known).status_code == 429
    assert give_password(Client()).status_code == 302


def test_a_stolen_session_can_not_guess_the_password_without_end(known, with_app):
    """Without the cookie of the device, too."""
    known.force_login(with_app)
    give_password(known)
    known.get("/admin/")
    checked = 0
    for number in range(30):
        thief = Client(REMOTE_ADDR=f"198.51.100.{number}")
        thief.cookies["sessionid"] = known.cookies["sessionid"].value
        checked += thief.post("/admin/account/confirm/", {"password": "wrong"}).status_code == 200
    assert checked < lockout.MAX_FAILURES_OF_A_DEVICE


# Open sessions, good sign-ins, and undoing


def test_an_open_session_goes_on_and_can_be_confirmed(client, with_app):
    give_password(client)
    give_code(client, code_at(LATER))
    guess(10)
    with time_machine.travel(LATER + timedelta(minutes=6), tick=False):
        assert client.post("/admin/account/confirm/", {"password": PASSWORD}).url == "/admin/"


def test_a_sign_in_at_a_known_browser_gives_strangers_no_further_guesses(known):
    guess(10)
    give_password(known)
    give_code(known, code_at(LATER + timedelta(seconds=30)))
    assert guess(1, start=100).status_code == 429


def test_a_sign_in_at_a_new_browser_clears_what_was_counted(client, rosa):
    guess(9)
    assert give_password(client).url == "/admin/"
    assert guess(9, start=20).status_code == 200


def test_the_shell_unlocks_a_name_everywhere(known, with_app):
    guess(10)
    for number in range(30):
        give_password(with_cookie_of(known, number), password="wrong")
    call_command("axes_reset_username", "rosa")
    assert give_password(Client()).status_code == give_password(known).status_code == 302
    (event,) = AuditEvent.objects.filter(kind="staff.unlocked")
    assert event.subject_id == str(StaffUser.objects.get(username="rosa").pk)
