"""The ledger of paid calls: written before a byte is sent, closed with whatever became of the call.

The vendor knows no idempotency token, so this is what bounds the bill: from it follows whether an attempt may be
sent again, and an answer that was written down is never paid for twice.
"""

import time
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from verification import audit, liveness
from verification.models import AnswerKind, CallState, ProviderCall, VendorAccount, VerificationAttempt

# A call without an answer is repeated once, a failing vendor asked three times; then a person decides.
MAX_CALLS = 3
MAX_UNKNOWN = 2
# A throttled call checked nothing, so an attempt may be throttled this often before a person looks at it. NotSent and
# account faults pause the account instead: they do not count here, and the work waits until the account is well.
MAX_THROTTLED = 50
# Well after the call's own deadline, and after the lease of the attempt.
LOST_AFTER = timedelta(seconds=120)
LOST = "lost_with_its_worker"
# So many calls of an account in a row without a usable answer are no coincidence: it is paused.
FAILING_AFTER = 10
# Seconds between tries to write down what became of a call; its lease is renewed meanwhile.
PATIENCE = (0.5, 1, 2, 4)

log = structlog.get_logger(__name__)


def why_not_call(attempt: VerificationAttempt) -> str:
    """Why the attempt must not be sent again, or "" if it may."""
    calls = list(attempt.calls.exclude(state=CallState.NOT_SENT).values_list("state", "answer", "code"))
    checked = [state for state, answer, code in calls if answer != AnswerKind.REFUSED]
    throttled = [
        code for state, answer, code in calls if answer == AnswerKind.REFUSED and not _at_fault(code)
    ]
    if checked.count(CallState.UNKNOWN) >= MAX_UNKNOWN:
        return "unknown_outcome"
    if len(checked) >= MAX_CALLS or len(throttled) >= MAX_THROTTLED:
        return "vendor_unavailable"
    return ""


def _at_fault(code: str) -> bool:
    """Does the code say that the account is at fault? Then the work waits, however long that takes."""
    return liveness.lookup(code, field="Error").category == liveness.Category.CONFIGURATION


def begin(
    attempt: VerificationAttempt,
    account: VendorAccount,
    region: str,
    body: liveness.RequestBody,
    *,
    now: datetime,
) -> ProviderCall:
    """Enter a call that is about to be sent."""
    return ProviderCall.objects.create(
        attempt=attempt,
        account=account,
        number=attempt.calls.count() + 1,
        region=region,
        body_sha256=body.sha256_hex(),
        body_size=body.size,
        started_at=now,
    )


def close_with_answer(call: ProviderCall, answer: liveness.Answer, *, now: datetime) -> bool:
    """Write down what the vendor said about the person; False as in `_close`."""
    facts = {
        "code": answer.result,
        "request_id": answer.request_id,
        "description": answer.description[:300],
        "similarity": truncated(answer.similarity),
        "billed": answer.rule.billed,
        "answer": AnswerKind.USABLE,
    }
    return _close(call, CallState.ANSWERED, now, facts)


def close_with_error(call: ProviderCall, error: liveness.LivenessError, *, now: datetime) -> bool:
    """Write down why there is no answer about the person; False as in `_close`."""
    facts: dict[str, Any] = {
        "code": error.code[:128],
        "request_id": error.request_id or "",
        "billed": error.billed,
    }
    if isinstance(error, liveness.NotSent | liveness.MediaChanged):
        return _close(call, CallState.NOT_SENT, now, facts)
    if isinstance(error, liveness.UnknownOutcome):
        return _close(call, CallState.UNKNOWN, now, facts)
    turned_away = isinstance(error, liveness.Throttled | liveness.Misconfigured)
    facts["answer"] = AnswerKind.REFUSED if turned_away else AnswerKind.FAILED
    return _close(call, CallState.ANSWERED, now, facts)


