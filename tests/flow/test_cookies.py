"""A browser that keeps no cookie, or loses it on the way: told as that, and never as a link that does not work."""

from typing import Any

import pytest
from django.test import Client

from tests.applicant import Applicant
from tests.conftest import NOW, Road
from tests.flow.test_applicant_pages import agree, give_photo, opened, path_of
from verification import links
from verification.models import Consent, Verification

pytestmark = pytest.mark.usefixtures("clock")


def words(answer: Any) -> str:
    return answer.content.decode()


def test_a_browser_that_keeps_no_cookie_is_told_so(road: Road) -> None:
    to = Client().get(path_of(road.invitation())).headers["Location"]
    answer = Client().get(to)
    assert answer.status_code == 403
    assert "Your browser blocks cookies" in words(answer)
    assert "does not work" not in words(answer)


def test_a_browser_that_keeps_it_goes_on_without_the_sign(road: Road) -> None:
    hops = Client().get(path_of(road.invitation()), follow=True).redirect_chain
    assert [address for address, _ in hops] == ["/verify/?opened=1", "/verify/consent"]


@pytest.mark.parametrize(
    "path", ["/verify/", "/verify/consent", "/verify/document", "/verify/capture", "/verify/status"]
)
def test_a_cookie_that_went_away_is_told_so_on_every_page(db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 404
    assert "Open your link again" in words(answer)
    assert "does not work" not in words(answer)


@pytest.mark.parametrize("checks_csrf", [True, False])
def test_what_is_sent_without_the_cookie_is_told_so_and_changes_nothing(
    road: Road, checks_csrf: bool
) -> None:
    client = Applicant(enforce_csrf_checks=checks_csrf)
    client.get(path_of(road.invitation()))
    mark = client.mark
    client.cookies.clear()
    for answer in (
        client.post(f"/verify/consent?case={mark}", {"answer": "agree", "agree": "yes"}),
        client.post(f"/verify/take-over?case={mark}"),
        client.post(f"/verify/document?case={mark}", {"photo": b"x"}),
    ):
        assert answer.status_code == 404
        assert "Open your link again" in words(answer)
    assert not Consent.objects.exists()


@pytest.mark.parametrize("path", ["/verify/challenge", "/verify/recording", "/verify/status.json"])
def test_scripts_are_told_by_a_code(db: None, path: str) -> None:
    send = Client().get if path.endswith("json") else Client().post
    answer = send(path).json()
    assert (answer["error"]["code"], answer["next"]) == ("cookie_lost", "/verify/")


def test_after_opening_the_link_again_nothing_is_lost(road: Road) -> None:
    invitation = road.invitation()
    client = opened(invitation)
    agree(client)
    give_photo(client)
    client.cookies.clear()
    client.get(path_of(invitation))
    assert client.post("/verify/take-over", follow=True).redirect_chain[-1][0] == "/verify/capture"


def test_a_link_that_ended_is_still_told_as_that(road: Road) -> None:
    client = opened(road.invitation())
    Verification.objects.update(link_revoked_at=NOW)
    for path in ("/verify/", "/verify/?opened=1"):
        assert "This link does not work" in words(client.get(path))


def test_staff_read_nothing_about_links(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/admin/login/")
    assert (answer.status_code, links.COOKIE in answer.cookies) == (403, False)
    assert "open too long" in words(answer)
