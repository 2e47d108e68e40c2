"""Portals of two sizes that answer in turns within one run, so that other load on the machine affects both alike."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.bench.portals import Portal, empty, run, start
from tests.services import PostgreSQL, manage

ROUNDS, WARM_UP = 60, 3
SMALL, BIG = "pg_1k", "pg_1m"

Portals = dict[str, Portal]


def portals(server: PostgreSQL, folder: Path, *, sqlite: str = "") -> Portals:
    """SMALL and BIG on PostgreSQL, and `sqlite` if it names one; all of them empty."""
    urls = {SMALL: server.url, BIG: server.create_database("million")}
    if sqlite:
        urls[sqlite] = f"sqlite:///{folder / 'portal.sqlite3'}"
    made = {name: empty(url, folder) for name, url in urls.items()}
    manage(made[SMALL], "collectstatic", "--no-input", "-v0")
    return made


def fill(portal: Portal, module: str, count: int) -> float:
    """Have `module` fill the portal; returns the seconds that it took."""
    began = time.monotonic()
    run(portal, module, count)
    return round(time.monotonic() - began, 1)


def measured(portals: Portals, module: str, pages: tuple[str, ...]) -> dict[str, Any]:
    """The figures of each page in each portal. The portals answer in turns, so that other load affects all alike."""
    with ExitStack() as stack:
        readers = {name: stack.enter_context(_reader(portal, module)) for name, portal in portals.items()}
        queries = {
            page: {name: _ask(reader, f"{page} count") for name, reader in readers.items()} for page in pages
        }
        for page in pages * WARM_UP:
            for reader in readers.values():
                _ask(reader, page)
        times: dict[str, dict[str, list[float]]] = {page: {name: [] for name in readers} for page in pages}
        for page in pages * ROUNDS:
            for name, reader in readers.items():
                times[page][name].append(_ask(reader, page))
    return {page: _figures(times[page], queries[page]) for page in pages}


def _figures(times: dict[str, list[float]], queries: dict[str, float]) -> dict[str, Any]:
    cuts = {name: quantiles(taken, n=20) for name, taken in times.items()}
    p50 = {name: cut[9] for name, cut in cuts.items()}
    p95 = {name: cut[18] for name, cut in cuts.items()}
    return {
        "p95_ratio_1m_vs_1k": round(p95[BIG] / p95[SMALL], 2),
        "p50_ratio_1m_vs_1k": round(p50[BIG] / p50[SMALL], 2),
        "queries_equal": len(set(queries.values())) == 1,
        "queries": {name: int(number) for name, number in queries.items()},
        "p50_ms": {name: round(value, 1) for name, value in p50.items()},
        "p95_ms": {name: round(value, 1) for name, value in p95.items()},
    }


def _ask(reader: subprocess.Popen[str], what: str) -> float:
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(f"{what}\n")
    reader.stdin.flush()
    return float(json.loads(reader.stdout.readline()))


@contextmanager
def _reader(portal: Portal, module: str) -> Iterator[subprocess.Popen[str]]:
    """A process in the portal, signed in as staff, that opens the pages named on its standard input."""
    with start(portal, module) as process:
        try:
            yield process
        finally:
            process.kill()
