"""What load balancers and operators ask."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from tests.flow.conftest import LATER
from verification import pacing
from verification.models import VendorAccount
from verification.pages import health

pytestmark = pytest.mark.usefixtures("an_hour_later")


@pytest.fixture
def accounts(db: None, settings: Any) -> list[VendorAccount]:
    """Two configured accounts; each may be called once a day."""
    default = settings.FACEID_ACCOUNTS["default"]
    settings.FACEID_ACCOUNTS = {name: {**default, "daily_budget": 1} for name in ("default", "second")}
    return pacing.accounts()


def pause(account: VendorAccount, now: datetime) -> None:
    pacing.pause(account, reason="UnauthorizedOperation.Arrears", called_at=now, now=now)


def test_a_process_that_is_alive_says_so(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_portal_that_was_never_used_is_ready(client: Client, db: None) -> None:
    assert client.get("/readyz").json() == {"status": "ok", "database": "up", "vendor": "up"}


def test_a_pause_of_all_accounts_is_told_without_its_reason_and_the_pages_stay_up(
    client: Client, accounts: list[VendorAccount]
) -> None:
    for account in accounts:
        pause(account, LATER)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "up", "vendor": "paused"}


def test_as_long_as_one_account_may_be_called_the_vendor_is_up(
    client: Client, accounts: list[VendorAccount]
) -> None:
    pause(accounts[0], LATER)
    assert client.get("/readyz").json()["vendor"] == "up"


def test_an_account_on_trial_may_be_called(client: Client, accounts: list[VendorAccount]) -> None:
    now = LATER - timedelta(minutes=5)
    for account in accounts:
        pause(account, now)
        account.refresh_from_db()
    pacing.allow_trial(accounts[0], now=now)
    assert client.get("/readyz").json()["vendor"] == "up"


def test_a_spent_budget_is_a_pause_too(client: Client, accounts: list[VendorAccount]) -> None:
    for _ in accounts:
        pacing.reserve(now=LATER)
    assert client.get("/readyz").json()["vendor"] == "paused"


def test_a_lost_database_is_told(client: Client, monkeypatch: Any) -> None:
    def refuse() -> None:
        raise DatabaseError

    monkeypatch.setattr(health, "connection", SimpleNamespace(ensure_connection=refuse))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "down")
