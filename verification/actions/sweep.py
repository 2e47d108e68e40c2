"""What is done every few seconds, whatever happened to the messages: ring again, and end what ran out."""

from datetime import datetime
from itertools import chain

import structlog

from verification import audit, storage, workflow
from verification.evidence import upload_parts
from verification.jobs import doorbell, leases
from verification.models import Applicant, DataKey, Export, Verification
from verification.states import AttemptStatus, Status
from verification.vendor import call_ledger, pacing

MAX_AT_ONCE = 100

log = structlog.get_logger(__name__)


def sweep(*, now: datetime) -> int:
    """Ring for work that nobody holds, expire cases whose link ran out, and delete what was left behind.

    Returns how many attempts were rung.
    """
    call_ledger.close_forgotten(now=now)
    for account in pacing.paused():
        if account.probe_at is not None and account.probe_at <= now:
            doorbell.ring_probe(account.name)
    rung = leases.ring_waiting(AttemptStatus.SUBMITTED, now=now)
    # While nobody may be called, bells would only wake workers that have to lie down again.
    if pacing.is_open(now=now):
        rung += leases.ring_waiting(AttemptStatus.READY, now=now)
    _expire(now)
    upload_parts.forget_old(now=now)
    _delete_erased(now)
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


def _delete_erased(now: datetime) -> None:
    """Delete what the store could not when a key was destroyed, and take the key from its owner once it is all gone.

    So a destroyed key that still has an owner is one whose folder has not been seen empty.
    """
    erased = DataKey.objects.filter(destroyed_at__isnull=False)
    # In any order: one that can't be deleted keeps none of the others.
    applicants = erased.filter(applicant__erased_at__isnull=False).order_by("?")[:MAX_AT_ONCE]
    exports = erased.filter(export__isnull=False).order_by("?")[:MAX_AT_ONCE]
    for key in chain(applicants, exports):
        try:
            storage.erase(key, now=now)
        except OSError as error:
            log.warning("sweep.not_deleted", key=key.public_id, error=type(error).__name__)
            return
        Applicant.objects.filter(data_key=key).update(data_key=None)
        Export.objects.filter(data_key=key).update(data_key=None)
