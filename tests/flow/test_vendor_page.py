"""The vendor page: whether the portal calls the vendor and why not, the backlog, and the results of calls."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import VENDOR_CLOCK, Road
from tests.flow.conftest import LATER
from tests.flow.test_staff_site import AUDITOR, OPERATOR, REVIEWER, SENIOR
from verification.actions import assess
from verification.evidence import request_body
from verification.jobs import leases
from verification.models import ProviderCall, VendorAccount, VerificationAttempt
from verification.states import AttemptStatus
from verification.vendor_accounts import call_ledger, clients, pacing

pytestmark = pytest.mark.usefixtures("an_hour_later")
PAGE = "/admin/vendor/"
ARREARS = "UnauthorizedOperation.Arrears"
A_WHILE_AGO = LATER - timedelta(minutes=20)
SignIn = Callable[..., Client]


@pytest.fixture
def configured(db: None, settings: Any) -> Callable[..., VendorAccount]:
    """Returns a function that sets up accounts by name with this budget a day; it returns the first one's row."""

    def configure(*names: str, daily_budget: int = 0) -> VendorAccount:
        default = settings.FACEID_ACCOUNTS["default"]
        settings.FACEID_ACCOUNTS = {name: {**default, "daily_budget": daily_budget} for name in names}
        return pacing.accounts()[0]

    return configure


@pytest.fixture
def account(configured: Callable[..., VendorAccount]) -> VendorAccount:
    return configured("default")


def pause(account: VendorAccount, *, reason: str = ARREARS, at: datetime = A_WHILE_AGO) -> VendorAccount:
    pacing.pause(account, reason=reason, called_at=at - timedelta(seconds=1), now=at)
    account.refresh_from_db()
    return account


def shown(client: Client) -> str:
    """The page as one line of text, without the spaces of its markup."""
    return " ".join(client.get(PAGE).content.decode().split())


def row(client: Client, name: str = "default") -> dict[str, Any]:
    return next(row for row in client.get(PAGE).context["rows"] if row["account"].name == name)


def endings(client: Client) -> dict[str, int]:
    return {str(label): number for label, number in row(client)["endings"] if number}


# Who


@pytest.mark.parametrize("group", [OPERATOR, SENIOR, AUDITOR])
def test_the_navigation_leads_to_the_page(signed_in: SignIn, group: str) -> None:
    client = signed_in(group)
    assert f'<a href="{PAGE}">Vendor</a>' in client.get("/admin/").content.decode()
    assert client.get(PAGE).status_code == 200


def test_reviewers_neither_see_nor_open_it(signed_in: SignIn) -> None:
    client = signed_in(REVIEWER)
    assert PAGE not in client.get("/admin/").content.decode()
    assert client.get(PAGE).status_code == 403


# The state of an account


def test_before_the_first_call_the_page_has_the_account_and_no_figures(signed_in: SignIn, db: None) -> None:
    page = shown(signed_in(OPERATOR))
    assert "Account default" in page
    assert "calling</span>" in page
    assert "0 calls spent today, no budget set" in page
    assert "No account was paused yet." in page


def test_a_paused_account_says_since_when_why_and_what_is_next(
    account: VendorAccount, signed_in: SignIn
) -> None:
    pause(account, at=LATER - timedelta(seconds=20))
    page = shown(signed_in(OPERATOR))
    assert "Paused since 09:59 UTC." in page
    assert "The account is in arrears." in page
    assert f'href="/admin/codes/?q={ARREARS}"' in page
    assert "Next probe at 10:00:10 UTC." in page


def test_a_pause_of_another_day_is_told_with_its_day(account: VendorAccount, signed_in: SignIn) -> None:
    pause(account, at=LATER - timedelta(days=1))
    assert "Paused since 22 Nov 10:00 UTC." in shown(signed_in(OPERATOR))


def test_a_word_of_our_own_is_no_link_to_a_code(account: VendorAccount, signed_in: SignIn) -> None:
    pause(account, reason="vendor_failing")
    page = shown(signed_in(OPERATOR))
    assert "The last 10 calls brought no answer that can be used." in page
    assert "/admin/codes/?q=" not in page


def test_tries_that_failed_are_counted(account: VendorAccount, signed_in: SignIn) -> None:
    pause(account)
    pacing.pause(account, reason="http_503", called_at=LATER, now=LATER)
    page = shown(signed_in(OPERATOR))
    assert "1 try has failed since." in page
    assert "can&#x27;t be reached" in page


def test_after_a_good_probe_the_page_says_that_one_call_decides(
    account: VendorAccount, signed_in: SignIn
) -> None:
    pacing.allow_trial(pause(account), now=LATER)
    page = shown(signed_in(OPERATOR))
    assert "being tried again" in page
    assert "The probe went well." in page
    assert "Probe now" not in page


