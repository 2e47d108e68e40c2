"""Four processes share one account: together they come close to 20 calls a second and never exceed it.

The emulator counts with its own clock. For comparison the bench runs Celery's `rate_limit`, which is per worker. Then a
real liveness worker works off a backlog, alone and beside four programs that keep every processor busy: it gets slower,
but a call must not take more work of the database than it takes alone.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import arrivals
from tests.bench.working import BURNER, worked_off
from tests.processes import PROJECT, Process
from tests.services import Emulator, PostgreSQL, Redis, environment, manage, python

SECONDS, PROCESSES = 30, 4
CASES = {"sqlite": 0, "postgresql": 0, "sqlite_burdened": 2, "postgresql_burdened": 2}
# What the real worker judges: some 15 s of it alone.
ATTEMPTS = 240
TARGETS = {
    "statements_under_load": "<= 1.2",
    **{
        target: limit
        for case in CASES
        for target, limit in (
            (f"{case}.calls_per_second", ">= 19.5"),
            (f"{case}.max_in_any_second", "<= 20"),
            (f"{case}.uneven_share", "<= 0.1"),
        )
    },
    "worker.max_in_any_second": "<= 20",
    "worker_four_burners.calls_per_second": ">= 12",
    "worker_four_burners.max_in_any_second": "<= 20",
}


def run() -> dict[str, Any]:
    paced = _all_paced()
    alone, burdened = worked_off(ATTEMPTS), worked_off(ATTEMPTS, burners=4)
    return {
        "statements_under_load": round(burdened["statements_per_call"] / alone["statements_per_call"], 2),
        **paced,
        "worker": alone,
        "worker_four_burners": burdened,
    }


def _all_paced() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        emulator = stack.enter_context(Emulator(rate=1000))
        broker = stack.enter_context(Redis())
        urls = {
            "sqlite": f"sqlite:///{folder / 'portal.sqlite3'}",
            "postgresql": stack.enter_context(PostgreSQL()).url,
        }
        portals = {name: environment(url, broker.url, emulator.url, folder) for name, url in urls.items()}
        for portal in portals.values():
            manage(portal, "migrate", "-v0")
        paced = {
            case: _paced(portals[case.partition("_")[0]], emulator, burners)
            for case, burners in CASES.items()
        }
        return {**paced, "celery_rate_limit": _rate_limited(portals["sqlite"], emulator)}


def _paced(portal: dict[str, str], emulator: Emulator, burners: int) -> dict[str, Any]:
    emulator.clear()
    with ExitStack() as stack:
        pacers = [stack.enter_context(_pacer(portal)) for _ in range(PROCESSES)]
        for _ in range(burners):
            stack.enter_context(Process(*BURNER))
        for pacer in pacers:
            pacer.stdin.write("go\n")
            pacer.stdin.flush()
        counts = [tuple(map(int, pacer.stdout.readline().split())) for pacer in pacers]
    sent = [count[0] for count in counts]
    return {
        **arrivals.counted(emulator),
        "uneven_share": round(max(sent) / min(sent) - 1, 3),
        "missed_slots": sum(count[1] for count in counts),
    }


def _rate_limited(portal: dict[str, str], emulator: Emulator) -> dict[str, Any]:
    """Runs four Celery workers of one process each, with a backlog that lasts longer than the run."""
    emulator.clear()
    app = ("-A", "tests.bench.rate_limited")
    with ExitStack() as stack:
        subprocess.run(
            [sys.executable, "-m", "tests.bench.in_portal", "rate_limited", "4000"],
            cwd=PROJECT,
            env=portal,
            check=True,
        )
        for number in range(PROCESSES):
            worker = ("celery", *app, "worker", "--pool", "solo", "-n", f"limited-{number}@%h")
            stack.enter_context(python(portal, *worker, "-l", "INFO", ready="ready"))
        emulator.clear()
        stack.enter_context(_pause(SECONDS))
    return arrivals.counted(emulator)


@contextmanager
def _pause(seconds: float) -> Iterator[None]:
    with subprocess.Popen(["sleep", str(seconds)]) as sleeping:
        sleeping.wait()
        yield


@contextmanager
def _pacer(portal: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.in_portal", "pacer", str(SECONDS)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    # In a session of its own, as services are and the burners too: Linux shares the processors between sessions.
    with subprocess.Popen(command, cwd=PROJECT, env=portal, start_new_session=True, **pipes) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()
