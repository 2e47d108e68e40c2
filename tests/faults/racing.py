"""Runs a function in several processes at the same moment."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

from django.db import connections

TOGETHER = 60  # seconds to wait at the barrier
MAX_SECONDS = 300  # seconds that a race may take

_fork = multiprocessing.get_context("fork")
_start: Barrier  # the barrier of this process's race


def race(run: Callable[..., Any], each: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Runs `run` once for each tuple of arguments, each in its own process; returns the results.

    A `multiprocessing.Pool` ends its processes by a signal. A process that holds a lock at that moment, or is about to
    wait for one, can then hang.
    """
    connections.close_all()
    barrier = _fork.Barrier(len(each))
    with ProcessPoolExecutor(len(each), _fork, _line_up, (barrier,)) as pool:
        # Each process takes one task: the barrier keeps it from ending before all have begun.
        futures = [pool.submit(run, *arguments) for arguments in each]
        return [future.result(MAX_SECONDS) for future in futures]


def _line_up(barrier: Barrier) -> None:
    global _start
    _start = barrier


def wait_for_all() -> None:
    """Called within `run`: waits until every process has come here."""
    _start.wait(TOGETHER)
