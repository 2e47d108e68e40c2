"""Making the comparison of an attempt again, with the very bytes that were sent then. Its answer decides nothing.

It is a call like any other: in the pace of its account, under its pause and its budget, entered in the ledger before a
byte is sent. It is made once. Only a call that was certainly not sent, or that the vendor turned away unread, is
followed by another; after an outcome that is not known nobody but a person asks again.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import transaction

from verification import audit, liveness, storage
from verification.evidence import best_frame, request_body, reruns
from verification.jobs import rerun_leases
from verification.models import AnswerKind, Applicant, CallState, ProviderCall, Rerun, RerunState
from verification.rules.decision import REPEATED_REQUEST_ID
from verification.vendor_accounts import account_health, call_ledger, calling, clients, pacing, request_ids
from verification.vendor_accounts.calling import Clock

# After a call that was not sent, or while no account may be called.
RETRY_AFTER = timedelta(seconds=15)
# Then it ends without a call: whoever asked may ask again once the vendor works.
MAX_WAITING = timedelta(hours=1)
NOT_CALLED, OTHER_BYTES = "not_called", "other_bytes"
ERASED = storage.KeyDestroyed.code

log = structlog.get_logger(__name__)


def rerun(rerun_id: str, *, clock: Clock) -> None:
    """Make the comparison, unless another worker has it, it has ended, or it is not due.

    1. Claim it. Close a call that an earlier worker left open; end by a call that was, or may have been, charged.
    2. End it if the evidence was erased, or it has waited for MAX_WAITING.
    3. Reserve a slot, or put it back.
    4. Open and hash the evidence. End it if the bytes are not those of the original call.
    5. Renew the lease and enter the call in the ledger, in one transaction.
    6. Send in the slot. Commit the outcome by itself, then update the account's pause and budget.
    7. If the lease is still ours, end with the outcome, or put it back if nothing was compared for certain.
    """
    claimed = rerun_leases.claim(rerun_id, now=clock())
    if claimed is None:
        return
    call_ledger.close_lost_of(claimed, now=clock())
    made = reruns.call_of(claimed)
    if made is not None:
        _end_by(claimed, made, {"best_frame_note": "not_kept"}, clock())
    elif reason := _why_not_call(claimed, clock()):
        _fail(claimed, reason, clock())
    else:
        _call_when_free(claimed, clock)


def _why_not_call(claimed: Rerun, now: datetime) -> str:
    if reruns.is_erased(claimed.verification):
        return ERASED
    return NOT_CALLED if now - claimed.requested_at > MAX_WAITING else ""


def _call_when_free(claimed: Rerun, clock: Clock) -> None:
    slot = pacing.reserve(now=clock())
    if isinstance(slot, pacing.Wait):
        _put_back(claimed, clock)
        return
    try:
        with pacing.Turn(slot) as turn:
            if not _call_in_turn(claimed, turn, clock):
                _put_back(claimed, clock)
    except (storage.IntegrityError, liveness.Rejected) as error:
        _fail(claimed, error.code, clock())
    except OSError as error:
        log.error("rerun.evidence_unavailable", rerun=claimed.public_id, error=type(error).__name__)
        _put_back(claimed, clock)


def _put_back(claimed: Rerun, clock: Clock) -> None:
    rerun_leases.put_back(claimed, not_before=clock() + RETRY_AFTER)


def _call_in_turn(claimed: Rerun, turn: pacing.Turn, clock: Clock) -> bool:
    def enter(body: liveness.RequestBody) -> ProviderCall | None:
        return _enter(claimed, turn.slot, body, clock())

    def call(entered: ProviderCall, body: liveness.RequestBody) -> bool:
        return _call(claimed, entered, turn, body, clock)

    body = partial(request_body.of, claimed.attempt)
    return calling.in_turn(turn, body, enter, call, clock=clock, about=claimed.public_id)


def _enter(
    claimed: Rerun, slot: pacing.Slot, body: liveness.RequestBody, now: datetime
) -> ProviderCall | None:
    """The call, committed to the ledger; None if the account was paused or the evidence erased meanwhile, or another
    worker has the row."""
    first = reruns.original(claimed.attempt)
    if first is None or body.sha256_hex() != first.body_sha256:
        raise _OtherBytes("These are not the bytes that were compared.")
    region = clients.region_to_call(slot.account, now=now)
    with transaction.atomic(durable=True):
        # Erasing takes this lock too. While the slot was waited for, the body has been in memory.
        applicant = Applicant.objects.select_for_update(of=("self",)).get(
            pk=claimed.verification.applicant_id
        )
        if applicant.erased_at is not None or not pacing.still_open(slot):
            return None
        if not rerun_leases.renew(claimed, now=now):
            return None
        return call_ledger.begin(claimed.attempt, slot.account, region, body, now=now, rerun=claimed)


class _OtherBytes(storage.IntegrityError):
    code = OTHER_BYTES


def _call(
    claimed: Rerun, call: ProviderCall, turn: pacing.Turn, body: liveness.RequestBody, clock: Clock
) -> bool:
    """Send the call and act on its outcome. False if the slot was missed before a byte was sent."""
    try:
        answer = calling.send(call, turn, body, clock=clock)
    except liveness.Withdrawn:
        call_ledger.close_unsent(call, now=clock())
        return False
    except liveness.LivenessError as error:
        _act_on_error(claimed, call, error, turn.slot, clock)
        return True
    # Committed by itself and first: no later error may lose an answer that was paid for.
    ours = call_ledger.close_with_answer(call, answer, now=clock())
    account_health.after_call(call, None, now=clock())
    repeated = request_ids.check(call, answer.request_id, now=clock())
    if not ours:
        log.warning("rerun.overtaken", rerun=claimed.public_id)
    elif repeated:
        _fail(claimed, REPEATED_REQUEST_ID, clock(), call)
    else:
        _end_by(claimed, _read(call), best_frame.hash_of(answer), clock())
    return True


def _act_on_error(
    claimed: Rerun, call: ProviderCall, error: liveness.LivenessError, slot: pacing.Slot, clock: Clock
) -> None:
    log.warning("rerun.no_answer", rerun=claimed.public_id, kind=type(error).__name__, code=error.code)
    ours = call_ledger.close_with_error(call, error, now=clock())
    account_health.after_call(call, error, now=clock())
    request_ids.check(call, error.request_id, now=clock())
    if error.billed == liveness.Billed.NO:
        pacing.give_back(slot)
    if not ours:
        log.warning("rerun.overtaken", rerun=claimed.public_id)
    elif isinstance(error, liveness.NotSent | liveness.REFUSALS):
        _put_back(claimed, clock)
    else:
        _end_by(claimed, _read(call), {}, clock())


def _read(call: ProviderCall) -> ProviderCall:
    """The call as the ledger closed it."""
    call.refresh_from_db()
    return call


def _end_by(claimed: Rerun, call: ProviderCall, frame: dict[str, str], now: datetime) -> None:
    """End it by what the ledger says of its call."""
    if call.state == CallState.UNKNOWN:
        _fail(claimed, call.code, now, call, state=RerunState.UNKNOWN)
    elif call.answer != AnswerKind.USABLE:
        _fail(claimed, call.code, now, call)
    else:
        facts = {
            "call": call.public_id,
            "code": call.code,
            "similarity": None if call.similarity is None else str(call.similarity),
            "request_id": call.request_id,
        }
        _end(claimed, RerunState.ANSWERED, "rerun.answered", facts, now, **frame)


def _fail(
    claimed: Rerun,
    code: str,
    now: datetime,
    call: ProviderCall | None = None,
    state: RerunState = RerunState.FAILED,
) -> None:
    facts = {"state": str(state), "code": code, "call": call.public_id if call else None}
    _end(claimed, state, "rerun.failed", facts, now, code=code[:128])


def _end(
    claimed: Rerun, state: RerunState, event: str, facts: dict[str, Any], now: datetime, **finding: str
) -> None:
    with transaction.atomic(durable=True):
        if not rerun_leases.end(claimed, state, now=now, **finding):
            log.warning("rerun.overtaken", rerun=claimed.public_id)
            return
        about = {"rerun": claimed.public_id, "attempt": claimed.attempt.public_id, **facts}
        system, case = audit.By.system(), claimed.verification
        commits = [claimed, *claimed.calls.exclude(state=CallState.SENDING)]
        audit.record(event, by=system, subject=case, at=now, commits=commits, **about)
