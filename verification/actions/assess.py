"""Asking the vendor, and acting on its answer.

The call is committed to the ledger before a byte is sent, and its outcome is recorded, whatever it is. Only an answer
about the person leads to a decision; everything else leads to another try by the system, or to a reviewer.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import transaction

from verification import audit, liveness, storage, workflow
from verification.evidence import best_frame, request_body
from verification.jobs import doorbell, leases
from verification.models import ProviderCall, VerificationAttempt
from verification.rules import decision
from verification.states import AttemptStatus
from verification.vendor_accounts import account_health, call_ledger, calling, clients, pacing, request_ids
from verification.vendor_accounts.calling import Clock

log = structlog.get_logger(__name__)


def assess(attempt_id: str, *, clock: Clock) -> bool:
    """Have the vendor compare the attempt's photo and video. False if the attempt was not free, or still waits."""
    return _claim_and_assess(partial(leases.claim, attempt_id), clock)


def assess_next(*, clock: Clock) -> bool:
    """Assess the attempt that has waited longest. False if none waits, or it still waits."""
    return _claim_and_assess(leases.claim_longest_waiting, clock)


def _claim_and_assess(claim: Callable[..., VerificationAttempt | None], clock: Clock) -> bool:
    if pacing.line_is_full():
        leases.leave_to_the_next()
        return False
    now = clock()
    attempt = claim(AttemptStatus.READY, now=now)
    if attempt is None:
        return False
    with leases.held(attempt, now=now):
        return _assess(attempt, clock)


def _assess(attempt: VerificationAttempt, clock: Clock) -> bool:
    """The protocol of a paid call for a claimed attempt.

    1. Close a call that an earlier worker left open, then look for an answer that it recorded, and act on that.
    2. Conclude without an answer if the case has ended, workers keep dying, or the attempt may not be sent again. Have
       a smaller copy of the recording made if the vendor refused this one.
    3. Reserve a slot, or leave the attempt waiting if there is none; sleep until the slot is near (`_call_in_turn`).
    4. Open and hash the evidence.
    5. Renew the lease and enter the call in the ledger, in one transaction (`_enter`).
    6. Send in the slot. Commit the outcome by itself, then update the account's pause and budget (`_call`).
    7. If the lease is still ours, decide on an answer; after an error put the attempt back or conclude.
    """
    if attempt.has_calls and (done := _go_on_from_earlier_calls(attempt, clock)):
        return done
    if reason := leases.why_not_process(attempt):
        workflow.give_up(attempt, reason, now=clock())
        return True
    slot = pacing.reserve(now=clock())
    if isinstance(slot, pacing.Wait):
        leases.leave_waiting(attempt)
        return False
    try:
        with pacing.Turn(slot) as turn:
            return _call_in_turn(attempt, turn, clock)
    except (storage.IntegrityError, liveness.Rejected) as error:
        _act_on_unfit_evidence(attempt, error, clock())
        return True
    except OSError as error:
        log.error("assess.evidence_unavailable", attempt=attempt.public_id, error=type(error).__name__)
        now = clock()
        if leases.retry_later(attempt, now=now):
            return False
        workflow.give_up(attempt, "cannot_process", now=now)
        return True


def _go_on_from_earlier_calls(attempt: VerificationAttempt, clock: Clock) -> bool:
    """True if the attempt's calls so far were enough to go on with it, and no further one may be made now."""
    # In this order, because the earlier worker may be recording its answer at this moment.
    call_ledger.close_lost(attempt, now=clock())
    found = call_ledger.answered(attempt)
    if found and attempt.lost_leases < 2 * leases.MAX_LOST_LEASES:
        _act_on_answer(attempt, *found, clock())
        return True
    reason = leases.why_not_process(attempt) or call_ledger.why_not_call(attempt)
    if reason:
        workflow.give_up(attempt, reason, now=clock())
        return True
    refused = call_ledger.video_refused(attempt)
    if refused and not attempt.is_smaller_copy:
        _make_smaller(attempt, refused, clock())
        return True
    return False


def _act_on_unfit_evidence(
    attempt: VerificationAttempt, error: storage.IntegrityError | liveness.Rejected, now: datetime
) -> None:
    """Nothing was sent: the evidence is not what was stored, or over a limit of the vendor."""
    log.error("assess.nothing_sent", attempt=attempt.public_id, reason=error.code)
    if isinstance(error, liveness.VideoTooLarge) and not attempt.is_smaller_copy:
        _make_smaller(attempt, error.code, now)
    else:
        workflow.give_up(attempt, error.code, now=now)


def _call_in_turn(attempt: VerificationAttempt, turn: pacing.Turn, clock: Clock) -> bool:
    """Wait for the turn and call in it. False if it did not come: then nothing was sent."""

    def enter(body: liveness.RequestBody) -> ProviderCall | None:
        return _enter(attempt, turn.slot, body, clock())

    def call(entered: ProviderCall, body: liveness.RequestBody) -> bool:
        return _call(attempt, entered, turn, body, clock)

    body = partial(request_body.of, attempt)
    called = calling.in_turn(turn, body, enter, call, clock=clock, about=attempt.public_id)
    if not called:
        leases.leave_waiting(attempt)
    return called


def _enter(
    attempt: VerificationAttempt, slot: pacing.Slot, body: liveness.RequestBody, now: datetime
) -> ProviderCall | None:
    """The call, committed to the ledger; None if the account was paused or resumed since the slot was reserved."""
    region = clients.region_to_call(slot.account, now=now)
    with transaction.atomic(durable=True):
        if not leases.renew(attempt, now=now, only_if=pacing.open_condition(slot)):
            _check_ours(not pacing.still_open(slot), attempt)
            return None
        return call_ledger.begin(attempt, slot.account, region, body, now=now)


