"""Health endpoints for load balancers and operators."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from kyc_portal import env
from tests import objects, s3
from tests.flow.conftest import LATER
from verification import storage
from verification.crypto import new_entry
from verification.models import VendorAccount
from verification.operations import health
from verification.vendor_accounts import pacing

pytestmark = pytest.mark.usefixtures("an_hour_later")

# Neither beat nor a worker runs in these tests.
NOBODY = {"media": "unknown", "liveness": "unknown", "sweep": "unknown", "beat": "never"}
ALL_UP = {"database": "up", "storage": "up", "keyring": "up", "vendor": "up", "workers": NOBODY}


@pytest.fixture
def accounts(db: None, settings: Any) -> list[VendorAccount]:
    """Two configured accounts, each with a budget of one call a day."""
    default = settings.FACEID_ACCOUNTS["default"]
    settings.FACEID_ACCOUNTS = {name: {**default, "daily_budget": 1} for name in ("default", "second")}
    return pacing.accounts()


def pause(account: VendorAccount, now: datetime) -> None:
    pacing.pause(account, reason="UnauthorizedOperation.Arrears", called_at=now, now=now)


def test_a_process_that_is_alive_says_so(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_portal_that_was_never_used_is_ready(client: Client, db: None) -> None:
    assert client.get("/readyz").json() == {"status": "ok", **ALL_UP}


def test_a_pause_of_all_accounts_is_told_without_its_reason_and_the_pages_stay_up(
    client: Client, accounts: list[VendorAccount]
) -> None:
    for account in accounts:
        pause(account, LATER)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", **ALL_UP, "vendor": "paused"}


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


def is_down(client: Client, part: str) -> bool:
    """Whether this part is down, and no other."""
    answer = client.get("/readyz")
    return (answer.status_code, answer.json()) == (503, {"status": "unavailable", **ALL_UP, part: "down"})


def test_a_portal_in_use_is_ready(client: Client, db: None) -> None:
    storage.store(storage.new_key(), "photo", b"x")
    assert client.get("/readyz").json() == {"status": "ok", **ALL_UP}


def test_a_disk_that_is_not_mounted_is_told(client: Client, db: None, settings: Any, tmp_path: Path) -> None:
    keep_in(settings, env.objects("NOT_SET", tmp_path / "evidence"))
    storage.new_key()
    assert client.get("/readyz").status_code == 200
    objects.folder().rename(tmp_path / "elsewhere")
    assert is_down(client, "storage")
    objects.folder().mkdir()  # an empty mount point
    assert is_down(client, "storage")


def test_a_folder_that_can_not_be_written_to_is_told(
    client: Client, db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its permissions, or a disk that became read-only. The system tells root otherwise, so its answer is set."""
    keep_in(settings, env.objects("NOT_SET", tmp_path / "evidence"))
    storage.new_key()
    folder, ask = str(objects.folder()), os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != folder and ask(path, mode))
    assert is_down(client, "storage")


def test_a_bucket_that_is_gone_is_told(
    client: Client, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_ACCESS_KEY_ID", s3.KEYS["aws_access_key_id"])
    monkeypatch.setenv("STORAGE_SECRET_ACCESS_KEY", s3.KEYS["aws_secret_access_key"])
    with s3.running() as server:
        for bucket in (s3.BUCKET, "another-bucket"):
            query = f"endpoint_url={server.url}&region_name={s3.REGION}&addressing_style=path"
            monkeypatch.setenv("STORAGE_URL", f"s3://{bucket}?{query}")
            keep_in(settings, env.objects("STORAGE_URL", settings.DATA_DIR))
            storage.new_key()
            assert is_down(client, "storage") is (bucket != s3.BUCKET)


@pytest.mark.parametrize("entry", ["demo", "another"])
def test_a_ring_that_does_not_open_the_newest_key_is_told(
    client: Client, db: None, settings: Any, entry: str
) -> None:
    storage.new_key()
    settings.KEYRING = new_entry(entry)
    assert is_down(client, "keyring")


def test_a_ring_need_not_open_what_was_destroyed(client: Client, db: None) -> None:
    storage.destroy(storage.new_key(), now=LATER)
    assert client.get("/readyz").json() == {"status": "ok", **ALL_UP}


def keep_in(settings: Any, place: dict[str, Any]) -> None:
    evidence = {**settings.STORAGES["evidence"], "OPTIONS": {"objects": place}}
    settings.STORAGES = {**settings.STORAGES, "evidence": evidence}
