"""The ledger of paid calls: a row is committed before a byte is sent, and closed with the outcome of the call.

The vendor knows no idempotency token, so the ledger bounds the bill: it decides whether an attempt may be sent again,
and an answer that it holds is never paid for twice.

1. `begin` enters the call as SENDING. The caller renews the lease in the same transaction and commits, then sends.
2. `close_with_answer`, `close_with_error` or `close_unsent` closes it by compare-and-set on SENDING.
3. `close_lost` and `close_forgotten` close as UNKNOWN what its worker did not. A later outcome is only noted.
4. `answered` finds an answer that was recorded but not acted on, because its worker died in between.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from verification import audit, liveness
from verification.models import AnswerKind, CallState, ProviderCall, Rerun, VendorAccount, VerificationAttempt

# An attempt is sent 3 times at most, 2 of them without a known outcome; then a person decides.
MAX_CALLS = 3
MAX_UNKNOWN = 2
# The recording may be refused twice: as it was prepared, and as a smaller copy.
MAX_VIDEO_REFUSED = 2
# A throttled call checked nothing, so an attempt may be throttled this often before a person looks at it. NotSent and
# account faults pause the account instead: they do not count here, and the work waits until the account is well.
MAX_THROTTLED = 50
# Longer than the call's own deadline (40 s), and than a worker can hold the attempt (60 s).
LOST_AFTER = timedelta(seconds=120)
LOST = "lost_with_its_worker"
# Seconds between tries to record the outcome of a call; the heartbeat renews the lease meanwhile.
RETRY_DELAYS = (0.5, 1, 2, 4)

log = structlog.get_logger(__name__)


def why_not_call(attempt: VerificationAttempt) -> str:
    """Why the attempt must not be sent again, or "" if it may."""
    calls = list(attempt.calls.exclude(state=CallState.NOT_SENT).values_list("state", "answer", "code"))
    checked = [state for state, answer, code in calls if answer != AnswerKind.REFUSED]
    throttled = [
        code for state, answer, code in calls if answer == AnswerKind.REFUSED and not _is_account_fault(code)
    ]
    if [answer for _, answer, _ in calls].count(AnswerKind.VIDEO) >= MAX_VIDEO_REFUSED:
        return "video_refused"
    if checked.count(CallState.UNKNOWN) >= MAX_UNKNOWN:
        return "unknown_outcome"
    if len(checked) >= MAX_CALLS or len(throttled) >= MAX_THROTTLED:
        return "vendor_unavailable"
    return ""


def video_refused(attempt: VerificationAttempt) -> str:
    """The code with which the vendor refused the attempt's recording last, "" if it never did."""
    refused = attempt.calls.filter(answer=AnswerKind.VIDEO).order_by("-number")
    return refused.values_list("code", flat=True).first() or ""


def _is_account_fault(code: str) -> bool:
    """Does the code mean that the account is at fault? Then the work waits until it is well, however long."""
    return liveness.lookup(code, field="Error").category == liveness.Category.CONFIGURATION


def begin(
    attempt: VerificationAttempt,
    account: VendorAccount,
    region: str,
    body: liveness.RequestBody,
    *,
    now: datetime,
    rerun: Rerun | None = None,
) -> ProviderCall:
    """Enter a call as SENDING. The caller must commit it before it sends a byte. `rerun`: nothing follows from it."""
    earlier = attempt.calls.count() if attempt.has_calls else 0
    attempt.has_calls = True
    return ProviderCall.objects.create(
        attempt=attempt,
        rerun=rerun,
        account=account,
        number=earlier + 1,
        region=region,
        body_sha256=body.sha256_hex(),
        body_size=body.size,
        started_at=now,
    )


def close_with_answer(call: ProviderCall, answer: liveness.Answer, *, now: datetime) -> bool:
    """Record the vendor's answer about the person; False as in `_close`."""
    facts = {
        "code": answer.result,
        "request_id": answer.request_id,
        "description": answer.description[:300],
        "similarity": truncated(answer.similarity),
        "consistent": answer.consistent,
        "billed": answer.rule.billed,
        "answer": AnswerKind.USABLE,
    }
    return _close(call, CallState.ANSWERED, now, facts)


