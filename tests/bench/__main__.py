"""`python -m tests.bench [NAME…]`: runs benchmarks one after another; exits with 1 if one misses a target.

A bench is a module of this package with `run()`, which returns its figures by name (ratios first; a dict in place of
a figure holds one for each variant), and `TARGETS`, the required values of some of them. A bench measures what it
compares in turns within one run, so that other load on the machine affects all variants alike.
"""

import importlib
import sys

from tests.bench.report import report

BENCHES = (
    "attempt",
    "audit",
    "client",
    "deciding",
    "latency",
    "media",
    "pacing",
    "page_load",
    "review",
    "slow_bodies",
    "statistics",
    "sustain",
    "trail_page",
)


def main() -> int:
    names = sys.argv[1:] or BENCHES
    if unknown := set(names) - set(BENCHES):
        print(f"There is no bench {', '.join(sorted(unknown))}. There are: {', '.join(BENCHES)}.")
        return 2
    missed = []
    for name in names:
        bench = importlib.import_module(f"tests.bench.{name}")
        missed += report(name, bench.run(), bench.TARGETS)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
