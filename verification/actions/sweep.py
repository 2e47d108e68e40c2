"""What is done every few seconds, whatever happened to the messages: ring again, and end what ran out."""

from datetime import datetime

from verification import audit, ledger, pacing, parts, queue, workflow
from verification.models import Verification
from verification.states import AttemptStatus, Status


def sweep(*, now: datetime) -> int:
    """Ring for work that nobody holds, expire cases whose link ran out, and delete what uploads left behind.

    Returns how many attempts were rung.
    """
    ledger.close_forgotten(now=now)
    for account in pacing.paused():
        if account.probe_at is not None and account.probe_at <= now:
            queue.ring_probe(account.name)
    rung = queue.ring_waiting(AttemptStatus.SUBMITTED, now=now)
    # While nobody may be called, bells would only wake workers that have to lie down again.
    if pacing.is_open(now=now):
        rung += queue.ring_waiting(AttemptStatus.READY, now=now)
    _expire(now)
    parts.forget_old(now=now)
    return rung


def _expire(now: datetime) -> None:
    stale = Verification.objects.filter(
        status__in=[Status.INVITED, Status.COLLECTING], link_expires_at__lte=now
    ).select_related("policy")[:500]
    for verification in stale:
        try:
            workflow.move(verification, Status.EXPIRED, by=audit.By.system(), now=now)
        except workflow.StaleVerification:
            continue  # The person, or another sweeper, was quicker.
