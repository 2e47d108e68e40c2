"""The one act on the vendor page: an operator requests a probe of a paused account."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import VENDOR_CLOCK, Road
from tests.flow.conftest import LATER
from tests.flow.test_staff_site import AUDITOR, OPERATOR, REVIEWER, SENIOR
from verification.actions import assess, probe
from verification.jobs import doorbell
from verification.models import AuditEvent, VendorAccount
from verification.vendor_accounts import pacing

pytestmark = pytest.mark.usefixtures("an_hour_later")
PAGE = "/admin/vendor/"
PROBE = "/admin/vendor/default/probe"
ARREARS = "UnauthorizedOperation.Arrears"
A_WHILE_AGO = LATER - timedelta(minutes=20)
SignIn = Callable[..., Client]


@pytest.fixture
def account(db: None) -> VendorAccount:
    return pacing.accounts()[0]


def pause(account: VendorAccount) -> VendorAccount:
    pacing.pause(account, reason=ARREARS, called_at=A_WHILE_AGO - timedelta(seconds=1), now=A_WHILE_AGO)
    account.refresh_from_db()
    return account


def state(client: Client) -> str:
    (row,) = client.get(PAGE).context["rows"]
    return str(row["state"])


@pytest.fixture
def rung(monkeypatch: Any) -> list[tuple[str, list[str]]]:
    sent: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(doorbell, "_send", lambda task, args, delay: sent.append((task, args)))
    return sent


def test_an_operator_has_a_paused_account_probed_at_once(
    account: VendorAccount, signed_in: SignIn, rung: Any, django_capture_on_commit_callbacks: Any
) -> None:
    pause(account)
    pacing.pause(account, reason=ARREARS, called_at=LATER, now=LATER)
    with django_capture_on_commit_callbacks(execute=True):
        page = signed_in(OPERATOR).post(PROBE, follow=True)
    account.refresh_from_db()
    event = AuditEvent.objects.get(kind="account.probe_asked")
    assert (account.probe_at, rung) == (LATER, [(doorbell.PROBE, ["default"])])
    assert (event.subject_id, event.actor_kind, event.actor_id) == (str(account.pk), "operator", "operator")
    assert "Account default is being probed" in page.content.decode()


def test_the_probe_that_was_asked_for_lets_the_next_call_decide(
    road: Road, emulator: EmulatorServer, signed_in: SignIn
) -> None:
    emulator.script(error=ARREARS)
    attempt = road.ready()
    assess.assess(attempt.public_id, clock=lambda: A_WHILE_AGO)
    client = signed_in(OPERATOR)
    client.post(PROBE)
    VENDOR_CLOCK.at = LATER
    probe.probe("default", now=LATER)
    assert state(client) == "trial"
    assess.assess(attempt.public_id, clock=lambda: LATER)
    assert state(client) == "calling"
    events = [event["what"] for event in client.get(PAGE).context["events"]]
    assert events == ["Calling resumed", "Probe asked for", "Calling paused"]


@pytest.mark.parametrize("group", [SENIOR, AUDITOR, REVIEWER])
def test_nobody_else_has_it_probed(account: VendorAccount, signed_in: SignIn, group: str) -> None:
    probe_at = pause(account).probe_at
    client = signed_in(group)
    assert "Probe now" not in client.get(PAGE).content.decode()
    assert client.post(PROBE).status_code == 403
    account.refresh_from_db()
    assert (account.probe_at, AuditEvent.objects.filter(kind="account.probe_asked").exists()) == (
        probe_at,
        False,
    )


def test_an_account_that_is_well_is_not_probed(account: VendorAccount, signed_in: SignIn) -> None:
    page = signed_in(OPERATOR).post(PROBE, follow=True).content.decode()
    assert "Account default is not paused any more." in page
    assert not AuditEvent.objects.filter(kind="account.probe_asked").exists()


def test_an_account_that_there_is_not_is_not_found(account: VendorAccount, signed_in: SignIn) -> None:
    assert signed_in(OPERATOR).post("/admin/vendor/other/probe").status_code == 404


def test_a_probe_is_not_asked_for_from_another_site(account: VendorAccount, staff: Any) -> None:
    pause(account)
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff(OPERATOR))
    assert client.post(PROBE).status_code == 403
    assert not AuditEvent.objects.filter(kind="account.probe_asked").exists()


def test_a_probe_asked_for_after_the_session_ended_leads_back_to_the_page(
    account: VendorAccount, client: Client, staff: Any
) -> None:
    assert client.post(PROBE)["Location"] == f"/admin/login/?next={PROBE}"
    client.force_login(staff(OPERATOR))
    page = client.get(PROBE, follow=True, headers={"Referer": "http://testserver/admin/login/"})
    assert page.redirect_chain == [(PAGE, 302)]
    assert "had to sign in first" in page.content.decode()
