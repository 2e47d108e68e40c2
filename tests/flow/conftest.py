"""Fixtures of signed-in staff, of a vendor that says what it is told to, and of tasks that were queued."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest
from django.test import Client, override_settings

from tests.conftest import NOW, VENDOR_CLOCK, cached_run, staff_of, undone_later
from tests.flow import vendor_says
from verification import clock, media
from verification.jobs import doorbell
from verification.operations import watch
from verification.staffing import access
from verification.vendor_accounts.pacing import gate
from verification.vendor_accounts.pacing.accounts import forget

LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True, scope="session")
def demo_addresses() -> None:
    """The demo's addresses are there even if the first test of a run sets another mode."""
    import_module(settings.ROOT_URLCONF)


@pytest.fixture(autouse=True, scope="session")
def _no_watching() -> None:
    """A request for readiness starts no thread that watches for alerts: it could outlive its test and its database."""
    watch._next_at = float("inf")


@pytest.fixture(autouse=True, scope="session")
def _one_clock() -> Iterator[None]:
    """The database's clock is the host's, also while a test stops or shifts it: PostgreSQL's own can't be shifted, and
    what one test measured would hold for the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock._offset, "get", lambda: timedelta(0))
        yield


@pytest.fixture(autouse=True)
def _fresh_pacing() -> None:
    """The test begins as a process that has made no calls and knows no account's row."""
    gate.forget()
    forget()


@pytest.fixture
def an_hour_later():
    """Stops the clock one hour after NOW, the time at which `road` makes its cases."""
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def two_hours_later():
    """Stops the clock two hours after NOW, the time at which `road` makes its cases."""
    with time_machine.travel(LATER + timedelta(hours=1), tick=False):
        yield


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker, emulator_server, first_road):
    """Returns a function that makes what all tests of a module begin with: it calls `make(road, emulator, staff)`, one
    hour after NOW. Each test undoes its own changes; the end of the module undoes the rest. A test that changes an
    object takes a copy of it."""

    def made(make):
        with for_its_vendor(emulator_server), pytest.MonkeyPatch.context() as patch:
            patch.setattr(media, "run", cached_run)
            with time_machine.travel(LATER, tick=False):
                return make(first_road, emulator_server, staff_of)

    with django_db_blocker.unblock(), undone_later():
        yield made
        transaction.set_rollback(True)


@contextmanager
def for_its_vendor(server):
    """The emulator is the vendor, for what a module makes."""
    accounts = {"default": {**settings.FACEID_ACCOUNTS["default"], "rate": 1000}}
    server.clear()
    VENDOR_CLOCK.at = NOW
    gate.forget()
    forget()
    with override_settings(FACEID_ENDPOINT=server.url, FACEID_ACCOUNTS=accounts):
        yield


@pytest.fixture
def say(emulator, settings):
    """A vendor that says what the test tells it to, in the emulator's place."""
    with vendor_says.listening() as said:
        settings.FACEID_ENDPOINT = said.url
        yield said


@pytest.fixture
def rung(monkeypatch, django_capture_on_commit_callbacks):
    """Returns a function that runs `act` and returns the names of the tasks that it has queued."""

    def listen(act):
        sent = []
        monkeypatch.setattr(doorbell, "_send", lambda task, args, delay: sent.append(task))
        with django_capture_on_commit_callbacks(execute=True):
            act()
        return sent

    return listen


@pytest.fixture
def signed_in(client, staff):
    """Returns a function that signs a member of a group in, with a second step, and returns the client."""

    def sign_in(group="Reviewer"):
        user = staff(group)
        client.force_login(user)
        take_second_step(client, user)
        return client

    return sign_in


@pytest.fixture
def desk_of(staff):
    """Returns a function that opens a browser of its own for a member of a group, signed in with a second step."""

    def open_(group, username=""):
        client: Any = Client()
        client.user = staff(group, username)
        return again(client)

    return open_


@pytest.fixture
def seniors(staff):
    """The two whom it takes to put a policy into force."""
    return staff("Senior reviewer"), staff("Senior reviewer", "senior2")


@pytest.fixture
def olga(desk_of):
    return desk_of("Operator", "olga")


@pytest.fixture
def sam(desk_of):
    return desk_of("Senior reviewer", "sam")


@pytest.fixture
def required(settings):
    settings.STAFF_MFA = "required"


def again(client):
    """Signs the user of a desk in once more, for a time that no session reaches."""
    client.force_login(client.user)
    take_second_step(client, client.user)
    return client


def take_second_step(client, user):
    """Records the second step in the session as allauth does."""
    request = HttpRequest()
    request.user, request.session = user, client.session
    record_authentication(request, user, "mfa", type="totp", reauthenticated=True)
    request.session.save()


PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def quick_passwords(settings):
    """A fast password hash, to save time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def rosa(staff, quick_passwords):
    """A reviewer with a password and no second step yet."""
    user = staff("Reviewer", "rosa")
    user.password = make_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def enrolment_code(rosa):
    """The code with which Rosa sets up her first second step."""
    return access.give_enrolment_code(rosa, seen_by=None, now=LATER)


@pytest.fixture
def with_app(rosa):
    """Rosa with an authenticator app and recovery codes."""
    TOTP.activate(rosa, SECRET)
    RecoveryCodes.activate(rosa)
    return rosa


def code_at(moment, secret=SECRET):
    """The code that Rosa's app shows at that time."""
    return format_hotp_value(hotp_value(secret, int(moment.timestamp()) // 30))


def text_of(page):
    """The page without the CSRF token, which differs each time."""
    return re.sub(r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>', "", page.content.decode())


def give_password(client, username="rosa", password=PASSWORD, **fields):
    return client.post("/admin/login/", {"login": username, "password": password, **fields})


def enrol(client, code):
    return client.post("/admin/account/enrolment/", {"code": code})


def give_code(client, code):
    return client.post("/admin/account/second-step/", {"code": code})
