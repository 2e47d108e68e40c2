"""Which verdicts take a second person, under the policy that is pinned to the case. No other module decides this.

The rules on approvals are pure, so that the policy editor can apply them to the past. The other functions read one case
and change nothing; `permissions` checks that the second person is another one.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from verification.liveness import VENDOR_PASS
from verification.models import Review, Stage, Verdict, Verification
from verification.rules import document_check, sampling, shared_evidence
from verification.states import FOR_TWO, Outcome

OVERRIDE, FLAGGED, SHARED, BAND, BLIND = "override", "flagged", "shared", "band", "blind"
SHARE, DECLINE = "share", "decline"
# A question about the current ID photo was once answered with no: nobody sets that right alone.
DOCUMENT = "document"


class Terms(Protocol):
    """The part of a policy that says which approvals take two."""

    second_for_override: bool
    second_for_flags: bool
    shared_evidence: str
    second_below: Decimal | None


@dataclass(frozen=True)
class Approval:
    """What the rules need to know of an approval: the newest answer, whether a recording was sent before, and whether
    another applicant sent the same photo or recording, or one like it."""

    outcome: str
    similarity: Decimal | None
    flagged: bool
    shared: bool

    @property
    def is_override(self) -> bool:
        """It goes against what the system found: the answer was no pass, or one that contradicts itself."""
        passed = self.outcome == Outcome.PASSED and self.similarity is not None
        return not passed or self.is_below(VENDOR_PASS)

    def is_below(self, limit: Decimal | None) -> bool:
        return limit is not None and self.similarity is not None and self.similarity < limit


def rules_on_approval(approval: Approval, terms: Terms) -> tuple[str, ...]:
    """Codes of the rules by which the approval takes two people."""
    rules = (
        (OVERRIDE, terms.second_for_override and approval.is_override),
        (FLAGGED, terms.second_for_flags and approval.flagged),
        (SHARED, shared_evidence.takes_two(terms.shared_evidence) and approval.shared),
        (BAND, approval.is_below(terms.second_below)),
    )
    return tuple(code for code, holds in rules if holds)


def approval_of(case: Verification) -> Approval:
    """The approval that a reviewer could give to the case as it is."""
    newest = case.attempts.newest_finished()
    outcome, similarity = (newest.outcome, newest.similarity) if newest else ("", None)
    flags = shared_evidence.noticed(case)
    flagged, shared = any(flag.code in FOR_TWO for flag in flags), any(flag.elsewhere for flag in flags)
    return Approval(outcome, similarity, flagged, shared)


def why_second(case: Verification, verdict: str) -> tuple[str, ...]:
    """Codes of the rules that ask for a second person before `verdict` takes effect; none if one is enough."""
    if verdict not in {Verdict.APPROVE, Verdict.DECLINE}:
        return ()
    policy = case.policy
    found: list[str] = []
    if verdict == Verdict.APPROVE:
        found += rules_on_approval(approval_of(case), policy)
        found += [BLIND] if _was_doubted(case) else []
        found += [DOCUMENT] if document_check.was_doubted(case) else []
    elif policy.second_for_declines:
        found.append(DECLINE)
    if sampling.selected(case.public_id, policy.second_share, purpose="second_person"):
        found.append(SHARE)
    return tuple(found)


def _was_doubted(case: Verification) -> bool:
    """Did a reviewer decline it without seeing the score?

    Nobody may overrule that alone, because seeing the score may bias them.
    """
    return case.reviews.filter(stage=Stage.BLIND, verdict=Verdict.DECLINE).exists()


def blind_verdict(case: Verification, evidence_sha256: str) -> Review | None:
    """The verdict given on this evidence before its score was shown, by a reviewer who did not step aside."""
    aside = case.reviews.filter(verdict=Verdict.STEP_ASIDE).values("by")
    blind = case.reviews.filter(stage=Stage.BLIND, evidence_sha256=evidence_sha256)
    return blind.exclude(by__in=aside).first()
