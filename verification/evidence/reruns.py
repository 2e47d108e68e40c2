"""Comparisons that are made again: for which attempt of a case that can be, and which two calls stand side by side."""

from verification.models import AnswerKind, CallState, ProviderCall, Rerun, Verification, VerificationAttempt
from verification.states import AttemptStatus, Status

# Nothing is compared while the applicant or the system is at work on the case, or after it ended without a decision.
OPEN = frozenset({Status.IN_REVIEW, Status.APPROVED, Status.DECLINED})
# No case is compared again more often, whatever came of it.
MAX_RERUNS = 5


def of_case(case: Verification) -> list[Rerun]:
    """The comparisons of the case that were made again, the first first, with both calls."""
    made = case.reruns.select_related("attempt", "requested_by")
    return list(made.prefetch_related("calls", "attempt__calls").order_by("pk"))


def original(attempt: VerificationAttempt) -> ProviderCall | None:
    """The call that the attempt's outcome rests on; of an attempt without an answer, the last that was sent."""
    calls = [call for call in attempt.calls.all() if call.rerun_id is None]
    sent = [call for call in calls if call.state in {CallState.ANSWERED, CallState.UNKNOWN}]
    usable = [call for call in sent if call.answer == AnswerKind.USABLE]
    return next(reversed(usable or sent), None)


def call_of(rerun: Rerun) -> ProviderCall | None:
    """The call of the rerun that was or may have been charged; there is one at most."""
    calls = [call for call in rerun.calls.all() if call.state in {CallState.ANSWERED, CallState.UNKNOWN}]
    return next((call for call in calls if call.answer != AnswerKind.REFUSED), None)


def can_be_compared(attempt: VerificationAttempt) -> bool:
    """Was it sent to the vendor, in the bytes that are stored?"""
    sent = attempt.status == AttemptStatus.FINISHED and bool(attempt.normalised_name)
    return sent and original(attempt) is not None


def is_erased(case: Verification) -> bool:
    applicant = case.applicant
    key = applicant.data_key
    return applicant.erased_at is not None or key is None or key.destroyed_at is not None
