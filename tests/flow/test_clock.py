"""All hosts use one clock."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.flow.test_staff_site import OPERATOR
from verification import clock
from verification.jobs import answers


@pytest.fixture(autouse=True)
def _measured_anew(db: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(clock, "_offset", clock._Offset())


def seconds_from_real_time() -> float:
    return abs((clock.now() - timezone.now()).total_seconds())


def test_the_clock_shows_the_time() -> None:
    assert seconds_from_real_time() < 5


@pytest.mark.skipif("sqlite" in connection.vendor, reason="SQLite has no clock of its own.")
def test_a_host_whose_own_clock_is_wrong_goes_by_the_databases(monkeypatch: Any) -> None:
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=1))
    shown = clock.now()
    monkeypatch.undo()
    assert abs((shown - timezone.now()).total_seconds()) < 5


# Beat wrote its row by the shared clock, which is this far from the web server's own.
APART = timedelta(minutes=10)


@pytest.fixture(params=[APART, -APART], ids=["behind", "ahead"])
def web_server_off(request: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(clock, "now", lambda: timezone.now() + request.param)
    answers.record(answers.BEAT, now=clock.now())


def test_a_web_server_whose_own_clock_is_wrong_raises_no_alarm(client: Client, web_server_off: None) -> None:
    assert client.get("/readyz").json()["workers"]["beat"] == "up"


@pytest.mark.parametrize("page", ["/admin/", "/admin/vendor/"])
def test_a_page_whose_own_clock_is_wrong_raises_no_alarm(
    signed_in: Any, web_server_off: None, page: str
) -> None:
    assert (
        "Beat, which starts the regular work, has sent nothing"
        not in signed_in(OPERATOR).get(page).content.decode()
    )


@pytest.mark.parametrize("page", ["/admin/", "/admin/vendor/"])
def test_an_alarm_is_raised_by_the_shared_clock(signed_in: Any, monkeypatch: Any, page: str) -> None:
    answers.record(answers.BEAT, now=timezone.now())
    monkeypatch.setattr(clock, "now", lambda: timezone.now() + APART)
    assert (
        "Beat, which starts the regular work, has sent nothing"
        in signed_in(OPERATOR).get(page).content.decode()
    )
