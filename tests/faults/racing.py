"""The same done by several processes at the same moment."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

from django.db import connections

TOGETHER = 60  # seconds that the others of a race are waited for
MAX_SECONDS = 300  # seconds for a race

_fork = multiprocessing.get_context("fork")
_start: Barrier  # of this process's race


def race(run: Callable[..., Any], each: Sequence[tuple[Any, ...]]) -> list[Any]:
    """What `run` gives in a process for each of these arguments.

    Not by a `multiprocessing.Pool`: that ends its processes by a signal, and one that holds a lock just then, or that
    hears of it a moment before it waits for one, is never through.
    """
    connections.close_all()
    barrier = _fork.Barrier(len(each))
    with ProcessPoolExecutor(len(each), _fork, _line_up, (barrier,)) as pool:
        # Each takes one: none is through with it before all have begun.
        begun = [pool.submit(run, *arguments) for arguments in each]
        return [one.result(MAX_SECONDS) for one in begun]


def _line_up(barrier: Barrier) -> None:
    global _start
    _start = barrier


def wait_for_all() -> None:
    """Within `run`: on together."""
    _start.wait(TOGETHER)
