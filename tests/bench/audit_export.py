"""Exports of a period: how long one of a million events takes against a bare `csv.writer`, and how much memory."""

import json
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import portals
from tests.bench.portals import Portal
from tests.services import PostgreSQL

ROUNDS = 3
SMALL, BIG = 100_000, 1_000_000
ALL = ("csv", "xlsx", "parquet")
TARGETS = {
    "export_vs_bare": ">= 0.5",
    "export_rss_mb": "<= 150",
    "export_rss_1m_vs_100k": "<= 1.15",
    "export_rss_mb_all_formats": "<= 220",
}


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kyc-bench-")))
        server = stack.enter_context(PostgreSQL())
        small, big = (portals.empty(url, folder) for url in (server.url, server.create_database("big")))
        for portal, count in ((small, SMALL), (big, BIG)):
            _ask(portal, "fill", str(count))
        return _figures(small, big)


def _figures(small: Portal, big: Portal) -> dict[str, Any]:
    """In turns, so that other load affects both alike. The rows of the bare file are those of the export's events."""
    turns = [(_ask(big, "bare"), _ask(big, "export", "csv")) for _ in range(ROUNDS)]
    of_few, in_all = _ask(small, "export", "csv"), _ask(big, "export", *ALL)
    most = max(ours["mb"] for _bare, ours in turns)
    return {
        "export_vs_bare": round(median(bare["seconds"] / ours["seconds"] for bare, ours in turns), 2),
        "export_rss_mb": most,
        "export_rss_1m_vs_100k": round(most / of_few["mb"], 2),
        "export_rss_mb_all_formats": in_all["mb"],
        "export_seconds": {
            "bare_csv": median(bare["seconds"] for bare, _ours in turns),
            "csv_and_jsonl": median(ours["seconds"] for _bare, ours in turns),
            "all_formats": in_all["seconds"],
        },
        "exported_events": BIG,
    }


def _ask(portal: Portal, *arguments: str) -> dict[str, float]:
    found: dict[str, float] = json.loads(portals.run(portal, "exporting", *arguments) or "{}")
    return found
