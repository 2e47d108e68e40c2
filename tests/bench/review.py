"""The staff site with a thousand and with a million cases: page times must not grow with the tables.

Both portals answer in turns within one run, and a plain ModelAdmin over the same table for comparison. SQLite with
a hundred thousand cases is measured too, without a target.
"""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import sizes
from tests.bench.sizes import ROUNDS
from tests.services import PostgreSQL

CASES = {"pg_1k": 1_000, "pg_1m": 1_000_000, "sqlite_100k": 100_000}
PAGES = (
    "board",
    "queue",
    "queue_band",
    "queue_mark",
    "queue_deep",
    "case",
    "shared",
    "search_part",
    "take_next",
)
STOCK = "stock_changelist"
TARGETS = {
    f"{page}.{figure}": limit
    for page in PAGES
    for figure, limit in (("p95_ratio_1m_vs_1k", "<= 1.5"), ("queries_equal", ">= 1"))
}


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kyc-bench-")))
        server = stack.enter_context(PostgreSQL())
        portals = sizes.portals(server, folder, sqlite="sqlite_100k")
        seconds = {name: sizes.fill(portal, "cases", CASES[name]) for name, portal in portals.items()}
        found = {**sizes.measured(portals, "reviewer", PAGES), **sizes.measured(portals, "stock", (STOCK,))}
    return {**found, "cases": CASES, "in_review_share": 0.99, "seconds_to_fill": seconds, "rounds": ROUNDS}
