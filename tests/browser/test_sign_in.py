"""Signing in with a second step, on a portal that requires one: an app, recovery codes, passkeys, sessions."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.axe import faults
from tests.browser.conftest import Portal, copy_of, running

NARROW: ViewportSize = {"width": 390, "height": 844}
STEP = 30  # seconds for which a code is valid


@pytest.fixture(scope="module")
def strict(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal under the name localhost: browsers offer no passkeys for a numeric address."""
    data = copy_of(demo, tmp_path_factory.mktemp("strict"))
    with running(data, "localhost", KYC_STAFF_MFA="required") as own:
        yield own


@pytest.fixture
def new_browser(browser: Browser) -> Iterator[Callable[[], Page]]:
    """A page in a new browser context; the test fails on script errors and CSP reports."""
    contexts, faults = [], []

    def note(message: Any) -> None:
        # A refused attempt is no fault; a script error or a CSP report is.
        if message.type == "error" and "Failed to load resource" not in message.text:
            faults.append(message.text)

    def open_() -> Page:
        contexts.append(browser.new_context(viewport=NARROW, accept_downloads=True))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", note)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def code_now(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // STEP)))


def fresh_code(secret: str, page: Page, used: str = "") -> str:
    """A code of the app with some seconds left to type it, other than `used`."""
    left = STEP - time.time() % STEP
    if left < 5 or code_now(secret) == used:
        page.wait_for_timeout(1000 * left + 100)
    return code_now(secret)


def give_password(page: Page, portal: Portal, username: str) -> None:
    page.goto(f"{portal.url}/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(portal.logins[username])
    page.locator("#login-form [type=submit]").click()


def enrol(page: Page, portal: Portal, username: str) -> None:
    """In the demo the password is the enrolment code as well."""
    page.get_by_label("Enrolment code").fill(portal.logins[username])
    page.get_by_role("button", name="Go on").click()


def check(page: Page) -> None:
    """Checks that nothing is wider than a phone and that axe finds no fault."""
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], page.url
    assert faults(page) == [], page.url


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def on_the_board(page: Page) -> None:
    expect(page.get_by_role("heading", name="Work board")).to_be_visible()


@pytest.mark.firefox
def test_a_newcomer_sets_up_an_app_and_signs_in_with_it(
    new_browser: Callable[[], Page], strict: Portal
) -> None:
    page = new_browser()
    page.goto(f"{strict.url}/admin/login/")
    check(page)
    give_password(page, strict, "reviewer")
    expect(page.get_by_role("heading", name="Enrolment code")).to_be_visible()
    check(page)
    enrol(page, strict, "reviewer")
    expect(page.get_by_role("heading", name="Two-step sign-in")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Add an app").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    check(page)
    secret = page.get_by_label("Key", exact=True).inner_text()
    used = fresh_code(secret, page)
    page.get_by_label("Authenticator code").fill(used)
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    check(page)
    codes = page.locator(".codes-to-keep code").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().split() == codes
    page.goto(f"{strict.url}/admin/")
    on_the_board(page)
    log_out(page)

    give_password(page, strict, "reviewer")
    expect(page.get_by_label("Code")).to_be_visible()
    check(page)
    page.get_by_label("Code").fill(fresh_code(secret, page, used))
    page.get_by_role("button", name="Sign in", exact=True).click()
    on_the_board(page)
    ends_the_other_session(new_browser(), page, strict, codes[0])


def ends_the_other_session(elsewhere: Page, page: Page, strict: Portal, recovery_code: str) -> None:
    give_password(elsewhere, strict, "reviewer")
    elsewhere.get_by_label("Code").fill(recovery_code)
    elsewhere.get_by_role("button", name="Sign in", exact=True).click()
    on_the_board(elsewhere)
    page.goto(f"{strict.url}/admin/account/sessions/")
    check(page)
    page.get_by_role("button", name=re.compile("End the session")).click()
    expect(page.get_by_text("1 session was ended.")).to_be_visible()
    elsewhere.reload()
    expect(elsewhere.get_by_label("Username")).to_be_visible()


def with_authenticator(page: Page) -> Any:
    """Adds a virtual authenticator whose user verification always succeeds."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


@pytest.mark.parametrize("alone", [True, False], ids=["without the password", "after the password"])
def test_a_passkey_signs_in(new_browser: Callable[[], Page], strict: Portal, alone: bool) -> None:
    username = "senior" if alone else "senior2"
    page = new_browser()
    with_authenticator(page)
    give_password(page, strict, username)
    enrol(page, strict, username)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Blue laptop")
    page.get_by_label("Also sign in with it alone").set_checked(alone)
    check(page)
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto(f"{strict.url}/admin/account/two-step/passkeys/")
    expect(page.get_by_text("Blue laptop")).to_be_visible()
    check(page)
    log_out(page)
    if alone:
        page.goto(f"{strict.url}/admin/queue/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("heading", name="Review queue")).to_be_visible()
    else:
        give_password(page, strict, username)
        page.get_by_role("button", name="Use a passkey").click()
        on_the_board(page)
    page.goto(f"{strict.url}/admin/account/confirm/passkey/?next=/admin/codes/")
    check(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{strict.url}/admin/codes/")


def test_too_many_tries_end_with_a_page_that_says_when(
    new_browser: Callable[[], Page], strict: Portal
) -> None:
    page = new_browser()
    for _ in range(5):
        page.goto(f"{strict.url}/admin/login/")
        page.get_by_label("Username").fill("auditor")
        page.get_by_label("Password").fill("wrong")
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.locator("#login-form [type=submit]").click()
    expect(page.get_by_text("Try again in 15 minutes")).to_be_visible()
    check(page)
