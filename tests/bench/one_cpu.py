"""Everything that is compared runs on one CPU: what runs on another one costs more to talk to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_cpu() -> Iterator[None]:
    """This program, and those that it starts in the block, stay on one CPU; those stay there after it too."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cpus)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cpus)
