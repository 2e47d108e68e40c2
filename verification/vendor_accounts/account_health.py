"""What each call shows about its account: the account is at fault, the vendor fails, or all is well again.

Only this module begins and ends pauses. It decides nothing about an attempt.
"""

from datetime import datetime

import structlog
from django.db import transaction

from verification import audit
from verification.jobs import leases
from verification.liveness import (
    MEDIA_UNREADABLE,
    BadAnswer,
    CredentialsReplaced,
    LivenessError,
    MediaChanged,
    Misconfigured,
    NotSent,
    Rejected,
    Unavailable,
    UnknownOutcome,
)
from verification.models import AnswerKind, CallState, ProviderCall, VendorAccount
from verification.states import AttemptStatus
from verification.vendor_accounts import call_ledger, clients, pacing

log = structlog.get_logger(__name__)

# An account is paused after this many calls in a row without a usable answer.
FAILING_AFTER = 10
# No connection, no answer, an error of the vendor, or an answer that breaks its contract.
_FAILURES = NotSent | UnknownOutcome | Unavailable | BadAnswer


def after_call(call: ProviderCall, error: LivenessError | None, *, now: datetime) -> None:
    """Pause or resume the call's account, after the ledger closed the call with an answer or with `error`.

    1. Pause it on an account fault, or after a row of useless calls while no other region can be called.
    2. Else resume it if the vendor judged the recording or refused the request: both show that it serves the account.
    3. Else, if the trial call of a pause was not sent, or its credentials have been replaced since, allow another one:
       another region or the new credentials are used next.
    4. Alert when the daily budget is nearly or wholly spent.
    5. After the commit, send messages for the attempts that waited for a resumed account.
    """
    resumed = False
    with transaction.atomic(durable=True):
        reason = _reason_to_pause(call, error, now)
        if reason:
            _pause(call, reason, now)
        elif _is_well(error):
            resumed = _resume(call, now)
        elif isinstance(error, NotSent | CredentialsReplaced) and call.account.paused_at is not None:
            pacing.allow_trial(call.account, now=now)
        _alert_on_budget(call, now)
    if resumed:
        leases.ring_waiting(AttemptStatus.READY, now=now)


def _reason_to_pause(call: ProviderCall, error: LivenessError | None, now: datetime) -> str:
    if isinstance(error, Misconfigured):
        return error.code
    if not isinstance(error, _FAILURES) or error.code == MEDIA_UNREADABLE:
        return ""
    # Another region is called meanwhile, so the account need not pause.
    if clients.region_to_call(call.account, now=now) != call.region:
        return ""
    if not failing(call.account, call.region):
        return ""
    return error.code if error.code.startswith("proxy_") else "vendor_failing"


def failing(account: VendorAccount, region: str) -> bool:
    """Did none of the account's last FAILING_AFTER calls to the region bring a usable answer?"""
    ended = ProviderCall.objects.filter(
        account=account, region=region, ended_at__isnull=False, slot_missed=False
    )
    # A call that lost its worker or its evidence, or was answered too late, says nothing about the vendor.
    relevant = ended.exclude(code__in=[call_ledger.LOST, MEDIA_UNREADABLE]).exclude(
        state=CallState.UNKNOWN, request_id__gt=""
    )
    answers = list(relevant.order_by("-ended_at").values_list("answer", flat=True)[:FAILING_AFTER])
    useless = {"", AnswerKind.FAILED}
    return len(answers) == FAILING_AFTER and useless.issuperset(answers)


def _is_well(error: LivenessError | None) -> bool:
    """Does the outcome show that the vendor serves the account: a judgement, or a complaint about the request?"""
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


def _alert_on_budget(call: ProviderCall, now: datetime) -> None:
    """Once a day for each level of `pacing.budget.ALERTS`."""
    account = call.account
    reached = pacing.alert(account, day=now.date())
    if reached:
        audit.record("account.budget_alert", by=audit.By.system(), subject=account, at=now, per_cent=reached)
        log.error("account.budget_alert", account=account.name, per_cent=reached)
