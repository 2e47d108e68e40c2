"""Processes that want the same at the same moment: attempts in the queue, and slots at the vendor."""

import multiprocessing
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

from django.db import connections
from django.utils import timezone

from verification import pacing, queue
from verification.models import VerificationAttempt
from verification.states import AttemptStatus

CLAIMANTS, ROUNDS = 8, 5
CALLERS, SECONDS = 4, 6
TOGETHER = 60  # seconds that the others of a race are waited for

_fork = multiprocessing.get_context("fork")
_start: Barrier  # of this process's race


def run(repetitions: int) -> dict[str, Any]:
    ready = VerificationAttempt.objects.filter(status=AttemptStatus.READY).order_by("pk")
    ids = list(ready.values_list("public_id", flat=True)[: 2 * repetitions])
    claims = _race(CLAIMANTS, _claim_all, ids)
    slots = _race(CALLERS, _reserve_all)
    lost = dict(VerificationAttempt.objects.filter(public_id__in=ids).values_list("public_id", "lost_leases"))
    return {
        "ids": ids,
        "rounds": ROUNDS,
        "claims": claims,
        "lost_leases": lost,
        "seconds": SECONDS,
        "slots": slots,
    }


def _race(runners: int, run: Callable[..., Any], *args: Any) -> list[Any]:
    """What `run` gives in each of so many processes."""
    connections.close_all()
    with _fork.Pool(runners, _line_up, [_fork.Barrier(runners)]) as pool:
        # Each takes one: none is through with it before all have begun.
        return pool.starmap(run, [args] * runners, chunksize=1)


def _line_up(barrier: Barrier) -> None:
    global _start
    _start = barrier


def _claim_all(ids: list[str]) -> list[list[Any]]:
    """Claims the same attempts as all the others; again whenever the leases of the round before have run out."""
    now, won = timezone.now(), []
    for number in range(ROUNDS):
        _start.wait(TOGETHER)
        at = now + number * (queue.LEASE + timedelta(seconds=TOGETHER))
        claims = (queue.claim(attempt_id, AttemptStatus.READY, now=at) for attempt_id in ids)
        won += [[number, claim.public_id, claim.fence] for claim in claims if claim is not None]
    return won


def _reserve_all() -> list[float]:
    """The moments of the slots that it got, as seconds."""
    _start.wait(TOGETHER)
    end = time.monotonic() + SECONDS
    got = []
    while time.monotonic() < end:
        slot = pacing.reserve(now=timezone.now())
        if isinstance(slot, pacing.Slot):
            got.append(slot.at.timestamp())
    return got