def close_unsent(call: ProviderCall, *, now: datetime) -> bool:
    """Its slot went by before a byte was sent; False if the call was given up as lost meanwhile."""
    under_way = ProviderCall.objects.filter(pk=call.pk, state=CallState.SENDING)
    facts = {"code": "slot_missed", "billed": liveness.Billed.NO, "slot_missed": True}
    return bool(under_way.update(state=CallState.NOT_SENT, ended_at=now, **facts))


def failing(account: VendorAccount, region: str) -> bool:
    """Did none of the account's last calls to the region bring an answer that can be used?"""
    ended = ProviderCall.objects.filter(
        account=account, region=region, ended_at__isnull=False, slot_missed=False
    )
    # What was lost with its worker or its evidence, or answered too late, says nothing about the vendor.
    told = ended.exclude(code__in=[LOST, liveness.MEDIA_UNREADABLE]).exclude(
        state=CallState.UNKNOWN, request_id__gt=""
    )
    answers = list(told.order_by("-ended_at").values_list("answer", flat=True)[:FAILING_AFTER])
    useless = {"", AnswerKind.FAILED}
    return len(answers) == FAILING_AFTER and useless.issuperset(answers)


def _close(call: ProviderCall, state: CallState, now: datetime, facts: dict[str, Any]) -> bool:
    """False if the call was given up as lost meanwhile: it stays unknown, and what came late is noted beside it.

    Has patience: a database that restarts must not cost an answer that was paid for.
    """
    for seconds in PATIENCE:
        try:
            return _close_now(call, state, now, facts)
        except (OperationalError, InterfaceError) as error:
            log.error("ledger.database_unavailable", call=call.public_id, error=type(error).__name__)
            connection.close()
            time.sleep(seconds)
    return _close_now(call, state, now, facts)


@transaction.atomic(durable=True)
def _close_now(call: ProviderCall, state: CallState, now: datetime, facts: dict[str, Any]) -> bool:
    latency = max(0, round((now - call.started_at).total_seconds() * 1000))
    row = ProviderCall.objects.filter(pk=call.pk)
    if row.filter(state=CallState.SENDING).update(state=state, ended_at=now, latency_ms=latency, **facts):
        return True
    row.update(latency_ms=latency, **{**facts, "answer": ""})
    said = {name: facts[name] for name in ("code", "request_id")}
    audit.record("call.answered_late", by=audit.By.system(), subject=call, at=now, **said)
    return False


def close_lost(attempt: VerificationAttempt, *, now: datetime) -> None:
    """A call still under way when the attempt is in new hands was never written back: nobody knows what it did."""
    _give_up(attempt.calls.all(), now)


def close_forgotten(*, now: datetime) -> None:
    """The same for calls of attempts that nobody will take up again."""
    _give_up(ProviderCall.objects.filter(started_at__lte=now - LOST_AFTER), now)


def _give_up(calls: Any, now: datetime) -> None:
    calls.filter(state=CallState.SENDING).update(state=CallState.UNKNOWN, ended_at=now, code=LOST)


def answered(attempt: VerificationAttempt) -> tuple[ProviderCall, liveness.Answer] | None:
    """The answer that was written down but not acted on, because its worker died in between."""
    call = attempt.calls.filter(answer=AnswerKind.USABLE).first()
    if call is None:
        return None
    answer = liveness.Answer(
        result=call.code,
        similarity=call.similarity,
        description=call.description,
        request_id=call.request_id,
        best_frame=None,
        best_frame_note="not kept",
        rule=liveness.lookup(call.code, field="Result"),
        raw_sha256="",
        # A contradiction in the answer shows in code and similarity, and the decision looks at both.
        consistent=True,
    )
    return call, answer


def truncated(similarity: Decimal | None) -> Decimal | None:
    """To two places, never rounded up: 79.999 must not stand on record as 80."""
    return similarity.quantize(Decimal("0.01"), ROUND_DOWN) if similarity is not None else None
