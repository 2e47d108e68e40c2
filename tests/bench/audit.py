"""The trail: what sealing takes from those who write, how fast it seals, and that a proof does not grow with the log;
and what a case pack and an export take.

PostgreSQL flushes to the disk here, as a production's does.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import audit_export
from tests.processes import PROJECT
from tests.services import PostgreSQL, environment, manage

WRITERS, SECONDS, ROUNDS = 4, 15, 4
SMALL, BIG = 1_000, 1_000_000
TARGETS = {
    "write_ratio": ">= 0.85",
    "proof_ratio_1m_vs_1k": "<= 2",
    "pack_seconds.again": "<= 2",
    **audit_export.TARGETS,
}

Portal = dict[str, str]


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kyc-bench-")))
        server = stack.enter_context(PostgreSQL(flushes=True))
        written, small, big = (
            _portal(server.url if not name else server.create_database(name), folder)
            for name in ("", "small", "big")
        )
        found = {**_writing(written), **_sealing_and_proving(small, big), **_packing(folder / "demo")}
    return {**found, **audit_export.run()}


def _portal(url: str, folder: Path) -> Portal:
    portal = environment(url, "memory://localhost/", "http://127.0.0.1:9", folder, LOG_LEVEL="ERROR")
    manage(portal, "migrate", "-v0")
    return portal


def _start(portal: Portal, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.in_portal", "trail", *map(str, arguments)]
    return subprocess.Popen(command, cwd=PROJECT, env=portal, stdout=subprocess.PIPE, text=True)


def _figure(process: subprocess.Popen[str]) -> float:
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("A process of the bench failed.")
    return float(output)


def _writing(portal: Portal) -> dict[str, Any]:
    """Events a second by some writers at once, with and without a sealer beside them, in turns."""
    ratios, plain, sealed = [], [], []
    for _ in range(ROUNDS):
        plain.append(_written(portal, ()))
        sealed.append(_written(portal, ("keep_sealing", SECONDS)))
        ratios.append(sealed[-1] / plain[-1])
    return {
        "write_ratio": round(median(ratios), 3),
        "writes_a_second": {"plain": round(median(plain)), "with_sealing": round(median(sealed))},
        "writers": WRITERS,
    }


def _written(portal: Portal, beside: Sequence[object]) -> float:
    other = [_start(portal, *beside)] if beside else []
    writers = [_start(portal, "write", SECONDS) for _ in range(WRITERS)]
    count = sum(_figure(writer) for writer in writers)
    for process in other:
        _figure(process)
    return count / SECONDS


def _sealing_and_proving(small: Portal, big: Portal) -> dict[str, Any]:
    for portal, count in ((small, SMALL), (big, BIG)):
        _figure(_start(portal, "fill", count))
    _figure(_start(small, "seal"))
    a_second = _figure(_start(big, "seal"))
    took = [[_figure(_start(portal, "prove", seed)) for portal in (small, big)] for seed in range(ROUNDS)]
    ratio = median(at_big / at_small for at_small, at_big in took)
    return {
        "proof_ratio_1m_vs_1k": round(ratio, 2),
        "proof_ms": {"1k": round(median(a for a, _ in took), 2), "1m": round(median(b for _, b in took), 2)},
        "sealed_events_a_second": round(a_second),
        "sealed_events": BIG,
    }


def _packing(demo: Path) -> dict[str, Any]:
    """A pack with media and signed dossier: the first of a process, which loads what it needs, and later ones."""
    subprocess.run([sys.executable, "-m", "tests.browser.demo", str(demo)], cwd=PROJECT, check=True)
    portal = environment(f"sqlite:///{demo / 'portal.sqlite3'}", "memory://", "http://127.0.0.1:9", demo)
    command = [sys.executable, "-m", "tests.bench.in_portal", "packing"]
    done = subprocess.run(command, cwd=PROJECT, env=portal, check=True, stdout=subprocess.PIPE, text=True)
    first, *others = json.loads(done.stdout.splitlines()[-1])
    return {"pack_seconds": {"first": round(first, 2), "again": round(median(others), 2)}}
