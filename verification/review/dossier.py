"""Everything a reviewer reads about one case, gathered for the case page.

Reads only, and takes the time from outside. What may be done with the case is `case`'s part.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from verification.actions import review
from verification.models import (
    DECISIONS,
    AuditEvent,
    CallState,
    Document,
    ProviderCall,
    RiskFlag,
    Verification,
    VerificationAttempt,
)
from verification.reasons import REASONS, reasons_for
from verification.review import labels, words
from verification.states import AttemptStatus, Status

LONGEST_TIMELINE = 200
LOOKS = ("case.viewed", "evidence.viewed", "record.viewed")


def find(public_id: str) -> QuerySet[Verification]:
    return Verification.objects.select_related(
        "applicant", "policy", "claimed_by", "final_review__by"
    ).filter(public_id=public_id)


def gather(case: Verification, *, number: str, now: datetime) -> dict[str, Any]:
    """The page's context. `number` picks the attempt whose evidence is shown; the newest finished one otherwise."""
    attempts = list(case.attempts.select_related("document").prefetch_related("calls"))
    documents = list(case.documents.order_by("pk"))
    shown = _shown(attempts, number)
    return {
        "case": case,
        "applicant": case.applicant,
        "policy": case.policy,
        "approve_at": words.score(case.policy.approve_at),
        "why": [labels.label(labels.WHY_HERE, code) for code in case.reasons],
        "due": words.due(case.due_at, now),
        "late": case.due_at is not None and case.due_at < now,
        "attempts": [_attempt_row(attempt) for attempt in attempts],
        "attempts_used": words.attempts(case.attempts_used, case.policy.max_attempts),
        "shown": shown,
        "document": shown.document if shown else _current(documents),
        "frame_source": labels.label(labels.FRAME_SOURCES, shown.best_frame_source) if shown else "",
        "answer": _answer(shown, case) if shown else None,
        "challenge": _challenge(shown) if shown else None,
        "flags": _flags(case),
        "hashes": _hashes(shown),
        "consents": list(case.consents.order_by("at")),
        "reviews": [_review_row(row) for row in case.reviews.select_related("by")],
        **_events(
            case, [*attempts, *documents, *(call for attempt in attempts for call in attempt.calls.all())]
        ),
        "evidence_sha256": review.evidence_hash(case),
        "note_needed": review.note_needed(case),
        "choices": [(verdict, reasons_for(verdict)) for verdict in DECISIONS],
        "open": case.status == Status.IN_REVIEW,
        "decided": case.status in {Status.APPROVED, Status.DECLINED},
    }


def _shown(attempts: list[VerificationAttempt], number: str) -> VerificationAttempt | None:
    finished = [attempt for attempt in attempts if attempt.status == AttemptStatus.FINISHED]
    chosen = [attempt for attempt in attempts if str(attempt.number) == number]
    return next(reversed(chosen or finished or attempts), None)


def _current(documents: list[Document]) -> Document | None:
    return next((document for document in documents if document.superseded_at is None), None)


def _attempt_row(attempt: VerificationAttempt) -> dict[str, Any]:
    return {
        "attempt": attempt,
        "outcome": attempt.get_outcome_display() or attempt.get_status_display(),
        "score": words.score(attempt.similarity) if attempt.similarity is not None else "",
        "at": attempt.submitted_at or attempt.issued_at,
    }


def _answer(attempt: VerificationAttempt, case: Verification) -> dict[str, Any]:
    calls: list[ProviderCall] = list(attempt.calls.all())
    answered = [call for call in calls if call.state == CallState.ANSWERED]
    return {
        "meaning": words.explain(attempt.similarity, attempt.result_code, case.policy.approve_at),
        "description": words.describe_code(attempt.result_code, attempt.outcome),
        "vendors_code": attempt.outcome not in words.OUR_OUTCOMES,
        "call": next(reversed(answered or calls), None),
        "calls": calls,
    }


def _challenge(attempt: VerificationAttempt) -> dict[str, Any]:
    return {
        "asked": labels.movements(attempt.actions),
        "prompts": [labels.prompt(prompt) for prompt in attempt.signals.get("prompts", [])],
        "signals": labels.flatten(
            {name: said for name, said in attempt.signals.items() if name != "prompts"}
        ),
        "facts": labels.flatten(attempt.facts),
    }


def _hashes(attempt: VerificationAttempt | None) -> list[tuple[str, str]]:
    if attempt is None:
        return []
    document = attempt.document
    found = (
        (labels.PHOTO_UPLOADED, document.original_sha256 if document else ""),
        (labels.PHOTO_PREPARED, document.normalised_sha256 if document else ""),
        (labels.RECORDED, attempt.original_sha256),
        (labels.PREPARED, attempt.normalised_sha256),
        (labels.FRAME, attempt.best_frame_sha256),
        *((labels.SENT, call.body_sha256) for call in attempt.calls.all()),
    )
    return [(str(name), digest) for name, digest in found if digest]


def _flags(case: Verification) -> list[dict[str, Any]]:
    flags = list(case.flags.select_related("attempt"))
    named = [flag.facts.get("earlier") for flag in flags]
    earlier = VerificationAttempt.objects.select_related("verification__applicant").in_bulk(
        named, field_name="public_id"
    )
    return [_flag_row(flag, earlier.get(name), case) for flag, name in zip(flags, named, strict=True)]


def _flag_row(flag: RiskFlag, earlier: VerificationAttempt | None, case: Verification) -> dict[str, Any]:
    return {
        "flag": flag,
        "meaning": labels.label(labels.FLAGS, flag.code),
        "earlier": earlier,
        "elsewhere": earlier is not None and earlier.verification_id != case.pk,
    }


def _review_row(row: Any) -> dict[str, Any]:
    reason = REASONS.get(row.reason_code)
    return {"review": row, "reason": reason.label if reason else row.reason_code}


def _events(case: Verification, parts: Iterable[Any]) -> dict[str, list[dict[str, Any]]]:
    """What was done, and apart from it who looked: a case that is looked at often keeps its story readable."""
    ids = [case.public_id, *(part.public_id for part in parts)]
    found = AuditEvent.objects.filter(subject_id__in=ids).order_by("-pk")
    return {
        "timeline": [_event_row(event) for event in found.exclude(kind__in=LOOKS)[:LONGEST_TIMELINE]],
        "looks": [_event_row(event) for event in found.filter(kind__in=LOOKS)[:LONGEST_TIMELINE]],
    }


def _event_row(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": event.at,
        "what": labels.label(labels.EVENTS, event.kind),
        "who": labels.actor(event.actor_kind, event.actor_id),
        "facts": labels.flatten(event.data),
    }