def close_with_error(call: ProviderCall, error: liveness.LivenessError, *, now: datetime) -> bool:
    """Record why there is no answer about the person; False as in `_close`."""
    facts: dict[str, Any] = {
        "code": error.code[:128],
        "request_id": error.request_id or "",
        "billed": error.billed,
    }
    if isinstance(error, liveness.NotSent | liveness.MediaChanged):
        return _close(call, CallState.NOT_SENT, now, facts)
    if isinstance(error, liveness.UnknownOutcome):
        return _close(call, CallState.UNKNOWN, now, facts)
    facts["answer"] = _kind_of(error)
    return _close(call, CallState.ANSWERED, now, facts)


def _kind_of(error: liveness.LivenessError) -> AnswerKind:
    if isinstance(error, liveness.VideoRefused):
        return AnswerKind.VIDEO
    return AnswerKind.REFUSED if isinstance(error, liveness.REFUSALS) else AnswerKind.FAILED


def close_unsent(call: ProviderCall, *, now: datetime) -> bool:
    """Record that the slot passed before a byte was sent; False if the call was given up as lost meanwhile."""
    under_way = ProviderCall.objects.filter(pk=call.pk, state=CallState.SENDING)
    facts = {"code": "slot_missed", "billed": liveness.Billed.NO, "slot_missed": True}
    changes = {"state": CallState.NOT_SENT, "ended_at": now, **facts}
    return _despite_an_outage(call, lambda: bool(under_way.update(**changes)))


def _close(call: ProviderCall, state: CallState, now: datetime, facts: dict[str, Any]) -> bool:
    """Close the call; False if it was given up as lost meanwhile: it stays UNKNOWN, and the late outcome is noted."""
    return _despite_an_outage(call, lambda: _close_now(call, state, now, facts))


def _despite_an_outage(call: ProviderCall, close: Callable[[], bool]) -> bool:
    """Retries for 7.5 s: a restart of the database loses no answer that was paid for, and makes no call unknown."""
    for seconds in RETRY_DELAYS:
        try:
            return close()
        except (OperationalError, InterfaceError) as error:
            log.error("ledger.database_unavailable", call=call.public_id, error=type(error).__name__)
            connection.close()
            time.sleep(seconds)
    return close()


@transaction.atomic(durable=True)
def _close_now(call: ProviderCall, state: CallState, now: datetime, facts: dict[str, Any]) -> bool:
    latency = max(0, round((now - call.started_at).total_seconds() * 1000))
    row = ProviderCall.objects.filter(pk=call.pk)
    if row.filter(state=CallState.SENDING).update(state=state, ended_at=now, latency_ms=latency, **facts):
        return True
    row.update(latency_ms=latency, **{**facts, "answer": ""})
    late = {name: facts[name] for name in ("code", "request_id")}
    call.refresh_from_db()
    audit.record("call.answered_late", by=audit.By.system(), subject=call, at=now, commits=[call], **late)
    return False


def close_lost(attempt: VerificationAttempt, *, now: datetime) -> None:
    """Close as UNKNOWN a call that an earlier worker left open, after another one has claimed the attempt."""
    _give_up(attempt.calls.all(), now)


def close_lost_of(rerun: Rerun, *, now: datetime) -> None:
    """The same for a call of a comparison that is made again, after another worker has claimed that."""
    _give_up(rerun.calls.all(), now)


def close_forgotten(*, now: datetime) -> None:
    """The same for calls that began LOST_AFTER ago.

    Used when no worker claims the attempt again, for example after the case was cancelled.
    """
    _give_up(ProviderCall.objects.filter(started_at__lte=now - LOST_AFTER), now)


def _give_up(calls: Any, now: datetime) -> None:
    calls.filter(state=CallState.SENDING).update(state=CallState.UNKNOWN, ended_at=now, code=LOST)


def answered(attempt: VerificationAttempt) -> tuple[ProviderCall, liveness.Answer] | None:
    """The answer that was recorded but not acted on, because its worker died in between."""
    call = attempt.calls.filter(answer=AnswerKind.USABLE).first()
    return None if call is None else (call, answer_of(call))


def answer_of(call: ProviderCall) -> liveness.Answer:
    """The answer as far as the ledger keeps it, read by the table of codes as it is now."""
    return liveness.Answer(
        result=call.code,
        similarity=call.similarity,
        description=call.description,
        request_id=call.request_id,
        best_frame=None,
        best_frame_note="not_kept",
        rule=liveness.lookup(call.code, field="Result"),
        raw_sha256="",
        consistent=call.consistent,
    )


def truncated(similarity: Decimal | None) -> Decimal | None:
    """Two decimal places, never rounded up: 79.999 must not be recorded as 80."""
    return similarity.quantize(Decimal("0.01"), ROUND_DOWN) if similarity is not None else None
