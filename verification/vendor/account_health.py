"""What each call says about its account: that it is at fault, that the vendor fails, or that all is well again.

The only place that begins and ends pauses. It decides nothing about an attempt.
"""

from datetime import datetime

import structlog
from django.db import transaction

from verification import audit
from verification.jobs import leases
from verification.liveness import (
    MEDIA_UNREADABLE,
    BadAnswer,
    LivenessError,
    MediaChanged,
    Misconfigured,
    NotSent,
    Rejected,
    Unavailable,
    UnknownOutcome,
)
from verification.models import ProviderCall
from verification.states import AttemptStatus
from verification.vendor import call_ledger, clients, pacing

log = structlog.get_logger(__name__)

# Silence, a failing vendor or a broken answer.
_FAILURES = NotSent | UnknownOutcome | Unavailable | BadAnswer


def after_call(call: ProviderCall, error: LivenessError | None, *, now: datetime) -> None:
    """A call has ended, with an answer or with `error`, and the ledger knows."""
    resumed = False
    with transaction.atomic(durable=True):
        reason = _reason_to_pause(call, error, now)
        if reason:
            _pause(call, reason, now)
        elif _is_well(error):
            resumed = _resume(call, now)
        elif isinstance(error, NotSent) and call.account.paused_at is not None:
            # It was the trial, and another region stands in: that one is tried next.
            pacing.allow_trial(call.account, now=now)
        _tell_of_budget(call, now)
    if resumed:
        leases.ring_waiting(AttemptStatus.READY, now=now)


def _reason_to_pause(call: ProviderCall, error: LivenessError | None, now: datetime) -> str:
    if isinstance(error, Misconfigured):
        return error.code
    if not isinstance(error, _FAILURES) or error.code == MEDIA_UNREADABLE:
        return ""
    # While another region stands in for this one, calling goes on there.
    if clients.region_to_call(call.account, now=now) != call.region:
        return ""
    return "vendor_failing" if call_ledger.failing(call.account, call.region) else ""


def _is_well(error: LivenessError | None) -> bool:
    """A judgement, or a complaint about the request: both come only from an account that is served."""
    return error is None or (isinstance(error, Rejected) and not isinstance(error, MediaChanged))


def _pause(call: ProviderCall, reason: str, now: datetime) -> None:
    account = call.account
    if pacing.pause(account, reason=reason, called_at=call.started_at, now=now):
        audit.record("account.paused", by=audit.By.system(), subject=account, at=now, code=reason)
        log.error("account.paused", account=account.name, code=reason)


def _resume(call: ProviderCall, now: datetime) -> bool:
    account = call.account
    if not pacing.resume(account, called_at=call.started_at):
        return False
    audit.record("account.resumed", by=audit.By.system(), subject=account, at=now)
    log.warning("account.resumed", account=account.name)
    return True


def _tell_of_budget(call: ProviderCall, now: datetime) -> None:
    """Once a day each, when half, most and all of the budget is spent."""
    account = call.account
    reached = pacing.alert(account, day=now.date())
    if reached:
        audit.record("account.budget_alert", by=audit.By.system(), subject=account, at=now, per_cent=reached)
        log.error("account.budget_alert", account=account.name, per_cent=reached)
