"""Asking the vendor, and acting on what it says.

The call is in the ledger, committed, before a byte is sent. What happened to it is written down whatever it was;
only an answer about the person leads to a decision, everything else to another try by the system or to a reviewer.
"""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from django.db import transaction

from verification import audit, decision, ledger, liveness, media, pacing, queue, storage, vendor, workflow
from verification.models import ProviderCall, VerificationAttempt
from verification.states import AttemptStatus

Clock = Callable[[], datetime]
log = structlog.get_logger(__name__)


def assess(attempt_id: str, *, clock: Clock) -> bool:
    """Have the vendor compare the attempt's photo and video. False if nothing came of it: others may be quicker."""
    return _claim_and_assess([attempt_id], clock)


def assess_next(*, clock: Clock) -> bool:
    """The same for the attempt that waits longest."""
    return _claim_and_assess(queue.waiting_longest(AttemptStatus.READY, now=clock(), limit=10), clock)


def _claim_and_assess(attempt_ids: list[str], clock: Clock) -> bool:
    now = clock()
    claims = (queue.claim(attempt_id, AttemptStatus.READY, now=now) for attempt_id in attempt_ids)
    attempt = next((claimed for claimed in claims if claimed is not None), None)
    if attempt is None:
        return False
    with queue.held(attempt, now=now):
        return _assess(attempt, clock)


def _assess(attempt: VerificationAttempt, clock: Clock) -> bool:
    found = ledger.answered(attempt)
    if found:
        _act_on_answer(attempt, *found, clock())
        return True
    ledger.close_lost(attempt, now=clock())
    reason = queue.reason_to_stop(attempt) or ledger.reason_to_stop(attempt)
    if reason:
        _give_up(attempt, reason, clock())
        return True
    # Asked before the evidence is read: while the vendor is booked out, waking up should cost little.
    if pacing.room(now=clock()):
        queue.leave_waiting(attempt)
        return False
    try:
        with _body(attempt) as body:
            return _call_in_a_slot(attempt, body, clock)
    except (storage.IntegrityError, liveness.Rejected) as error:
        reason = "integrity_error" if isinstance(error, storage.IntegrityError) else error.code
        log.error("assess.nothing_sent", attempt=attempt.public_id, reason=reason)
        _give_up(attempt, reason, clock())
        return True


def _give_up(attempt: VerificationAttempt, reason: str, now: datetime) -> None:
    workflow.conclude(attempt, decision.give_up(reason), now=now, code=reason)


@contextmanager
def _body(attempt: VerificationAttempt) -> Iterator[liveness.RequestBody]:
    """What will be sent, read from the evidence as it goes; hashed once beforehand, and refused if it changed."""
    document = attempt.document
    if document is None:
        raise storage.IntegrityError("The attempt has no ID photo.")
    with ExitStack() as files:
        photo = files.enter_context(storage.open_unchecked(document.normalised_name))
        video = files.enter_context(storage.open_unchecked(attempt.normalised_name))
        body = liveness.RequestBody(
            photo,
            video,
            mode=attempt.mode,
            actions=attempt.actions,
            photo_sha256=document.normalised_sha256,
            video_sha256=attempt.normalised_sha256,
        )
        body.sha256_hex()
        yield body


def _call_in_a_slot(attempt: VerificationAttempt, body: liveness.RequestBody, clock: Clock) -> bool:
    """Call once it is our turn. The entry in the ledger is committed shortly before, so that the send is on time."""
    for _ in range(pacing.MOST_SLOTS):
        slot = pacing.reserve(now=clock())
        if isinstance(slot, pacing.Wait):
            break
        _alert(slot, clock())
        if pacing.wait_to_prepare(slot, clock=clock) and _call(attempt, slot, body, clock):
            return True
        pacing.give_back(slot.account, slot.at)
    queue.leave_waiting(attempt)
    return False


def _enter(
    attempt: VerificationAttempt, slot: pacing.Slot, body: liveness.RequestBody, now: datetime
) -> ProviderCall:
    region = vendor.region_to_call(slot.account, now=now)
    with transaction.atomic():
        _check_ours(queue.renew(attempt, now=now), attempt)
        return ledger.begin(attempt, slot.account, region, body, now=now)


def _alert(slot: pacing.Slot, now: datetime) -> None:
    """Tell once a day when half, most and all of the budget is spent."""
    if slot.alert:
        by, account = audit.By.system(), slot.account
        audit.record("account.budget_alert", by=by, subject=account, at=now, per_cent=slot.alert)
        log.error("account.budget_alert", account=account.name, per_cent=slot.alert)


def _call(attempt: VerificationAttempt, slot: pacing.Slot, body: liveness.RequestBody, clock: Clock) -> bool:
    """False if the slot went by before a byte was sent."""
    call = _enter(attempt, slot, body, clock())
    in_time = partial(pacing.wait_to_send, slot, prepared_since=call.started_at, clock=clock)
    try:
        client = vendor.client(slot.account.name, call.region)
        answer = client.send(body, now=lambda: clock().timestamp(), may_send=in_time)
    except liveness.Withdrawn:
        _check_ours(ledger.close_unsent(call, now=clock()), attempt)
        return False
    except liveness.LivenessError as error:
        _act_on_error(attempt, call, error, clock())
        return True
    # Committed by itself and first: what was paid for must not be lost to anything that comes after.
    ours = ledger.close_with_answer(call, answer, now=clock())
    _tell_account(call, None, clock())
    _check_ours(ours, attempt)
    _act_on_answer(attempt, call, answer, clock())
    return True


