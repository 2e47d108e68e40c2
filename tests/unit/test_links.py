"""Links and sessions of several applicants: each opens its own case and no other."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import NOW, Road
from verification import links
from verification.actions import bind
from verification.models import Verification
from verification.states import Device


@pytest.fixture
def cases(road: Road) -> list[Verification]:
    return [road.invited() for _ in range(3)]


def test_every_link_leads_to_its_own_case(road: Road) -> None:
    for invitation in [road.invitation() for _ in range(3)]:
        assert links.find(invitation.link.rpartition("/")[2], now=NOW) == invitation.verification


def test_every_session_opens_its_own_case(cases: list[Verification]) -> None:
    for case in cases:
        assert links.verification_of(links.open_session(case), now=NOW) == case


def test_a_session_for_another_case_than_its_link_is_for_opens_nothing(cases: list[Verification]) -> None:
    one, two, _ = cases
    forged = replace(links.open_session(one), verification_id=two.public_id)
    assert links.verification_of(forged, now=NOW) is None


def test_a_session_ends_at_the_moment_when_its_link_runs_out(cases: list[Verification]) -> None:
    session, end = links.open_session(cases[0]), cases[0].link_expires_at
    assert links.verification_of(session, now=end - timedelta(seconds=1)) == cases[0]
    assert links.verification_of(session, now=end) is None


def test_a_cookie_gives_back_the_session_that_was_sealed_in_it(cases: list[Verification]) -> None:
    session = links.open_session(cases[0])
    assert links.read_session(session.seal()) == session


def test_a_browser_that_had_the_case_keeps_its_identity_and_every_other_gets_one(
    cases: list[Verification],
) -> None:
    first = links.open_session(cases[0])
    assert links.open_session(cases[0], first).browser != first.browser
    bind.bind(cases[0], first, device=Device.PHONE, now=NOW)
    assert links.open_session(cases[0], first).browser == first.browser
    assert links.open_session(cases[1], first).browser != first.browser


def test_a_browser_that_lost_the_case_is_known_again(cases: list[Verification]) -> None:
    first, second = (links.open_session(cases[0]) for _ in range(2))
    for session in (first, second):
        bind.take_over(cases[0], session, device=Device.PHONE, now=NOW)
    assert links.open_session(cases[0], first).browser == first.browser


def test_the_cookie_keeps_the_sessions_of_other_cases(cases: list[Verification]) -> None:
    first = links.open_session(cases[0])
    both = links.open_session(cases[1], first)
    assert links.read_session(both.seal()) == both
    assert both.parked == (first,)


def test_the_demo_names_its_cookie_as_browsers_take_it_over_plain_http(road: Road, client: Client) -> None:
    client.get(road.invitation(now=timezone.now()).link.removeprefix("http://testserver"))
    assert [*client.cookies] == ["kyc_applicant"]
