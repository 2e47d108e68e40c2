"""Everything that the case page shows about one case. Reads only; `choices` adds what the user can do with it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from verification import casework, labels
from verification.audit import viewing
from verification.evidence import photos, prompt_marks
from verification.evidence.judged import evidence_hash
from verification.models import (
    AuditEvent,
    CallState,
    DocumentCheck,
    ProviderCall,
    Review,
    RiskFlag,
    Verification,
    VerificationAttempt,
)
from verification.review import words
from verification.review.case import capture_signals, devices, photo_signals
from verification.rules import document_check, four_eyes, reasons
from verification.states import AttemptStatus, Status

MAX_TIMELINE = 200
MAX_OTHERS = 5
MAX_ELSEWHERE = 5


def find(public_id: str) -> QuerySet[Verification]:
    return Verification.objects.select_related(
        "applicant__client",
        "policy",
        "claimed_by",
        "final_review__by",
        "proposal__by",
        "proposal__dissent__by",
        "assigned_to",
    ).filter(public_id=public_id)


def gather(
    case: Verification, *, number: str, unread: Sequence[Review] = (), now: datetime
) -> dict[str, Any]:
    """The context of the page. `number` selects the attempt whose evidence is shown; default: the newest finished one.

    Until a spot check is judged blind, it contains no score, no vendor answer and no timeline. It contains nothing of
    the reviews in `unread`.
    """
    attempts = list(case.attempts.select_related("document").prefetch_related("calls"))
    documents = list(case.documents.order_by("pk"))
    shown = _shown(attempts, number)
    evidence = evidence_hash(case)
    blind = casework.is_blind(case, evidence)
    document = shown.document if shown else case.documents.current().first()
    parts = [*attempts, *documents, *(call for attempt in attempts for call in attempt.calls.all())]
    return {
        "case": case,
        "applicant": case.applicant,
        "policy": case.policy,
        "approve_at": words.score(case.policy.approve_at),
        "why": [labels.label(labels.WHY_HERE, code) for code in case.reasons],
        "due": words.due(case.due_at, now),
        "late": case.due_at is not None and case.due_at < now,
        "attempts": [_attempt_row(attempt, blind=blind) for attempt in attempts],
        "attempts_used": words.attempts(case.attempts_used, case.policy.max_attempts),
        "blind": blind,
        "document": document,
        "photo_facts": labels.flatten(document.facts) if document else [],
        **_of_attempt(shown),
        "answer": _answer(shown, case) if shown and not blind else None,
        **_odd(case),
        "signals": [*photo_signals.of_document(document), *_signals(case, shown, attempts)],
        "consents": list(case.consents.order_by("at")),
        "reviews": _reviews(case, unread),
        "unread": bool(unread),
        "proposal": _proposal(case, evidence, unread),
        "others": _others(case, now),
        **({} if blind else _events(case, parts, unread)),
        "most_events": MAX_TIMELINE,
        "evidence_sha256": evidence,
        "open": case.status == Status.IN_REVIEW,
        "escalated": case.escalated_at is not None,
    }


def _shown(attempts: list[VerificationAttempt], number: str) -> VerificationAttempt | None:
    finished = [attempt for attempt in attempts if attempt.status == AttemptStatus.FINISHED]
    chosen = [attempt for attempt in attempts if str(attempt.number) == number]
    return next(reversed(chosen or finished or attempts), None)


def _of_attempt(shown: VerificationAttempt | None) -> dict[str, Any]:
    """What was recorded in the shown attempt, without what the vendor said of it."""
    if shown is None:
        return {"shown": None}
    return {
        "shown": shown,
        "frame_source": labels.label(labels.FRAME_SOURCES, shown.best_frame_source),
        "frame_note": labels.frame_note(shown.best_frame_note),
        "challenge": _challenge(shown),
        "marks": prompt_marks.marks(shown.signals, shown.facts),
        "recorded": _was_transcoded(shown),
        "hashes": _hashes(shown),
    }


def _odd(case: Verification) -> dict[str, Any]:
    """The flags of the case, and what other applicants sent later of its photo or recording, the newest first."""
    flags = case.flags_elsewhere.select_related("verification__applicant").order_by("-raised_at", "-pk")
    elsewhere = list(flags[: MAX_ELSEWHERE + 1])
    return {
        "flags": _flags(case),
        "elsewhere": elsewhere[:MAX_ELSEWHERE],
        "more_elsewhere": len(elsewhere) > MAX_ELSEWHERE,
    }


def _signals(
    case: Verification, shown: VerificationAttempt | None, attempts: list[VerificationAttempt]
) -> list[capture_signals.Signal]:
    others = [attempt for attempt in attempts if attempt != shown]
    return [*devices.of_case(case), *(capture_signals.of_attempt(shown, others) if shown else [])]


def _was_transcoded(attempt: VerificationAttempt) -> bool:
    """Whether the recording was transcoded, so that the vendor did not see the original pictures."""
    return bool(attempt.original_name) and attempt.facts.get("prepared", {}).get("method") != "remux"


def _attempt_row(attempt: VerificationAttempt, *, blind: bool) -> dict[str, Any]:
    similarity = None if blind else attempt.similarity
    outcome = attempt.get_status_display() if blind else attempt.get_outcome_display()
    return {
        "attempt": attempt,
        "outcome": outcome or attempt.get_status_display(),
        "score": words.score(similarity) if similarity is not None else "",
        "code": "" if blind else attempt.result_code,
        "at": attempt.submitted_at or attempt.issued_at,
    }


def _own_calls(attempt: VerificationAttempt) -> list[ProviderCall]:
    """Those that its outcome comes from; what was compared again is shown beside them (`rerun_ledger`)."""
    return [call for call in attempt.calls.all() if call.rerun_id is None]


def _answer(attempt: VerificationAttempt, case: Verification) -> dict[str, Any]:
    calls: list[ProviderCall] = _own_calls(attempt)
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
            {name: value for name, value in attempt.signals.items() if name != "prompts"}
        ),
        "facts": labels.flatten(attempt.facts),
    }


def _hashes(attempt: VerificationAttempt) -> list[tuple[str, str]]:
    document = attempt.document
    found = (
        (labels.PHOTO_UPLOADED, document.original_sha256 if document else ""),
        (labels.PHOTO_PREPARED, document.normalised_sha256 if document else ""),
        (labels.RECORDED, attempt.original_sha256),
        (labels.PREPARED, attempt.normalised_sha256),
        (labels.FRAME, attempt.best_frame_sha256),
        *((labels.SENT, call.body_sha256) for call in _own_calls(attempt)),
    )
    return [(str(name), digest) for name, digest in found if digest]


def _flags(case: Verification) -> list[dict[str, Any]]:
    flags = list(case.flags.select_related("attempt", "other__applicant"))
    named = [flag.facts.get("earlier") for flag in flags]
    earlier = VerificationAttempt.objects.select_related("verification__applicant").in_bulk(
        named, field_name="public_id"
    )
    return [_flag_row(flag, earlier.get(name), case) for flag, name in zip(flags, named, strict=True)]


def _flag_row(flag: RiskFlag, earlier: VerificationAttempt | None, case: Verification) -> dict[str, Any]:
    return {
        "flag": flag,
        "fact": _fact(flag),
        "meaning": labels.label(labels.FLAGS, flag.code),
        "earlier": earlier,
        "elsewhere": earlier is not None and earlier.verification_id != case.pk,
    }


def _reviews(case: Verification, unread: Sequence[Review]) -> list[dict[str, Any]]:
    """All that reviewers said about the faces and the document, in the order in which they said it, but for what the
    user must not read yet."""
    rows = [_review_row(row) for row in _read(case, unread)]
    checks = case.document_checks.exclude(by__in={row.by_id for row in unread}).select_related("by")
    return sorted([*rows, *map(_check_row, checks)], key=lambda row: row["review"].at)


def _fact(flag: RiskFlag) -> str:
    """What makes the photo another applicant's, in numbers."""
    if "bits" in flag.facts:
        return photos.within(flag.facts["bits"], face=flag.facts.get("face_only", False))
    return labels.label(labels.SAME, flag.facts["same"]) if "same" in flag.facts else ""