def _check_ours(ours: bool, attempt: VerificationAttempt) -> None:
    if not ours:
        raise workflow.StaleAttempt(f"{attempt.public_id} went to another worker.")


def _act_on_answer(
    attempt: VerificationAttempt, call: ProviderCall, answer: liveness.Answer, now: datetime
) -> None:
    decided = decision.decide(answer, *workflow.standing(attempt))
    similarity = ledger.kept(answer.similarity)
    with storage.dropped_on_error() as store:
        frame = _best_frame(attempt, answer, store)
        workflow.conclude(
            attempt, decided, now=now, code=answer.result, call=call, similarity=similarity, **frame
        )


def _best_frame(
    attempt: VerificationAttempt, answer: liveness.Answer, store: storage.Store
) -> dict[str, Any]:
    """A face for the reviewer: the vendor's frame, or one from the recording. It never changes the outcome."""
    if queue.reason_to_stop(attempt):
        # The case is over, or workers keep dying here: the answer counts, a picture is not worth another try.
        return {}
    try:
        source, picture = _picture(attempt, answer)
        # Re-encoded like any picture from outside.
        frame = store("frame", media.check_photo(picture).jpeg)
    except (media.UnusableMedia, media.MediaUnavailable, storage.IntegrityError, OSError) as error:
        log.info("assess.best_frame_dropped", attempt=attempt.public_id, error=type(error).__name__)
        return {}
    return {"best_frame_name": frame.name, "best_frame_sha256": frame.sha256, "best_frame_source": source}


def _picture(attempt: VerificationAttempt, answer: liveness.Answer) -> tuple[str, bytes]:
    if answer.best_frame is not None:
        return "vendor", answer.best_frame
    with tempfile.TemporaryDirectory(prefix="kyc-") as folder:
        path = Path(folder, "video.mp4")
        path.write_bytes(storage.read(attempt.normalised_name, sha256=attempt.normalised_sha256))
        return "video", media.frame_at(path, attempt.facts["prepared"]["facts"]["duration"] / 2)


def _act_on_error(
    attempt: VerificationAttempt, call: ProviderCall, error: liveness.LivenessError, now: datetime
) -> None:
    log.warning("assess.no_answer", attempt=attempt.public_id, kind=type(error).__name__, code=error.code)
    ours = ledger.close_with_error(call, error, now=now)
    _tell_account(call, error, now)
    _check_ours(ours, attempt)
    _retry_or_give_up(attempt, call, error, now)


def _retry_or_give_up(
    attempt: VerificationAttempt, call: ProviderCall, error: liveness.LivenessError, now: datetime
) -> None:
    reason = ledger.reason_to_stop(attempt)
    if isinstance(error, liveness.Misconfigured):
        queue.leave_waiting(attempt)
    elif isinstance(error, liveness.Retryable) and not reason:
        queue.put_back(attempt, not_before=now + _delay(attempt, call, error, now), now=now)
    elif isinstance(error, liveness.Retryable):
        _give_up(attempt, reason, now)
    else:
        _give_up(attempt, _reason_of(error), now)


def _reason_of(error: liveness.LivenessError) -> str:
    """Why a person looks at once, as a word for the case."""
    if isinstance(error, liveness.MediaChanged):
        return error.code
    return "bad_answer" if isinstance(error, liveness.BadAnswer) else "rejected"


def _delay(
    attempt: VerificationAttempt, call: ProviderCall, error: liveness.LivenessError, now: datetime
) -> timedelta:
    """Until the next try: 1, 2, 4 … up to 30 s, jittered by a quarter, so that tries do not bunch."""
    if isinstance(error, liveness.NotSent) and vendor.region_to_call(call.account, now=now) != call.region:
        return timedelta(0)  # Nothing was sent, and there is another region to send it to.
    grown = min(30.0, 2.0 ** (attempt.calls.filter(slot_missed=False).count() - 1))
    return timedelta(seconds=grown * (0.75 + secrets.randbelow(500) / 1000))


def _tell_account(call: ProviderCall, error: liveness.LivenessError | None, now: datetime) -> None:
    """What the call says about its account: at fault or failing means a pause, a proper answer ends one."""
    account, by = call.account, audit.By.system()
    at_fault = isinstance(error, liveness.Misconfigured)
    if at_fault or (_says_nothing(error) and ledger.failing(account)):
        code = error.code if at_fault and error else "vendor_failing"
        if pacing.pause(account, reason=code, called_at=call.started_at, now=now):
            audit.record("account.paused", by=by, subject=account, at=now, code=code)
            log.error("account.paused", account=account.name, code=code)
    elif not _says_nothing(error) and pacing.resume(account, called_at=call.started_at):
        audit.record("account.resumed", by=by, subject=account, at=now)
        log.warning("account.resumed", account=account.name)
        queue.ring_waiting(AttemptStatus.READY, now=now)
    if error is not None and error.billed == liveness.Billed.NO:
        pacing.give_back(account, call.started_at)


def _says_nothing(error: liveness.LivenessError | None) -> bool:
    """Silence, a failing vendor or a broken answer: no sign that the account works."""
    return isinstance(
        error, liveness.NotSent | liveness.UnknownOutcome | liveness.Unavailable | liveness.BadAnswer
    )
