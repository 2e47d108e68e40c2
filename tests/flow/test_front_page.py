"""The front page: in the demo it links to everything, in production it only names the portal."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as in_force
from django.test import Client
from django.utils import timezone

from kyc_portal.sandbox import applicant, private_files, staff
from kyc_portal.sandbox.cases import CASES
from kyc_portal.sandbox.overview import Overview, as_text, overview
from tests.flow import messaging
from tests.flow.matrix import browser_of
from tests.flow.test_applicant_refusals import INLINE
from verification import audit
from verification.actions.invite import invite
from verification.models import StaffUser, Verification
from verification.states import Mode

CALM = "Open your personal link"


@pytest.fixture
def demo(db: None, settings: Any, tmp_path: Path) -> Overview:
    """A new demo, without its sample cases, and with hashes of passwords that take no time."""
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    staff.make_staff()
    applicant.ensure_unused_link(now=timezone.now())
    return overview(now=timezone.now())


@pytest.fixture
def here() -> Client:
    """A browser on this machine."""
    return Client(SERVER_NAME="127.0.0.1")


def page_of(client: Client) -> str:
    return client.get("/").content.decode()


def newest() -> applicant.ApplicantLink:
    found = applicant.newest_link(now=timezone.now())
    assert found
    return found


def test_the_page_shows_what_the_command_prints(demo: Overview, here: Client) -> None:
    printed = re.findall(r"http\S+|(?<=password )\S+|^/\S+|(?<=^  )\w+", as_text(demo), re.MULTILINE)
    assert len(printed) == 5 + 2 * len(staff.ROLES)
    page = page_of(here)
    assert [value for value in printed if value not in page and value != demo.front_page] == []
    assert str(demo.data) in page
    assert str(demo.data) in as_text(demo)


@pytest.mark.parametrize("folder", ["var", "elsewhere"])
def test_make_clean_is_named_only_where_it_forgets_everything(
    settings: Any, demo: Overview, folder: str
) -> None:
    settings.DATA_DIR = in_force.BASE_DIR / folder
    assert ("make clean" in as_text(overview(now=timezone.now()))) == (folder == "var")


def test_the_page_says_that_no_request_leaves_and_no_face_is_judged(demo: Overview, here: Client) -> None:
    assert "no request leaves it" in page_of(here)
    assert "it judges no faces" in page_of(here)


def test_each_login_signs_in_and_opens_the_page_that_it_is_told_to_try(demo: Overview) -> None:
    for login in demo.logins:
        user = StaffUser.objects.get(username=login.username)
        assert user.check_password(login.password)
        assert browser_of(user).get(f"/admin/{login.role.path}").status_code == 200


def test_the_cases_that_are_named_to_be_tried_exist() -> None:
    named = {case for role in staff.ROLES.values() for case in re.findall(r"CUST-\d+", role.task)}
    assert named
    assert named <= {case.reference for case in CASES}


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"SERVER_NAME": "testserver"},
        {"SERVER_NAME": "127.0.0.1", "REMOTE_ADDR": "203.0.113.7"},
        {"SERVER_NAME": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.7"},
        {"SERVER_NAME": "127.0.0.1", "HTTP_FORWARDED": "for=203.0.113.7"},
        {"SERVER_NAME": "127.0.0.1", "HTTP_VIA": "1.1 proxy"},
        {"SERVER_NAME": "127.0.0.1", "HTTP_X_REAL_IP": "203.0.113.7"},
        {"SERVER_NAME": "127.0.0.1", "HTTP_CF_CONNECTING_IP": "203.0.113.7"},
        {"SERVER_NAME": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.0"},
    ],
)
def test_from_elsewhere_it_is_the_calm_page_that_gives_nothing(
    demo: Overview, elsewhere: dict[str, Any]
) -> None:
    client, cases = Client(**elsewhere), Verification.objects.count()
    page = page_of(client)
    assert CALM in page
    assert not any(login.password in page for login in demo.logins)
    assert client.post("/demo/new-link", {"mode": "ACTION"}).status_code == 404
    assert Verification.objects.count() == cases


def test_a_foreign_name_that_leads_to_this_machine_is_refused(demo: Overview) -> None:
    assert Client(SERVER_NAME="rebound.example.com").get("/").status_code == 400


def test_no_other_site_can_read_or_frame_it(demo: Overview, here: Client) -> None:
    answer = here.get("/", headers={"Origin": "http://evil.example.com"})
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert not INLINE.search(answer.content.decode())


@pytest.mark.parametrize("mode", list(Mode))
def test_the_button_gives_a_new_link_and_the_old_one_goes_on_working(
    demo: Overview, here: Client, mode: Mode
) -> None:
    old = newest()
    answer = here.post("/demo/new-link", {"mode": mode})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/#applicant")
    new = newest()
    assert new.verification.mode == mode
    assert new.url in page_of(here)
    assert old.url not in page_of(here)
    for link in (old, new):
        assert (
            Client().get(link.url.removeprefix(in_force.PUBLIC_URL)).headers["Location"]
            == "/verify/?opened=1"
        )


def test_a_mode_that_does_not_exist_invites_nobody(demo: Overview, here: Client) -> None:
    assert here.post("/demo/new-link", {"mode": "BLINK"}).status_code == 400
    assert Verification.objects.count() == 1


def test_another_site_can_not_press_the_button(demo: Overview) -> None:
    browser = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1")
    browser.get("/")
    assert browser.post("/demo/new-link", {"mode": "ACTION"}).status_code == 403
    assert Verification.objects.count() == 1


def use(link: applicant.ApplicantLink) -> None:
    """The first act of a visitor."""
    Verification.objects.filter(pk=link.verification.pk).update(browser_hash="f" * 64)


def test_a_used_link_is_not_offered_to_somebody_new(demo: Overview, here: Client) -> None:
    assert "Open the link" in page_of(here)
    use(newest())
    assert "Open the link" not in page_of(here)
    assert "has been used" in page_of(here)


def test_without_a_link_that_works_there_is_still_the_button(demo: Overview, here: Client) -> None:
    Verification.objects.update(link_revoked_at=timezone.now())
    assert "Open the link" not in page_of(here)
    assert "New link" in page_of(here)


def test_the_next_run_keeps_a_link_until_it_is_used(demo: Overview) -> None:
    first = newest()
    applicant.ensure_unused_link(now=timezone.now())
    assert newest() == first
    use(first)
    applicant.ensure_unused_link(now=timezone.now())
    assert newest().is_unused


def test_the_next_run_keeps_the_passwords(demo: Overview) -> None:
    staff.make_staff()
    assert staff.logins() == demo.logins


def test_only_their_owner_can_read_passwords_and_link(demo: Overview) -> None:
    files = [demo.data / name for name in (staff.FILE, applicant.FILE)]
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600"] * 2
    private_files.write(staff.FILE, "{}")
    assert sorted(os.listdir(demo.data)) == sorted([staff.FILE, applicant.FILE])


def test_the_e_mails_of_the_demo_are_shown_and_none_leaves_the_machine(
    demo: Overview, here: Client, settings: Any, staff: Any
) -> None:
    settings.EMAIL = {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": str(demo.data / "mail")},
    }
    assert "There is none yet" in page_of(here)
    messaging.telling(staff, "invitation")
    name = "Eve <script>alert(1)</script>"
    by = audit.By.shell()
    invited = invite(
        reference="R", name=name, email="eve@example.org", by=by, now=timezone.now() - timedelta(minutes=1)
    )
    messaging.send(timezone.now())
    page = page_of(here)
    assert "Example Bank asks you to verify your identity" in page
    assert invited.link in page
    assert "<script>alert" not in page
