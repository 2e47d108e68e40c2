"""Both answers of a comparison that was made again, side by side, with what the policy of today says of each."""

from typing import Any

from verification.evidence import reruns
from verification.models import AnswerKind, Policy, ProviderCall, Rerun, Verification, VerificationAttempt
from verification.rules import decision
from verification.vendor_accounts import call_ledger


def of_case(case: Verification) -> list[dict[str, Any]]:
    """The comparisons of the case that were made again, the first first, as plain values."""
    policy = Policy.current()
    return [_facts(rerun, policy) for rerun in reruns.of_case(case)]


def _facts(rerun: Rerun, policy: Policy) -> dict[str, Any]:
    first, again = reruns.original(rerun.attempt), reruns.call_of(rerun)
    return {
        "rerun": rerun.public_id,
        "number": rerun.number,
        "attempt": rerun.attempt.public_id,
        "attempt_number": rerun.attempt.number,
        "state": str(rerun.state),
        "code": rerun.code,
        "reason": rerun.reason,
        "requested_by": rerun.requested_by.get_username(),
        "requested_at": rerun.requested_at,
        "ended_at": rerun.ended_at,
        "same_answer": _is_same(first, again),
        "policy_of_today": policy.version,
        "original": {**_answer(first, policy), "best_frame_sha256": _frame_of(rerun.attempt)},
        "again": {**_answer(again, policy), "best_frame_sha256": rerun.best_frame_sha256},
    }


def _is_same(first: ProviderCall | None, again: ProviderCall | None) -> bool | None:
    """Did the vendor say the same? None as long as it did not say two things."""
    if first is None or again is None or {first.answer, again.answer} != {AnswerKind.USABLE}:
        return None
    return (first.code, first.similarity) == (again.code, again.similarity)


def _frame_of(attempt: VerificationAttempt) -> str:
    """The hash of the vendor's own frame; one that was cut from the recording is not the vendor's."""
    return attempt.best_frame_sha256 if attempt.best_frame_source == "vendor" else ""


def _answer(call: ProviderCall | None, policy: Policy) -> dict[str, Any]:
    if call is None:
        return {"call": None}
    return {
        "call": call.public_id,
        "at": call.started_at,
        "state": str(call.state),
        "code": call.code,
        "similarity": call.similarity,
        "consistent": call.consistent,
        "request_id": call.request_id,
        "billed": str(call.billed),
        "body_sha256": call.body_sha256,
        "under_policy_of_today": _under(call, policy),
    }


def _under(call: ProviderCall, policy: Policy) -> dict[str, Any] | None:
    """What would follow from the answer alone, whatever else is known of the case; None without an answer."""
    if call.answer != AnswerKind.USABLE:
        return None
    terms = decision.Terms(policy.approve_at, policy.max_attempts)
    decided = decision.decide(call_ledger.answer_of(call), terms, decision.History(counted=0, finished=0))
    return {"next": str(decided.next), "reasons": list(decided.reasons)}
