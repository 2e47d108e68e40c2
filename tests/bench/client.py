"""The cost of a call: our client, the vendor's SDK, and a minimal sender from the standard library.

Each sender is a process, so that its processor time and memory can be measured. The senders call one sink in turns.
All of them run on one CPU: with the sink on another, a loopback send costs the sender 2 to 4 ms more.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.one_cpu import one_cpu
from tests.processes import PROJECT, Process

Sender = subprocess.Popen[str]
SENDERS = ("sdk", "portal", "bare")
WARM_UP, ROUNDS = 3, 30
TARGETS = {"cpu_ratio_vs_sdk": ">= 4.5", "ratio_vs_bare": "<= 1.3", "extra_mib": "<= 2"}


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        stack.enter_context(one_cpu())
        sink = stack.enter_context(
            Process(sys.executable, "-m", "tests.bench.sink", ready=r"listening on \S+")
        )
        url = sink.wait_for_output(r"listening on (\S+)")[1]
        senders = {name: stack.enter_context(sender(name, url)) for name in SENDERS}
        _take_turns(senders, WARM_UP)
        rest = {name: ask(process, "rest") for name, process in senders.items()}
        costs = _take_turns(senders, ROUNDS)
        extra = {name: ask(process, "peak") - rest[name] for name, process in senders.items()}
    cpu_ms = {name: median(measured) for name, measured in costs.items()}
    return {
        "cpu_ratio_vs_sdk": round(cpu_ms["sdk"] / cpu_ms["portal"], 2),
        "ratio_vs_bare": round(cpu_ms["portal"] / cpu_ms["bare"], 2),
        "extra_mib": round(extra["portal"], 1),
        "sdk_extra_mib": round(extra["sdk"], 1),
        "cpu_ms": {name: round(cost, 1) for name, cost in cpu_ms.items()},
    }


def _take_turns(senders: Mapping[str, Sender], rounds: int) -> dict[str, list[float]]:
    """The cost of each call by sender. The first sender rotates, so that none always follows the most expensive one."""
    costs: dict[str, list[float]] = {name: [] for name in SENDERS}
    for turn in range(rounds):
        for name in SENDERS[turn % 3 :] + SENDERS[: turn % 3]:
            costs[name].append(ask(senders[name], "send"))
    return costs


@contextmanager
def sender(name: str, url: str, *files: Path) -> Iterator[Sender]:
    """A process that sends on demand (`ask`): random bytes of the same sizes, or the photo and the video in `files`."""
    command = [sys.executable, "-m", "tests.bench.senders", name, url, *map(str, files)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ask(process: Sender, word: str) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()
    return float(process.stdout.readline())
