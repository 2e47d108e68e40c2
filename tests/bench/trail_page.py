"""The trail's pages with a thousand and with a million events: their times must not grow with the trail."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import sizes
from tests.services import PostgreSQL

EVENTS = {sizes.SMALL: 1_000, sizes.BIG: 1_000_000}
FILTERS = (
    "deeds",
    "looks",
    "all",
    "kind",
    "kind_rare",
    "who",
    "who_rare",
    "about",
    "who_kind",
    "period",
)
PAGES = (*FILTERS, *(f"{name}_deep" for name in FILTERS), "event", "sealing", "home")
TARGETS = {
    f"{page}.{figure}": limit
    for page in PAGES
    for figure, limit in (("p50_ratio_1m_vs_1k", "<= 1.2"), ("queries_equal", ">= 1"))
    # A proof reads a tile for each level of the log's tree, and each has 256 times as many hashes as the one above.
    if (page, figure) != ("event", "queries_equal")
}


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kyc-bench-")))
        server = stack.enter_context(PostgreSQL())
        portals = sizes.portals(server, folder)
        seconds = {name: sizes.fill(portal, "trail_rows", EVENTS[name]) for name, portal in portals.items()}
        found = sizes.measured(portals, "auditor", PAGES)
    return {**found, "events": EVENTS, "seconds_to_fill": seconds, "rounds": sizes.ROUNDS}
