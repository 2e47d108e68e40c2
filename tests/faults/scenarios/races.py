"""Processes that compete for attempts in the queue, and for slots at the vendor."""

import time
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.faults.racing import TOGETHER, race, wait_for_all
from verification.jobs import leases
from verification.models import VerificationAttempt
from verification.states import AttemptStatus
from verification.vendor_accounts import pacing

CLAIMANTS, ROUNDS = 8, 5
CALLERS, SECONDS = 4, 6


def run(repetitions: int) -> dict[str, Any]:
    ready = VerificationAttempt.objects.filter(status=AttemptStatus.READY).order_by("pk")
    ids = list(ready.values_list("public_id", flat=True)[: 2 * repetitions])
    claims = race(_claim_all, [(ids,)] * CLAIMANTS)
    slots = race(_reserve_all, [()] * CALLERS)
    lost = dict(VerificationAttempt.objects.filter(public_id__in=ids).values_list("public_id", "lost_leases"))
    return {
        "ids": ids,
        "rounds": ROUNDS,
        "claims": claims,
        "lost_leases": lost,
        "seconds": SECONDS,
        "slots": slots,
    }


def _claim_all(ids: list[str]) -> list[list[Any]]:
    """Claims from the same attempts as all the others, and again when the leases of the last round have run out."""
    now, won = timezone.now(), []
    for number in range(ROUNDS):
        wait_for_all()
        at = now + number * (leases.LEASE + timedelta(seconds=TOGETHER))
        claims = (leases.claim(attempt_id, AttemptStatus.READY, now=at) for attempt_id in ids)
        won += [[number, claim.public_id, claim.fence] for claim in claims if claim is not None]
    return won


def _reserve_all() -> list[float]:
    """The times of the slots that this process got, in seconds."""
    wait_for_all()
    end = time.monotonic() + SECONDS
    got = []
    while time.monotonic() < end:
        slot = pacing.reserve(now=timezone.now())
        if isinstance(slot, pacing.Slot):
            got.append(slot.at.timestamp())
    return got
