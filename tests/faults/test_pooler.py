"""Behind PgBouncer in transaction mode the portal works as without it, and no frozen process keeps a lock."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.runs import MAX_SECONDS, NOBODY
from tests.faults.scenarios.pooler import CHUNK
from tests.in_front import PgBouncer
from tests.processes import PROJECT
from tests.services import PostgreSQL, environment, skip_reason


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The report of the scenario."""
    if reason := skip_reason(PgBouncer):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("pooled")
    with PostgreSQL() as server, PgBouncer(server) as pooler:
        report = folder / "report.json"
        command = [sys.executable, "-m", "tests.faults", "pooler", "1", str(report)]
        portal = environment(pooler.url, "memory://localhost/", NOBODY, folder, LOG_LEVEL="ERROR")
        subprocess.run(command, cwd=PROJECT, env=portal, check=True, timeout=MAX_SECONDS)
        yield json.loads(report.read_text(encoding="utf-8"))


def test_the_transactions_of_one_process_run_on_several_connections(pooled: Any) -> None:
    """Else the other tests would prove nothing."""
    assert pooled["servers"] > 1


def test_every_transaction_has_the_guard_against_frozen_processes(pooled: Any) -> None:
    assert set(pooled["guards"]) == {"10s"}


def test_a_process_that_freezes_with_a_lock_loses_it_in_ten_seconds(pooled: Any) -> None:
    assert 5 < pooled["frozen"] < 20


def test_the_pages_and_the_readiness_answer(pooled: Any) -> None:
    assert pooled["pages"] == [302, 200, 200]


def test_a_worker_claims_and_renews_and_nobody_claims_beside_it(pooled: Any) -> None:
    assert pooled["claimed"] == [True, True, True]


def test_a_reviewer_takes_the_next_case(pooled: Any) -> None:
    assert pooled["taken"]


def test_an_export_reads_to_its_end_between_other_transactions(pooled: Any) -> None:
    assert pooled["exported"] == pooled["events"] > 2 * CHUNK
