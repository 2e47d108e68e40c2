"""The sweep, every few seconds: send lost messages again, expire cases, and delete what was left behind."""

from datetime import datetime
from itertools import chain

import structlog

from verification import audit, messages, storage, workflow
from verification.evidence import media_tries, upload_parts
from verification.jobs import answers, doorbell, leases, rerun_leases
from verification.models import Applicant, DataKey, Export, InvitationFile, Verification
from verification.states import AttemptStatus, Status
from verification.vendor_accounts import call_ledger, pacing

MAX_AT_ONCE = 100

log = structlog.get_logger(__name__)


def sweep(*, now: datetime) -> int:
    """Ring for work without a lease, expire cases whose link expired, and delete what was left behind.

    Returns how many attempts were rung.
    """
    call_ledger.close_forgotten(now=now)
    for account in pacing.paused():
        if account.probe_at is not None and account.probe_at <= now:
            doorbell.ring_probe(account.name)
    rung = leases.ring_waiting(AttemptStatus.SUBMITTED, now=now)
    # While no account may be called, messages would wake workers for nothing; so would more than may be called.
    if pacing.is_open(now=now):
        most = pacing.calls_within(doorbell.SWEEP_EVERY)
        rung += leases.ring_waiting(AttemptStatus.READY, now=now, most=most)
    rerun_leases.ring_waiting(now=now)
    for _sender in range(messages.senders_wanted(now=now)):
        doorbell.ring_deliver()
    _expire(now)
    upload_parts.forget_old(now=now)
    media_tries.forget_old(now=now)
    answers.forget_gone(now=now)
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
    """Delete what the store could not delete when a key was destroyed; then take the key from its owner.

    So a destroyed key that still has an owner is one whose objects may not all be deleted.
    """
    erased = DataKey.objects.filter(destroyed_at__isnull=False)
    # In random order, so that one which can't be deleted does not block the others.
    applicants = erased.filter(applicant__erased_at__isnull=False).order_by("?")[:MAX_AT_ONCE]
    exports = erased.filter(export__isnull=False).order_by("?")[:MAX_AT_ONCE]
    files = erased.filter(invitation_file__isnull=False).order_by("?")[:MAX_AT_ONCE]
    for key in chain(applicants, exports, files):
        try:
            storage.erase(key, now=now)
        except OSError as error:
            log.warning("sweep.not_deleted", key=key.public_id, error=type(error).__name__)
            return
        Applicant.objects.filter(data_key=key).update(data_key=None)
        Export.objects.filter(data_key=key).update(data_key=None)
        InvitationFile.objects.filter(data_key=key).update(data_key=None)
