"""Which verdicts take a second person, under the policy that is pinned to the case. The only place that says so.

Asks the database about one case and changes nothing; that the second person is another one is for `permissions`.
"""

from decimal import Decimal

from verification import sampling
from verification.liveness import VENDOR_PASS
from verification.models import Review, Stage, Verdict, Verification, VerificationAttempt
from verification.states import FOR_A_PERSON, AttemptStatus, Outcome

OVERRIDE, FLAGGED, BAND, BLIND, SHARE = "override", "flagged", "band", "blind", "share"


def newest_attempt(case: Verification) -> VerificationAttempt | None:
    """The finished attempt that a verdict is about."""
    return case.attempts.filter(status=AttemptStatus.FINISHED).order_by("-number").first()


def is_flagged(case: Verification) -> bool:
    return case.flags.filter(code__in=FOR_A_PERSON).exists()


def is_override(case: Verification) -> bool:
    """Approving would go against what the system found: its newest answer was no pass, or one that contradicts
    itself."""
    newest = newest_attempt(case)
    if newest is None or newest.outcome != Outcome.PASSED:
        return True
    return newest.similarity is None or newest.similarity < VENDOR_PASS


def why_second(case: Verification, verdict: str) -> tuple[str, ...]:
    """Codes of the rules that ask for a second person before `verdict` takes effect; none if one is enough."""
    if verdict not in {Verdict.APPROVE, Verdict.DECLINE}:
        return ()
    policy = case.policy
    approving = verdict == Verdict.APPROVE
    rules = (
        (OVERRIDE, approving and policy.second_for_override and is_override(case)),
        (FLAGGED, approving and policy.second_for_flags and is_flagged(case)),
        (BAND, approving and _is_below(case, policy.second_below)),
        (BLIND, approving and _was_doubted(case)),
        (SHARE, sampling.drawn(case.public_id, policy.second_share, purpose="second_person")),
    )
    return tuple(code for code, holds in rules if holds)


def _is_below(case: Verification, limit: Decimal | None) -> bool:
    newest = newest_attempt(case)
    if limit is None or newest is None or newest.similarity is None:
        return False
    return newest.similarity < limit


def _was_doubted(case: Verification) -> bool:
    """Somebody who did not see the score came to another verdict. Seeing it is no reason to overrule them alone."""
    return case.reviews.filter(stage=Stage.BLIND, verdict=Verdict.DECLINE).exists()


def blind_verdict(case: Verification, evidence_sha256: str) -> Review | None:
    """The verdict that was given on this evidence before its score was shown, by somebody who may judge the case."""
    aside = case.reviews.filter(verdict=Verdict.STEP_ASIDE).values("by")
    blind = case.reviews.filter(stage=Stage.BLIND, evidence_sha256=evidence_sha256)
    return blind.exclude(by__in=aside).first()
