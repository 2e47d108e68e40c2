"""All hosts use one clock."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from verification import clock


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
