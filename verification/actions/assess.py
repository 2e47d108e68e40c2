"""Asking the vendor, and acting on what it says.

The call is in the ledger, committed, before a byte is sent. What happened to it is written down whatever it was;
only an answer about the person leads to a decision, everything else to another try by the system or to a reviewer.
"""

import secrets
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from verification import audit, decision, ledger, liveness, media, pacing, queue, storage, workflow
from verification.models import ProviderCall, VendorAccount, VerificationAttempt
from verification.states import AttemptStatus

PAUSE = timedelta(seconds=60)

Clock = Callable[[], datetime]
log = structlog.get_logger(__name__)


def assess(attempt_id: str, *, clock: Clock) -> None:
    """Have the vendor compare the attempt's photo and video, unless somebody else is at it."""
    attempt = queue.claim(attempt_id, AttemptStatus.READY, now=clock())
    if attempt is None:
        return
    found = ledger.answered(attempt)
    if found:
        _act_on_answer(attempt, *found, clock())
        return
    ledger.close_lost(attempt, now=clock())
    reason = queue.reason_to_stop(attempt) or ledger.reason_to_stop(attempt)
    if reason:
        _give_up(attempt, reason, clock())
        return
    try:
        body = _body(attempt)
    except (storage.IntegrityError, liveness.Rejected) as error:
        reason = "integrity_error" if isinstance(error, storage.IntegrityError) else error.code
        log.error("assess.nothing_sent", attempt=attempt_id, reason=reason)
        _give_up(attempt, reason, clock())
        return
    _call_when_allowed(attempt, body, clock)


def _give_up(attempt: VerificationAttempt, reason: str, now: datetime) -> None:
    workflow.conclude(attempt, decision.give_up(reason), now=now, code=reason)


def _body(attempt: VerificationAttempt) -> liveness.RequestBody:
    document = attempt.document
    if document is None:
        raise storage.IntegrityError("The attempt has no ID photo.")
    photo = storage.read(document.normalised_name, sha256=document.normalised_sha256)
    video = storage.read(attempt.normalised_name, sha256=attempt.normalised_sha256)
    return liveness.RequestBody(photo, video, mode=attempt.mode, actions=attempt.actions)


def _call_when_allowed(attempt: VerificationAttempt, body: liveness.RequestBody, clock: Clock) -> None:
    account = pacing.account()
    wait = pacing.wait_for_slot(account)
    if wait is not None:
        _later(attempt, wait.seconds, clock())
        return
    now = clock()
    with transaction.atomic():
        if not queue.renew(attempt, now=now):
            raise workflow.StaleAttempt(f"{attempt.public_id} went to another worker.")
        call = ledger.begin(attempt, account, body, now=now)
    _call(attempt, call, body, clock)


def _call(attempt: VerificationAttempt, call: ProviderCall, body: liveness.RequestBody, clock: Clock) -> None:
    try:
        answer = _client().send(body, now=lambda: clock().timestamp())
    except liveness.LivenessError as error:
        log.warning("assess.no_answer", attempt=attempt.public_id, kind=type(error).__name__, code=error.code)
        _check_ours(ledger.close_with_error(call, error, now=clock()), attempt)
        _retry_pause_or_give_up(attempt, call, error, clock())
        return
    # Committed by itself and first: what was paid for must not be lost to anything that comes after.
    _check_ours(ledger.close_with_answer(call, answer, now=clock()), attempt)
    _act_on_answer(attempt, call, answer, clock())


def _check_ours(ours: bool, attempt: VerificationAttempt) -> None:
    if not ours:
        raise workflow.StaleAttempt(f"{attempt.public_id} went to another worker during the call.")


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


def _retry_pause_or_give_up(
    attempt: VerificationAttempt, call: ProviderCall, error: liveness.LivenessError, now: datetime
) -> None:
    if isinstance(error, liveness.Misconfigured):
        _pause(call.account, error, now)
        _later(attempt, PAUSE.total_seconds(), now)
    elif isinstance(error, liveness.Retryable) and not ledger.reason_to_stop(attempt):
        _later(attempt, _delay(attempt), now)
    elif isinstance(error, liveness.Retryable):
        _give_up(attempt, ledger.reason_to_stop(attempt), now)
    else:
        _give_up(attempt, "bad_answer" if isinstance(error, liveness.BadAnswer) else "rejected", now)


def _pause(account: VendorAccount, error: liveness.LivenessError, now: datetime) -> None:
    """The account or its credentials are at fault: every call would fail, so nobody calls for a while."""
    pacing.pause(account, reason=error.code, until=now + PAUSE)
    audit.record("account.paused", by=audit.By.system(), subject=account, at=now, code=error.code)
    log.error("account.paused", account=account.name, code=error.code)


def _delay(attempt: VerificationAttempt) -> float:
    """Seconds until the next try: 1, 2, 4 … up to 30, jittered by a quarter, so that tries do not bunch."""
    grown = min(30.0, 2.0 ** (attempt.calls.count() - 1))
    return grown * (0.75 + secrets.randbelow(500) / 1000)


def _later(attempt: VerificationAttempt, seconds: float, now: datetime) -> None:
    queue.put_back(attempt, not_before=now + timedelta(seconds=seconds), now=now)


def _client() -> liveness.LivenessClient:
    return _client_for(
        settings.FACEID_ENDPOINT,
        settings.FACEID_REGION,
        settings.TENCENTCLOUD_SECRET_ID,
        settings.TENCENTCLOUD_SECRET_KEY,
        settings.TENCENTCLOUD_TOKEN,
        settings.FACEID_UNSIGNED_PAYLOAD,
    )


@lru_cache(maxsize=2)
def _client_for(
    endpoint: str, region: str, secret_id: str, secret_key: str, token: str, unsigned: bool
) -> liveness.LivenessClient:
    """One client per process and account, shared by the worker's threads."""
    credentials = liveness.Credentials(secret_id, secret_key, token or None)
    return liveness.LivenessClient(endpoint, region, credentials, unsigned_payload=unsigned)
