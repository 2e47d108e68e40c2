"""A backlog of 600 recordings, a vendor that takes 3 s, one media worker and one liveness worker.

The real actions and the media worker submit and prepare the backlog first; then the liveness worker starts. The
emulator measures the rates with its own clock, without the first and the last tenth of the calls.
"""

import re
import subprocess
import sys
import time
from bisect import bisect_left
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.processes import PROJECT, Process
from tests.services import Emulator, PostgreSQL, Redis, beat, environment, manage, worker

ATTEMPTS, LATENCY_MS, MAX_SECONDS = 600, 3000, 240
TARGETS = {"calls_per_second": ">= 19", "max_in_any_second": "<= 20", "liveness_peak_mib": "<= 250"}


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        database = stack.enter_context(PostgreSQL())
        broker = stack.enter_context(Redis())
        emulator = stack.enter_context(Emulator(rate=1000, latency_ms=LATENCY_MS))
        portal = environment(database.url, broker.url, emulator.url, folder)
        manage(portal, "migrate", "-v0")
        stack.enter_context(worker(portal, "media", "--concurrency", "1"))
        _hand_in(portal)
        _wait_until_all_are("ready", database)
        liveness = stack.enter_context(worker(portal, "liveness", "--pool", "threads", "--concurrency", "64"))
        stack.enter_context(beat(portal))
        manage(portal, "sweep")
        began = time.monotonic()
        _wait_until_all_are("finished", database)
        seconds = time.monotonic() - began
        return {
            **_as_counted(emulator),
            **_cost_of(liveness),
            "seconds": round(seconds, 1),
            **_books(database),
        }


def _hand_in(portal: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.bench.in_portal", "backlog", str(ATTEMPTS)]
    subprocess.run(command, cwd=PROJECT, env=portal, check=True)


def _wait_until_all_are(status: str, database: PostgreSQL) -> None:
    until = time.monotonic() + MAX_SECONDS
    query = "SELECT count(*) FROM verification_verificationattempt WHERE status = %s"
    with psycopg.connect(database.url, autocommit=True) as connection:
        while _one(connection, query, status) < ATTEMPTS:
            if time.monotonic() > until:
                raise TimeoutError(f"Not every attempt was {status} after {MAX_SECONDS} s.")
            time.sleep(1)


def _one(connection: psycopg.Connection[Any], query: Any, *values: str) -> int:
    row = connection.execute(query, values).fetchone()
    return int(row[0]) if row else 0


def _as_counted(emulator: Emulator) -> dict[str, Any]:
    times = sorted(call["arrived_monotonic"] for call in emulator.calls())
    steady = times[len(times) // 10 : -len(times) // 10]
    return {
        "calls_per_second": round((len(steady) - 1) / (steady[-1] - steady[0]), 2),
        "max_in_any_second": max(bisect_left(times, at + 1) - index for index, at in enumerate(times)),
        "calls": len(times),
    }


def _cost_of(process: Process) -> dict[str, Any]:
    status = Path(f"/proc/{process.pid}/status").read_text()
    used = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    peak = re.search(r"VmHWM:\s+(\d+)", status)
    return {
        "liveness_peak_mib": round(int(peak[1]) / 1024) if peak else 0,
        "liveness_cpu_seconds": (int(used[11]) + int(used[12])) / 100,
    }


def _books(database: PostgreSQL) -> dict[str, Any]:
    with psycopg.connect(database.url) as connection:
        missed = _one(connection, "SELECT count(*) FROM verification_providercall WHERE slot_missed")
    return {"missed_slots": missed}
