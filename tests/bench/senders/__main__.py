"""`python -m tests.bench.senders NAME URL [PHOTO VIDEO]`: reads commands, one a line, and prints a figure for each.

"send" makes a call and prints the processor time of all threads in milliseconds. "rest" collects garbage and prints
the memory in use in MiB. "peak" prints the most memory in use since the last "rest", in MiB.
Without the two files it sends random bytes.
"""

import gc
import importlib
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

SIZES = (1_000_000, 5_900_000)  # bytes of the photo and the video
PROCESS = Path("/proc/self")


def main(name: str, url: str, *files: str) -> None:
    media = [Path(file).read_bytes() for file in files] or [os.urandom(size) for size in SIZES]
    send = importlib.import_module(f"tests.bench.senders.{name}").sender(url)
    words = {"send": lambda: _cost(send, *media), "rest": _rest, "peak": _peak}
    for line in sys.stdin:
        print(words[line.strip()](), flush=True)


def _cost(send: Callable[[bytes, bytes], None], photo: bytes, video: bytes) -> float:
    started = time.process_time()
    send(photo, video)
    return (time.process_time() - started) * 1000


def _rest() -> float:
    gc.collect()
    PROCESS.joinpath("clear_refs").write_text("5")  # resets the kernel's record of the peak
    return _peak()


def _peak() -> float:
    return int(re.search(r"VmHWM:\s*(\d+) kB", PROCESS.joinpath("status").read_text())[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
