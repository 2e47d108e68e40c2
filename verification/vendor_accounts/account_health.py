"""What each call shows about its account: it is at fault, or called too often, the vendor fails, or all is well again.

Only this module begins and ends pauses and changes the pace. It decides nothing about an attempt.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet

from verification import audit
from verification.jobs import leases
from verification.liveness import (
    MEDIA_UNREADABLE,
    PROXY,
    BadAnswer,
    CredentialsReplaced,
    LivenessError,
    MediaChanged,
    Misconfigured,
    NotSent,
    Rejected,
    Retryable,
    Throttled,
    Unavailable,
    UnknownOutcome,
    VideoRefused,
)
from verification.models import AnswerKind, CallState, ProviderCall, VendorAccount
from verification.states import AttemptStatus
from verification.vendor_accounts import call_ledger, clients, pacing
from verification.vendor_accounts.code_guide.texts import VENDOR_FAILING

log = structlog.get_logger(__name__)

# An account is paused after this many calls in a row without a usable answer.
FAILING_AFTER = 10
# The pace is slowed by the second throttled call within this time: one alone may be an accident. At the slowest pace it
# pauses the account, unless a call was served within this time.
AGAIN_WITHIN = timedelta(minutes=1)
# No connection, no answer, an error of the vendor, or an answer that breaks its contract.
_FAILURES = NotSent | UnknownOutcome | Unavailable | BadAnswer


def after_call(call: ProviderCall, error: LivenessError | None, *, now: datetime) -> None:
    """Pause or resume the call's account, after the ledger closed the call with an answer or with `error`.

    1. Pause it on an account fault, after a row of useless calls while no other region can be called, or if it is
       throttled at the slowest pace; slow it if it was throttled before that.
    2. Else resume it, or let it be faster, if the vendor judged the recording or refused the request: both show that
       it serves the account.
    3. Else, if the trial call of a pause was not sent, allow another one in another region, or prolong the pause.
       Allow another one also if its credentials have been replaced since.
    4. Leave it alone for as long as the vendor asked.
    5. Alert when the daily budget is nearly or wholly spent.
    6. After the commit, send messages for the attempts that waited for a resumed account.

    None of this applies to most answers, and what the account's row showed when the call was entered tells so: a pause
    or a slower pace that began since is none of this call's business.
    """
    if error is None and _was_well(call.account):
        return
    resumed = False
    with transaction.atomic(durable=True):
        step = _slow_down(call, error, now) if isinstance(error, Throttled) else pacing.Step.NONE
        reason = _reason_to_pause(call, error, step, now)
        if reason:
            _pause(call, reason, now)
        elif _is_well(error):
            resumed = _resume(call, now)
            _speed_up(call, now)
        elif isinstance(error, NotSent) and call.account.paused_at is not None:
            _after_unsent_trial(call, error, now)
        elif isinstance(error, CredentialsReplaced) and call.account.paused_at is not None:
            pacing.allow_trial(call.account, now=now)
        if isinstance(error, Retryable) and error.retry_after:
            _wait(call, error, now)
        _alert_on_budget(call, now)
    if resumed:
        leases.ring_waiting(AttemptStatus.READY, now=now)


def _was_well(account: VendorAccount) -> bool:
    """Was it neither paused nor slowed when its row was read, and was no level of its budget reached?"""
    reached = pacing.level_reached(account)
    return account.paused_at is None and account.slowdown == 0 and reached <= account.budget_alert


def _reason_to_pause(
    call: ProviderCall, error: LivenessError | None, step: pacing.Step, now: datetime
) -> str:
    if isinstance(error, Misconfigured):
        return error.code
    if isinstance(error, Throttled):
        at_the_slowest = step == pacing.Step.AT_THE_SLOWEST
        return error.code if at_the_slowest and not _still_serves(call, now) else ""
    if not isinstance(error, _FAILURES) or error.code == MEDIA_UNREADABLE:
        return ""
    # Another region is called meanwhile, so the account need not pause.
    if clients.region_to_call(call.account, now=now) != call.region:
        return ""
    if not failing(call.account, call.region):
        return ""
    return error.code if error.code.startswith(PROXY) else VENDOR_FAILING


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


def _slow_down(call: ProviderCall, error: Throttled, now: datetime) -> pacing.Step:
    """Slow the account if it was throttled before."""
    account = call.account
    if account.paused_at is not None or not _throttled_again(call, now):
        return pacing.Step.NONE
    step = pacing.slow_down(account, called_at=call.started_at, now=now)
    if step == pacing.Step.SLOWER:
        account.refresh_from_db()
        left = round(100 * pacing.pace_of(account) / account.rate)
        audit.record(
            "account.slowed", by=audit.By.system(), subject=account, at=now, code=error.code, per_cent=left
        )
        log.warning("account.slowed", account=account.name, code=error.code, per_cent=left)
    return step


def _throttled_again(call: ProviderCall, now: datetime) -> bool:
    return _lately(call, now).filter(answer=AnswerKind.REFUSED).exclude(pk=call.pk).exists()


def _still_serves(call: ProviderCall, now: datetime) -> bool:
    """Has the account served a call since the last step, and within AGAIN_WITHIN?"""
    served = _lately(call, now).filter(answer=AnswerKind.USABLE)
    since = pacing.last_step(call.account, now)
    return (served.filter(ended_at__gt=since) if since else served).exists()


def _lately(call: ProviderCall, now: datetime) -> QuerySet[ProviderCall]:
    return ProviderCall.objects.filter(
        account=call.account, region=call.region, ended_at__gte=now - AGAIN_WITHIN
    )


def _speed_up(call: ProviderCall, now: datetime) -> None:
    account = call.account
    if pacing.speed_up(account, called_at=call.started_at, now=now):
        audit.record("account.full_pace", by=audit.By.system(), subject=account, at=now)
        log.warning("account.full_pace", account=account.name)


def _after_unsent_trial(call: ProviderCall, error: NotSent, now: datetime) -> None:
    """Where no other region stands in, another trial would take the work from the accounts that are well."""
    ours = error.code == MEDIA_UNREADABLE
    if ours or clients.region_to_call(call.account, now=now) != call.region:
        pacing.allow_trial(call.account, now=now)
    else:
        pacing.prolong(call.account, reason=error.code, now=now)


def _wait(call: ProviderCall, error: LivenessError, now: datetime) -> None:
    log.warning(
        "account.asked_to_wait", account=call.account.name, code=error.code, seconds=error.retry_after
    )
    pacing.wait(call.account, seconds=error.retry_after, now=now)


def _is_well(error: LivenessError | None) -> bool:
    """Does the outcome show that the vendor serves the account: a judgement, or a complaint about the request?"""
    if isinstance(error, VideoRefused):
        return error.request_id is not None  # else a gateway found it too large
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