def _review_row(row: Review) -> dict[str, Any]:
    return {
        "review": row,
        "badge": row.verdict,
        "what": labels.verdict(row),
        "reason": reasons.label(row.reason_code),
    }


def _check_row(check: DocumentCheck) -> dict[str, Any]:
    state = document_check.state_after(check, check.verification.policy)
    said = [
        f"{question}: {answer}" if question else answer
        for question, answer, _code in document_check.in_words(check)
    ]
    return {
        "review": check,
        "badge": f"document-{state}",
        "what": labels.DOCUMENT_STATES[state],
        "reason": "; ".join(said),
    }


def _read(case: Verification, unread: Sequence[Review]) -> QuerySet[Review]:
    return case.reviews.exclude(pk__in=[row.pk for row in unread]).select_related("by")


def _proposal(case: Verification, evidence: str, unread: Sequence[Review]) -> dict[str, Any] | None:
    """The proposal that waits for a second person; `void` if the evidence has changed since. For who may not read it
    only that there is one."""
    proposal = case.proposal
    if proposal is None:
        return None
    void = proposal.evidence_sha256 != evidence
    if proposal in unread:
        return {"hidden": True, "void": void, "disputed": case.dissent is not None}
    because = [labels.label(labels.WHY_SECOND, code) for code in four_eyes.why_second(case, proposal.verdict)]
    return {
        "review": proposal,
        "reason": reasons.label(proposal.reason_code),
        "because": because,
        "void": void,
        "disputed": case.dissent is not None,
        "second": _review_row(case.dissent) if case.dissent else None,
    }


def _others(case: Verification, now: datetime) -> list[dict[str, Any]]:
    """Other cases of the applicant. What other applicants have in common with it is on the page of `shared`."""
    own = case.applicant.verifications.exclude(pk=case.pk).order_by("-created_at")[:MAX_OTHERS]
    return [{"case": other, "at": words.moment(other.created_at, now)} for other in own]


def _events(
    case: Verification, parts: Iterable[Any], unread: Sequence[Review]
) -> dict[str, list[dict[str, Any]]]:
    """The events of the case, but for those of `unread`; looks are separate, so that many of them don't bury what was
    done."""
    ids = [case.public_id, *(part.public_id for part in parts)]
    found = AuditEvent.objects.filter(subject_id__in=ids).order_by("-pk")
    if unread:
        authors = {row.by.get_username() for row in unread}
        telling = found.filter(
            Q(data__review__in=[row.public_id for row in unread])
            | Q(kind="document.checked", actor_id__in=authors)
        )
        found = found.exclude(pk__in=list(telling.values_list("pk", flat=True)))
    return {
        "timeline": [_event_row(event) for event in found.exclude(kind__in=viewing.LOOKS)[:MAX_TIMELINE]],
        "looks": [_event_row(event) for event in found.filter(kind__in=viewing.LOOKS)[:MAX_TIMELINE]],
    }


def _event_row(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": event.at,
        "what": labels.label(labels.EVENTS, event.kind),
        "who": labels.actor(event.actor_kind, event.actor_id),
        # What the rules got is on the page of the explanation.
        "facts": labels.flatten({name: value for name, value in event.data.items() if name != "inputs"}),
    }