def test_a_spent_budget_is_shown_as_a_bar_and_says_when_calling_goes_on(
    configured: Callable[..., VendorAccount], signed_in: SignIn
) -> None:
    configured("default", daily_budget=2)
    client = signed_in(OPERATOR)
    pacing.reserve(now=LATER)
    assert "1 of 2 calls spent today" in shown(client)
    assert "budget spent" not in shown(client)
    pacing.reserve(now=LATER)
    page = shown(client)
    assert 'max="2" value="2"' in page
    assert "Calling goes on at 00:00 UTC" in page


def test_what_was_spent_yesterday_is_not_todays(
    configured: Callable[..., VendorAccount], signed_in: SignIn
) -> None:
    configured("default", daily_budget=1)
    pacing.reserve(now=LATER - timedelta(days=1))
    assert (row(signed_in(OPERATOR))["spent"], row(signed_in(OPERATOR))["state"]) == (0, "calling")


def test_each_account_has_its_own_card(configured: Callable[..., VendorAccount], signed_in: SignIn) -> None:
    pause(configured("default", "second"))
    client = signed_in(OPERATOR)
    assert (row(client)["state"], row(client, "second")["state"]) == ("paused", "calling")


def test_an_account_that_is_not_configured_any_more_has_none(
    account: VendorAccount, signed_in: SignIn
) -> None:
    VendorAccount.objects.create(name="former")
    assert "Account former" not in shown(signed_in(OPERATOR))


def test_a_region_that_could_not_be_reached_is_named(
    road: Road, emulator: EmulatorServer, signed_in: SignIn, settings: Any
) -> None:
    settings.FACEID_FALLBACK_REGIONS = ["ap-hongkong"]
    settings.FACEID_ENDPOINT = "http://127.0.0.1:9"
    attempt = road.ready()
    assess.assess(attempt.public_id, clock=lambda: LATER - timedelta(seconds=5))
    assert row(signed_in(OPERATOR))["regions"] == [("ap-singapore", False), ("ap-hongkong", True)]


# The backlog, and the results of calls


def test_what_waits_is_counted_with_the_longest_wait(
    road: Road, account: VendorAccount, signed_in: SignIn
) -> None:
    pause(account)
    road.ready()
    road.submit(road.with_photo(), now=LATER)
    in_hand = road.ready()
    leases.claim(in_hand.public_id, AttemptStatus.READY, now=LATER)
    work = signed_in(OPERATOR).get(PAGE).context["work"]
    assert work == {"waiting": 1, "held": 1, "prepared": 1, "oldest": "1 h"}


def test_the_calls_of_the_last_hour_are_told_apart(
    road: Road, emulator: EmulatorServer, signed_in: SignIn
) -> None:
    for step in ({}, {"fault": "http_503"}, {"error": "RequestLimitExceeded"}, {"fault": "truncated"}):
        if step:
            emulator.script(**step)
        attempt = road.ready()
        assess.assess(attempt.public_id, clock=lambda: VENDOR_CLOCK.at)
    assert endings(signed_in(OPERATOR)) == {"Usable": 1, "Vendor failed": 1, "Turned away": 1, "Unknown": 1}
    with time_machine.travel(LATER + timedelta(hours=1), tick=False):
        assert endings(signed_in(OPERATOR)) == {}


def begun(attempt: VerificationAttempt, now: datetime) -> ProviderCall:
    with request_body.of(attempt) as body:
        return call_ledger.begin(attempt, pacing.accounts()[0], clients.regions()[0], body, now=now)


def test_a_call_whose_slot_was_missed_never_was(road: Road, signed_in: SignIn) -> None:
    call = begun(road.ready(), LATER)
    assert endings(signed_in(OPERATOR)) == {"Sending": 1}
    call_ledger.close_unsent(call, now=LATER)
    assert endings(signed_in(OPERATOR)) == {}
    costs = {line.title: line.figures[0].least for line in signed_in(OPERATOR).get(PAGE).context["costs"]}
    assert costs["Calls not charged"] == "0"


def test_latency_is_that_of_usable_answers(road: Road, signed_in: SignIn) -> None:
    client = signed_in(OPERATOR)
    assert row(client)["latency"] is None
    attempt = road.ready()
    for seconds in range(1, 21):
        call = begun(attempt, LATER - timedelta(seconds=seconds))
        ProviderCall.objects.filter(pk=call.pk).update(
            state="answered", answer="usable", ended_at=LATER, latency_ms=seconds * 1000
        )
    assert row(client)["latency"] == {"of": 20, "median": "10.0", "slow": "19.0"}


def test_the_page_asks_the_database_as_often_for_many_calls_as_for_few(
    road: Road, emulator: EmulatorServer, signed_in: SignIn
) -> None:
    client, counts = signed_in(OPERATOR), []
    client.get(PAGE)
    for more in (1, 4):
        for _ in range(more):
            road.judged(emulator)
            road.ready()
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]
