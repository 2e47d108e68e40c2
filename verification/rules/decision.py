"""What follows from an answer, under the organisation's own terms. Pure: no database, no clock, no Django.

A vendor Success is not an approval, and nothing here ever declines anybody: what is not a clear pass is another
try, or goes to a person.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from verification.liveness import VENDOR_PASS, Answer, Category, CodeRule
from verification.rules.review_bands import ATTEMPTS_USED_UP, DOCUMENT_CHECK, SPOT_CHECK
from verification.states import Outcome


class Next(StrEnum):
    APPROVE = "approve"
    TRY_AGAIN = "try_again"
    REVIEW = "review"


@dataclass(frozen=True)
class Terms:
    """The policy's part in a decision: the similarity that approves (0 to 100) and the attempts granted.

    `spot_check`: this attempt was selected at random, so a person judges it even if it would pass.
    `document_check`: a person has still to check the document.
    """

    approve_at: Decimal
    max_attempts: int
    spot_check: bool = False
    document_check: bool = False

    @property
    def for_a_person(self) -> tuple[str, ...]:
        """Why the policy has a person look even at what would pass."""
        return tuple(
            code
            for code, holds in ((SPOT_CHECK, self.spot_check), (DOCUMENT_CHECK, self.document_check))
            if holds
        )


@dataclass(frozen=True)
class History:
    """The case before this attempt: attempts that counted, all that were finished, and what is odd about it."""

    counted: int
    finished: int
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """`reasons` are codes for staff, `hint` is the key of the guidance shown to the applicant."""

    next: Next
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    hint: str = ""
    step: str = ""
    counted: bool = True


REPEATED_REQUEST_ID = "repeated_request_id"
# Answers that can't be trusted. They say nothing about the person, so they cost no attempt.
_NOT_TRUSTED = frozenset({"inconsistent_answer", "unknown_code"})

_OUTCOMES = {
    Category.PASSED: Outcome.PASSED,
    Category.LOW_SIMILARITY: Outcome.LOW_SIMILARITY,
    Category.LIVENESS_FAILED: Outcome.LIVENESS_FAILED,
    Category.CAPTURE_QUALITY: Outcome.CAPTURE_QUALITY,
    Category.REFERENCE_PHOTO: Outcome.REFERENCE_PHOTO,
}


def is_of_faces(rule: CodeRule) -> bool:
    """Does the code say something of the faces, so that a decision follows from it?"""
    return rule.category in _OUTCOMES


def decide(answer: Answer, terms: Terms, history: History) -> Decision:
    """The next step after a trustworthy answer of the vendor."""
    outcome = _OUTCOMES[answer.rule.category]
    reason = _reason_for_a_person(answer, terms)
    if reason:
        return Decision(Next.REVIEW, outcome, (reason, *history.flags), counted=reason not in _NOT_TRUSTED)
    if outcome == Outcome.PASSED and history.flags:
        return Decision(Next.REVIEW, outcome, history.flags)
    if outcome == Outcome.PASSED and terms.for_a_person:
        return Decision(Next.REVIEW, outcome, terms.for_a_person)
    if outcome == Outcome.PASSED:
        return Decision(Next.APPROVE, outcome)
    return _try_again(answer, outcome, terms, history)


def repeated_request_id(answer: Answer, history: History) -> Decision:
    """Another call got the same RequestId, so the answer may be about somebody else: a person looks."""
    outcome = _OUTCOMES[answer.rule.category]
    return Decision(Next.REVIEW, outcome, (REPEATED_REQUEST_ID, *history.flags), counted=False)


def _reason_for_a_person(answer: Answer, terms: Terms) -> str:
    """Why the system must not go on by itself, or "" if it may."""
    category, similarity = answer.rule.category, answer.similarity
    if not answer.consistent:
        return "inconsistent_answer"
    if category == Category.PASSED:
        genuine = answer.result == "Success" and similarity is not None and similarity >= VENDOR_PASS
        if not genuine:
            return "inconsistent_answer"
        return "" if similarity is not None and similarity >= terms.approve_at else "similarity_band"
    if category == Category.LOW_SIMILARITY:
        return "low_similarity"
    if not answer.rule.known:
        return "unknown_code"
    return "suspicion" if answer.rule.suspicion else ""


def _try_again(answer: Answer, outcome: Outcome, terms: Terms, history: History) -> Decision:
    # An unusable photo costs no attempt, but the paid calls of a case are limited: twice the attempts in all.
    counted = outcome != Outcome.REFERENCE_PHOTO
    if history.counted + counted >= terms.max_attempts or history.finished + 1 >= 2 * terms.max_attempts:
        return Decision(Next.REVIEW, outcome, (ATTEMPTS_USED_UP,), counted=counted)
    return Decision(
        Next.TRY_AGAIN,
        outcome,
        (answer.result,),
        hint=answer.rule.hint,
        step=answer.rule.step,
        counted=counted,
    )


def unusable(code: str, terms: Terms, history: History) -> Decision:
    """The recording could not be prepared. It costs no attempt: the limits are the portal's."""
    if history.finished + 1 >= 2 * terms.max_attempts:
        return Decision(Next.REVIEW, Outcome.UNUSABLE_MEDIA, (ATTEMPTS_USED_UP, code), counted=False)
    return Decision(Next.TRY_AGAIN, Outcome.UNUSABLE_MEDIA, (code,), "record_again", "capture", counted=False)


def give_up(reason: str) -> Decision:
    """The vendor gave no answer that can be used: a person looks, and no attempt is lost."""
    return Decision(Next.REVIEW, Outcome.VENDOR_FAILED, (reason,), counted=False)


def traced(terms: Terms, history: History, answer: Answer | None = None) -> dict[str, Any]:
    """What a decision rested on, as plain values that its event holds, so that it can be made again."""
    found: dict[str, Any] = {
        "counted": history.counted,
        "finished": history.finished,
        "flags": list(history.flags),
        "spot_check": terms.spot_check,
        "document_check": terms.document_check,
    }
    return found if answer is None else {**found, "consistent": answer.consistent, **meaning(answer.rule)}


def meaning(rule: CodeRule) -> dict[str, Any]:
    """What the code's row of the table said, and the vendor's own limit of a pass."""
    return {
        "category": str(rule.category),
        "suspicion": rule.suspicion,
        "known": rule.known,
        "billed": str(rule.billed),
        "hint": str(rule.hint),
        "step": rule.step,
        "vendor_pass": str(VENDOR_PASS),
    }
