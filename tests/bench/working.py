"""Real liveness workers work off a copy of the prepared backlog, for a vendor that takes 3 s.

The emulator counts the calls with its own clock. Every program is in a session of its own, as services are: where Linux
shares its processors out by session, a worker with its 64 threads has one share, and so has each burner.
"""

import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY
from tests.bench import arrivals
from tests.bench.prepared import ATTEMPTS, backlog, one_number, wait_until
from tests.processes import Process
from tests.services import Emulator, PostgreSQL, Redis, ask, beat, environment, manage, worker

LATENCY_MS, MAX_SECONDS = 3000, 240
BURNER = (sys.executable, "-c", "while True: pass")
SECOND_ID, SECOND_KEY = "AKIDsecond", "second-secret-key"
SECOND_ACCOUNT = {
    "KYC_FACEID_MORE_ACCOUNTS": "second",
    "TENCENTCLOUD_SECRET_ID_SECOND": SECOND_ID,
    "TENCENTCLOUD_SECRET_KEY_SECOND": SECOND_KEY,
}


def worked_off(
    count: int = ATTEMPTS, *, workers: int = 1, burners: int = 0, two_accounts: bool = False
) -> dict[str, Any]:
    """What it takes to judge so many attempts of the backlog."""
    with ExitStack() as stack:
        prepared = backlog()
        broker = stack.enter_context(Redis())
        emulator = stack.enter_context(Emulator(rate=1000, latency_ms=LATENCY_MS))
        if two_accounts:
            _accept_both(emulator)
        url, more = prepared.copy(count), SECOND_ACCOUNT if two_accounts else {}
        portal = environment(url, broker.url, emulator.url, prepared.folder, **more)
        manage(portal, "sweep")
        stack.enter_context(beat(portal))
        options = ("--pool", "threads", "--concurrency", "64")
        liveness = [stack.enter_context(worker(portal, "liveness", *options)) for _ in range(workers)]
        before = _used(liveness, emulator, prepared.server, url)
        for _ in range(burners):
            stack.enter_context(Process(*BURNER))
        wait_until(count, "finished", url, MAX_SECONDS)
        after = _used(liveness, emulator, prepared.server, url)
        rates = arrivals.counted(emulator)
        return {
            **rates,
            "missed_slots": _missed_slots(url),
            "liveness_peak_mib": max(map(_peak_mib, liveness)),
            **{name: round((after[name] - before[name]) / rates["calls"], 1) for name in before},
        }


def _used(liveness: Sequence[Process], emulator: Emulator, server: PostgreSQL, url: str) -> dict[str, float]:
    """So far, by what it is for each call."""
    return {
        "statements_per_call": _statements(server, url),
        "liveness_cpu_ms_per_call": sum(map(_cpu_ms, liveness)),
        "emulator_cpu_ms_per_call": _cpu_ms(emulator),
    }


def _accept_both(emulator: Emulator) -> None:
    keys = ((SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY), (SECOND_ID, SECOND_KEY))
    accounts = [{"secret_id": secret_id, "secret_key": secret_key} for secret_id, secret_key in keys]
    ask("POST", f"{emulator.url}/_emulator/accounts", {"accounts": accounts})


def _statements(server: PostgreSQL, url: str) -> int:
    """How many statements the database has run, BEGIN and COMMIT among them."""
    query = """
        SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = %s)
    """
    with psycopg.connect(server.url_of("postgres")) as connection:
        return one_number(connection, query, url.rpartition("/")[2])


def _missed_slots(url: str) -> int:
    with psycopg.connect(url) as connection:
        return one_number(connection, "SELECT count(*) FROM verification_providercall WHERE slot_missed")


def _peak_mib(process: Process) -> int:
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
    return round(int(peak[1]) / 1024) if peak else 0


def _cpu_ms(process: Process) -> float:
    used = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return 10 * (int(used[11]) + int(used[12]))
