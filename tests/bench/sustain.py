"""A backlog of 600 recordings, a vendor that takes 3 s: the rate and its peak, and what the liveness worker costs.

Three runs in a row alone, one beside a program that keeps a processor busy, and one with two accounts and two workers.
"""

from typing import Any

from tests.bench.working import worked_off

RUNS = ("alone_1", "alone_2", "alone_3")
TARGETS = {
    **{
        f"{run}.{figure}": target
        for run in (*RUNS, "one_burner", "two_accounts")
        for figure, target in (
            ("calls_per_second", ">= 38" if run == "two_accounts" else ">= 19"),
            ("max_in_any_second", "<= 20"),
            ("liveness_peak_mib", "<= 150"),
        )
    },
}


def run() -> dict[str, Any]:
    return {
        **{name: worked_off() for name in RUNS},
        "one_burner": worked_off(burners=1),
        "two_accounts": worked_off(workers=2, two_accounts=True),
    }
