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

from tests.bench import audit_export, portals
from tests.bench.portals import Portal
from tests.processes import PROJECT
from tests.services import PostgreSQL, environment

WRITERS, SECONDS, ROUNDS = 4, 15, 4
SMALL, BIG = 1_000, 1_000_000
TARGETS = {
    "write_ratio": ">= 0.85",
    "proof_ratio_1m_vs_1k": "<= 2",
    "pack_seconds.again": "<= 2",
    **audit_export.TARGETS,
}


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kyc-bench-")))
        server = stack.enter_context(PostgreSQL(flushes=True))
        written, small, big = (
            portals.empty(server.url if not name else server.create_database(name), folder)
            for name in ("", "small", "big")
        )
        found = {**_writing(written), **_sealing_and_proving(small, big), **_packing(folder / "demo")}
    return {**found, **audit_export.run()}


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
    other = [portals.start(portal, "trail", *beside)] if beside else []
    writers = [portals.start(portal, "trail", "write", SECONDS) for _ in range(WRITERS)]
    count = sum(float(portals.output(writer)) for writer in writers)
    for process in other:
        portals.output(process)
    return count / SECONDS


def _sealing_and_proving(small: Portal, big: Portal) -> dict[str, Any]:
    for portal, count in ((small, SMALL), (big, BIG)):
        portals.run(portal, "trail", "fill", count)
    portals.run(small, "trail", "seal")
    a_second = float(portals.run(big, "trail", "seal"))
    took = [
        [float(portals.run(portal, "trail", "prove", seed)) for portal in (small, big)]
        for seed in range(ROUNDS)
    ]
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
    first, *others = json.loads(portals.run(portal, "packing").splitlines()[-1])
    return {"pack_seconds": {"first": round(first, 2), "again": round(median(others), 2)}}
