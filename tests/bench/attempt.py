"""The cost of one attempt, from the upload's last byte to the decision, compared with the bare call that it is for.

Real workers on PostgreSQL prepare and assess attempts while the kernel counts their processor time and the server their
statements. The minimal sender of `client` sends the same photo and video in the same run, before and after the workers'
turn. Then one thread assesses attempts one after another, and the bench measures it step by step (`attempt_steps`).

The liveness worker stands still until all attempts are prepared, so that it meets them as a backlog. It, the vendor and
the minimal sender run on one CPU, for the reason that `client` gives; all else runs on any.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.bench import processor_time, statements
from tests.bench.client import Sender, ask, sender
from tests.bench.one_cpu import one_cpu
from tests.bench.report import RESULTS
from tests.bench.senders import SECRET_ID, SECRET_KEY
from tests.processes import PROJECT, Process
from tests.services import Emulator, PostgreSQL, Redis, beat, environment, manage, worker

ATTEMPTS, WARM_UP, LATENCY_MS, MAX_SECONDS = 60, 6, 500, 120
STEPPED, BARE_CALLS = 20, 15
SHOWN = 25  # of the commonest statements
TARGETS = {"liveness_vs_bare_call": "<= 2.5", "liveness_statements": "<= 12"}


@dataclass(frozen=True)
class Cost:
    """Of one attempt in one worker."""

    own_ms: float
    children_ms: float
    statements: float
    transaction_statements: float
    connections: float
    texts: Counter[str]


@dataclass(frozen=True)
class Portal:
    kind: str
    environment: dict[str, str]
    database: PostgreSQL
    url: str

    def within(self, application: str) -> dict[str, str]:
        """The environment of a process whose statements are counted under this name."""
        url = f"{self.url}?application_name={self.kind}-{application}"
        return {**self.environment, "DATABASE_URL": url}

    def run(self, module: str, *arguments: str) -> str:
        command = [sys.executable, "-m", "tests.bench.in_portal", module, *arguments]
        done = subprocess.run(
            command, cwd=PROJECT, env=self.within(module), check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        database = stack.enter_context(PostgreSQL(*statements.SETTINGS))
        broker = stack.enter_context(Redis())
        with one_cpu():
            vendor, receiver = (
                stack.enter_context(
                    Emulator(rate=1000, latency_ms=latency, secret_id=SECRET_ID, secret_key=SECRET_KEY)
                )
                for latency in (LATENCY_MS, 0)
            )
        portals = {
            kind: _portal(kind, folder / kind, database, broker, vendor) for kind in ("large", "usual", "vp8")
        }
        large = _with_bare_call(portals["large"], receiver, folder)
        usual = _with_bare_call(portals["usual"], receiver, folder)
        with worker(portals["vp8"].within("media"), "media", "--concurrency", "1") as media:
            _prepare(portals["vp8"], media, WARM_UP)
            vp8 = _prepare(portals["vp8"], media, ATTEMPTS)
        stepped = _portal("steps", folder / "steps", database, broker, receiver)
        steps = json.loads(stepped.run("attempt_steps", "large", str(STEPPED)).splitlines()[-1])
    return _figures(large, usual, vp8, steps)


def _portal(kind: str, folder: Path, database: PostgreSQL, broker: Redis, vendor: Emulator) -> Portal:
    """A portal of its own for each kind of evidence: database, queues, evidence."""
    broker_url = broker.url.removesuffix("0") + str(len(list(folder.parent.iterdir())))
    folder.mkdir()
    url = database.create_database(kind)
    keys = {"TENCENTCLOUD_SECRET_ID": SECRET_ID, "TENCENTCLOUD_SECRET_KEY": SECRET_KEY}
    portal = environment(url, broker_url, vendor.url, folder, **keys)
    manage(portal, "migrate", "-v0")
    return Portal(kind, portal, database, url)


def _with_bare_call(portal: Portal, receiver: Emulator, folder: Path) -> dict[str, Any]:
    with ExitStack() as stack:
        media = stack.enter_context(worker(portal.within("media"), "media", "--concurrency", "1"))
        threads = ("--pool", "threads", "--concurrency", "64")
        with one_cpu():
            liveness = stack.enter_context(worker(portal.within("liveness"), "liveness", *threads))
        _prepare(portal, media, WARM_UP, wanted="finished")
        files = folder / f"{portal.kind}.jpg", folder / f"{portal.kind}.mp4"
        portal.run("sent_media", *map(str, files))
        liveness.freeze()
        prepared = _prepare(portal, media, ATTEMPTS)
        media.stop()
        with one_cpu():
            bare = stack.enter_context(sender("bare", receiver.url, *files))
        _bare_calls(bare, 3)
        calls = _bare_calls(bare, BARE_CALLS)
        with _measured(portal, liveness, "liveness") as costs:
            liveness.thaw()
            stack.enter_context(beat(portal.within("beat")))
            _wait_until_all_are("finished", portal)
        calls += _bare_calls(bare, BARE_CALLS)
    return {
        "media": prepared,
        "liveness": costs[0],
        "bare_ms": median(calls),
        "sizes": tuple(file.stat().st_size for file in files),
        "missed": _one(portal, "SELECT count(*) FROM verification_providercall WHERE slot_missed") / ATTEMPTS,
        "approved": _one(portal, "SELECT count(*) FROM verification_verification WHERE status = 'approved'"),
    }


def _prepare(portal: Portal, media: Process, count: int, *, wanted: str = "ready") -> Cost:
    first = _one(portal, "SELECT count(*) FROM verification_verificationattempt")
    with _measured(portal, media, "media") as costs:
        portal.run("hand_in", portal.kind, str(count), str(first))
        _wait_until_all_are(wanted, portal, first + count)
    return costs[0]


def _bare_calls(bare: Sender, count: int) -> list[float]:
    return [ask(bare, "send") for _ in range(count)]


@contextmanager
def _measured(portal: Portal, process: Process, application: str) -> Iterator[list[Cost]]:
    """Gives a list that holds the cost of one of ATTEMPTS when the block has ended."""
    costs: list[Cost] = []
    written, before = portal.database.log.stat().st_size, processor_time.spent(process.pid)
    yield costs
    used = processor_time.spent(process.pid) - before
    log = portal.database.log.read_bytes()[written:].decode(errors="replace")
    found = statements.count(log, f"{portal.kind}-{application}")
    costs.append(
        Cost(
            used.own / ATTEMPTS,
            used.descendants / ATTEMPTS,
            found.ordinary.total() / ATTEMPTS,
            found.of_transactions.total() / ATTEMPTS,
            found.connections / ATTEMPTS,
            found.ordinary + found.of_transactions,
        )
    )


def _wait_until_all_are(status: str, portal: Portal, count: int = WARM_UP + ATTEMPTS) -> None:
    until = time.monotonic() + MAX_SECONDS
    done = ("finished",) if status == "finished" else (status, "finished")
    names = ", ".join(f"'{name}'" for name in done)
    query = f"SELECT count(*) FROM verification_verificationattempt WHERE status IN ({names})"
    while _one(portal, query) < count:
        if time.monotonic() > until:
            raise TimeoutError(f"Not every attempt was {status} after {MAX_SECONDS} s.")
        time.sleep(0.1)


def _one(portal: Portal, query: Any) -> int:
    with psycopg.connect(portal.url) as connection:
        return int(connection.execute(query).fetchone()[0])


def _figures(
    large: dict[str, Any], usual: dict[str, Any], vp8: Cost, steps: dict[str, Any]
) -> dict[str, Any]:
    cost, bare = large["liveness"], large["bare_ms"]
    _show(large["liveness"], "liveness")
    _show(large["media"], "media")
    return {
        "liveness_vs_bare_call": round(cost.own_ms / bare, 2),
        "liveness_with_children_vs_bare_call": round((cost.own_ms + cost.children_ms) / bare, 2),
        "liveness_statements": round(cost.statements, 1),
        "liveness_transaction_statements": round(cost.transaction_statements, 1),
        "liveness_connections": round(cost.connections, 1),
        "slots_missed": round(large["missed"], 2),
        "bare_call_ms": round(bare, 1),
        "liveness_cpu_ms": {"own": round(cost.own_ms, 1), "children": round(cost.children_ms, 1)},
        "usual": {
            "liveness_vs_bare_call": round(usual["liveness"].own_ms / usual["bare_ms"], 2),
            "liveness_statements": round(usual["liveness"].statements, 1),
            "bare_call_ms": round(usual["bare_ms"], 1),
            "liveness_cpu_ms": round(usual["liveness"].own_ms, 1),
            "slots_missed": round(usual["missed"], 2),
        },
        "media_cpu_ms": {
            "h264": _total(usual["media"]),
            "vp8": _total(vp8),
            "h264_large": _total(large["media"]),
        },
        "media_vs_bare_call": {
            "h264": round(_total(usual["media"]) / usual["bare_ms"], 2),
            "vp8": round(_total(vp8) / usual["bare_ms"], 2),
        },
        "media_statements": round(usual["media"].statements, 1),
        "media_transaction_statements": round(usual["media"].transaction_statements, 1),
        "sent_bytes": {"large": sum(large["sizes"]), "usual": sum(usual["sizes"])},
        "approved": {"large": large["approved"], "usual": usual["approved"]},
        **_steps(steps, bare),
    }


def _steps(steps: dict[str, Any], bare: float) -> dict[str, Any]:
    """The steps' milliseconds, and each as a ratio to the bare call."""
    ratios = {
        work: {step: round(ms / bare, 2) for step, ms in measured["ms"].items()}
        for work, measured in steps.items()
    }
    return {"steps": steps, "steps_vs_bare_call": ratios}


def _total(cost: Cost) -> float:
    return round(cost.own_ms + cost.children_ms, 1)


def _show(cost: Cost, name: str) -> None:
    """Prints the commonest statements for developers; the file has all of them."""
    lines = [f"{count / ATTEMPTS:8.2f}  {text}" for text, count in cost.texts.most_common()]
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"attempt_statements_{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"\nstatements of one attempt in {name}", *(line[:150] for line in lines[:SHOWN]), sep="\n")
