"""What load balancers and operators ask."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from verification.models import VendorAccount
from verification.pages import health


def test_a_process_that_is_alive_says_so(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_paused_account_is_told_and_the_pages_stay_up(client: Client, db: None) -> None:
    until = timezone.now() + timedelta(minutes=1)
    VendorAccount.objects.create(
        name="default", paused_until=until, pause_reason="UnauthorizedOperation.Arrears"
    )
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["vendor"]) == (200, "paused")
    assert "Arrears" not in answer.content.decode()


def test_a_lost_database_is_told(client: Client, monkeypatch: Any) -> None:
    def refuse() -> None:
        raise DatabaseError

    monkeypatch.setattr(health, "connection", SimpleNamespace(ensure_connection=refuse))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "down")
