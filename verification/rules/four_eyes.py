"""Which verdicts take a second person, under the policy that is pinned to the case. No other module decides this.

The rules on approvals are pure, so that the policy editor can apply them to the past. The other functions read one case
and change nothing; `permissions` checks that the second person is another one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from verification.liveness import VENDOR_PASS
from verification.models import Policy, Review, Stage, Verdict, Verification, VerificationAttempt
from verification.rules import document_check, sampling, shared_evidence, terms
from verification.rules.queue_marks import Noticed
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
    return approval_after(case.attempts.newest_finished(), shared_evidence.noticed(case))


def approval_after(newest: VerificationAttempt | None, flags: Collection[Noticed]) -> Approval:
    """An approval after that attempt, with these flags about the case."""
    outcome, similarity = (newest.outcome, newest.similarity) if newest else ("", None)
    flagged, shared = any(flag.code in FOR_TWO for flag in flags), any(flag.elsewhere for flag in flags)
    return Approval(outcome, similarity, flagged, shared)


@dataclass(frozen=True)
class Facts:
    """What the rules need to know of the case before a verdict: an `approval`, or else a decline.

    `drawn`: it was selected at random. `doubted_blind`: a reviewer declined it before the score was shown.
    `doubted_document`: a question about the current photo was once answered with no.
    """

    drawn: bool
    approval: Approval | None = None
    doubted_blind: bool = False
    doubted_document: bool = False


def why_second(case: Verification, verdict: str) -> tuple[str, ...]:
    """Codes of the rules that ask for a second person before `verdict` takes effect; none if one is enough."""
    facts = facts_of(case, verdict)
    return rules_on(facts, case.policy) if facts else ()


def facts_of(case: Verification, verdict: str) -> Facts | None:
    """The facts as they are now; None of a verdict that never takes two."""
    if verdict not in {Verdict.APPROVE, Verdict.DECLINE}:
        return None
    drawn = is_drawn(case)
    if verdict == Verdict.DECLINE:
        return Facts(drawn)
    return Facts(drawn, approval_of(case), _was_doubted(case), document_check.was_doubted(case))


def rules_on(facts: Facts, policy: Policy) -> tuple[str, ...]:
    """Codes of the rules by which the verdict takes two people."""
    found: list[str] = []
    if facts.approval is not None:
        found += rules_on_approval(facts.approval, policy)
        found += [BLIND] if facts.doubted_blind else []
        found += [DOCUMENT] if facts.doubted_document else []
    elif policy.second_for_declines:
        found.append(DECLINE)
    if facts.drawn:
        found.append(SHARE)
    return tuple(found)


def is_drawn(case: Verification) -> bool:
    """Is the case one of the share that takes two people whatever the verdict is?"""
    return sampling.selected(case.public_id, case.policy.second_share, purpose="second_person")


def traced(facts: Facts, policy: Policy) -> dict[str, Any]:
    """What the rules got, as plain values that the event of a verdict holds, so that they can be applied again."""
    given: dict[str, Any] = {"drawn": facts.drawn, "terms": terms.of(policy)}
    if facts.approval is not None:
        similarity = facts.approval.similarity
        given |= {
            "outcome": str(facts.approval.outcome),
            "similarity": None if similarity is None else str(similarity),
            "flagged": facts.approval.flagged,
            "shared": facts.approval.shared,
            "doubted_blind": facts.doubted_blind,
            "doubted_document": facts.doubted_document,
            "vendor_pass": str(VENDOR_PASS),
        }
    return given


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
