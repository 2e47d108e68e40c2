"""What the event of an attempt, a verdict or a document check says of it, as plain values: never a note, nor a name.

The same is held against the event when a case is explained (`explain`).
"""

from typing import Any

from verification.models import DocumentCheck, Review, VerificationAttempt


def of_attempt(attempt: VerificationAttempt) -> dict[str, Any]:
    return {
        "attempt": attempt.public_id,
        "number": attempt.number,
        "outcome": attempt.outcome,
        "code": attempt.result_code,
        "similarity": str(attempt.similarity) if attempt.similarity is not None else None,
    }


def of_review(review: Review) -> dict[str, Any]:
    return {
        "review": review.public_id,
        "verdict": review.verdict,
        "reason": review.reason_code,
        "reason_list": review.list_version,
        "evidence_sha256": review.evidence_sha256,
    }


def of_check(check: DocumentCheck) -> dict[str, Any]:
    return {
        "check": check.public_id,
        "document": check.document.public_id,
        "document_kind": check.kind,
        "answers": check.answers,
        "question_list": check.list_version,
        "evidence_sha256": check.evidence_sha256,
    }
