"""What is done every few seconds, whatever happened to the messages: ring again, and end what ran out."""

from datetime import datetime

from verification import audit, ledger, queue, workflow
from verification.models import Verification
from verification.states import Status


def sweep(*, now: datetime) -> int:
    """Ring for work that nobody holds and expire cases whose link ran out. Returns how many attempts were rung."""
    _expire(now)
    ledger.close_forgotten(now=now)
    return queue.ring_waiting(now=now)


def _expire(now: datetime) -> None:
    stale = Verification.objects.filter(
        status__in=[Status.INVITED, Status.COLLECTING], link_expires_at__lte=now
    ).select_related("policy")[:500]
    for verification in stale:
        try:
            workflow.move(verification, Status.EXPIRED, by=audit.By.system(), now=now)
        except workflow.StaleVerification:
            continue  # The person, or another sweeper, was quicker.