def _call(
    attempt: VerificationAttempt,
    call: ProviderCall,
    turn: pacing.Turn,
    body: liveness.RequestBody,
    clock: Clock,
) -> bool:
    """Send the call and act on its outcome. False if the slot was missed before a byte was sent."""
    try:
        answer = calling.send(call, turn, body, clock=clock)
    except liveness.Withdrawn:
        _check_ours(call_ledger.close_unsent(call, now=clock()), attempt)
        return False
    except liveness.LivenessError as error:
        _act_on_error(attempt, call, error, clock)
        if error.billed == liveness.Billed.NO:
            pacing.give_back(turn.slot)
        return True
    # Committed by itself and first: no later error may lose an answer that was paid for.
    ours = call_ledger.close_with_answer(call, answer, now=clock())
    account_health.after_call(call, None, now=clock())
    if not ours:
        request_ids.check(call, answer.request_id, now=clock())
    _check_ours(ours, attempt)
    _act_on_answer(attempt, call, answer, clock())
    return True


def _check_ours(ours: bool, attempt: VerificationAttempt) -> None:
    if not ours:
        raise workflow.StaleAttempt(f"{attempt.public_id} went to another worker.")


def _act_on_answer(
    attempt: VerificationAttempt, call: ProviderCall, answer: liveness.Answer, now: datetime
) -> None:
    inputs = workflow.decision_inputs(attempt, call=call, request_id=answer.request_id)
    if inputs.repeated and request_ids.check(call, answer.request_id, now=now):
        decided = decision.repeated_request_id(answer, inputs.history)
        answer = replace(answer, best_frame=None, best_frame_note="not_trusted")
    else:
        decided = decision.decide(answer, inputs.terms, inputs.history)
    similarity = call_ledger.truncated(answer.similarity)
    got = decision.traced(inputs.terms, inputs.history, answer)
    with storage.dropped_on_error(attempt.verification.applicant, inputs.key) as store:
        frame = best_frame.keep(attempt, answer, store)
        workflow.conclude(
            attempt, decided, now=now, code=answer.result, call=call, got=got, similarity=similarity, **frame
        )


def _act_on_error(
    attempt: VerificationAttempt, call: ProviderCall, error: liveness.LivenessError, clock: Clock
) -> None:
    log.warning("assess.no_answer", attempt=attempt.public_id, kind=type(error).__name__, code=error.code)
    ours = call_ledger.close_with_error(call, error, now=clock())
    account_health.after_call(call, error, now=clock())
    repeated = request_ids.check(call, error.request_id, now=clock())
    _check_ours(ours, attempt)
    # A refusal holds no judgement, and a gateway on the way may repeat one: try again.
    if repeated and not isinstance(error, liveness.REFUSALS):
        workflow.give_up(attempt, decision.REPEATED_REQUEST_ID, now=clock())
    else:
        _retry_or_give_up(attempt, call, error, clock())


def _retry_or_give_up(
    attempt: VerificationAttempt, call: ProviderCall, error: liveness.LivenessError, now: datetime
) -> None:
    reason = call_ledger.why_not_call(attempt)
    if isinstance(error, liveness.Misconfigured):
        leases.leave_waiting(attempt)
    elif isinstance(error, liveness.Retryable) and not reason:
        leases.put_back(attempt, not_before=now + _delay(attempt, call, error, now), now=now)
    elif isinstance(error, liveness.VideoRefused) and not reason and not attempt.is_smaller_copy:
        _make_smaller(attempt, error.code, now)
    elif isinstance(error, liveness.Retryable):
        workflow.give_up(attempt, reason, now=now)
    else:
        workflow.give_up(attempt, _reason_of(error), now=now)


def _reason_of(error: liveness.LivenessError) -> str:
    """The reason code of a case that goes to a person at once."""
    if isinstance(error, liveness.MediaChanged):
        return error.code
    if isinstance(error, liveness.VideoRefused):
        return "video_refused"
    return "bad_answer" if isinstance(error, liveness.BadAnswer) else "rejected"


def _make_smaller(attempt: VerificationAttempt, code: str, now: datetime) -> None:
    """Send the attempt back to be prepared once more: `prepare` makes a smaller copy of the recording."""
    facts = {"smaller_because": code, "refused_sha256": attempt.normalised_sha256}
    with transaction.atomic(durable=True):
        workflow.advance(attempt, AttemptStatus.SUBMITTED, facts={**attempt.facts, **facts})
        audit.record("attempt.sent_back", by=audit.By.system(), subject=attempt, at=now, **facts)
        doorbell.ring(doorbell.PREPARE, attempt.public_id)


def _delay(
    attempt: VerificationAttempt, call: ProviderCall, error: liveness.LivenessError, now: datetime
) -> timedelta:
    """Time until the next try: 1, 2, 4 … up to 32 s, jittered by a quarter, so that tries do not bunch."""
    if isinstance(error, liveness.NotSent) and clients.region_to_call(call.account, now=now) != call.region:
        return timedelta(0)  # Nothing was sent, and there is another region to send it to.
    tries = attempt.calls.filter(slot_missed=False).count()
    grown = 2.0 ** min(tries - 1, 5)
    return timedelta(seconds=grown * (0.75 + secrets.randbelow(500) / 1000))
