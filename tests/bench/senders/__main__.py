"""`python -m tests.bench.senders NAME URL`: does what it reads, a word a line, and prints a figure for each.

"send" makes a call: milliseconds of processor time, all threads. "peak" is the most memory held since the last
"rest", which tidies up and gives what is left: MiB.
"""

import gc
import importlib
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

PHOTO, VIDEO = os.urandom(1_000_000), os.urandom(5_900_000)
PROCESS = Path("/proc/self")


def main(name: str, url: str) -> None:
    send = importlib.import_module(f"tests.bench.senders.{name}").sender(url)
    words = {"send": lambda: _cost(send), "rest": _rest, "peak": _peak}
    for line in sys.stdin:
        print(words[line.strip()](), flush=True)


def _cost(send: Callable[[bytes, bytes], None]) -> float:
    started = time.process_time()
    send(PHOTO, VIDEO)
    return (time.process_time() - started) * 1000


def _rest() -> float:
    gc.collect()
    PROCESS.joinpath("clear_refs").write_text("5")  # the kernel's record of the peak begins anew
    return _peak()


def _peak() -> float:
    return int(re.search(r"VmHWM:\s*(\d+) kB", PROCESS.joinpath("status").read_text())[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
