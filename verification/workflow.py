"""The only writer of statuses: `move` for a verification, `advance` for an attempt, `conclude` for both at once.

They refuse a step that the tables in `states` do not list, or that this actor may not make. Each change is a
compare-and-set on the row as it was read. `move` and `conclude` write the audit event in the same transaction; the
action that calls `advance` writes its own.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from verification import audit, messages
from verification.audit import recorded
from verification.jobs import doorbell
from verification.models import (
    AuditEvent,
    CallState,
    DataKey,
    Policy,
    ProviderCall,
    Verdict,
    Verification,
    VerificationAttempt,
)
from verification.rules import (
    decision,
    document_check,
    queue_marks,
    review_bands,
    sampling,
    shared_evidence,
    terms,
)
from verification.states import (
    ATTEMPT_MOVES,
    ENDED,
    FOR_A_PERSON,
    MOVES,
    Actor,
    AttemptStatus,
    Move,
    Outcome,
    Status,
)


class IllegalMove(Exception):
    """The table has no such move, or this actor may not make it."""


class StaleVerification(Exception):
    """Somebody else changed the case since it was read."""


class StaleAttempt(Exception):
    """The attempt moved on, or another worker has its lease: the caller's findings about it are void."""


_TARGETS = {
    decision.Next.APPROVE: Status.APPROVED,
    decision.Next.TRY_AGAIN: Status.COLLECTING,
    decision.Next.REVIEW: Status.IN_REVIEW,
}

# The shell acts for the installation's operator, who may do what a calling system may.
_SHELL_ACTS_AS = Actor.CLIENT


def _legal(source: Status, target: Status, by: audit.By) -> Move:
    legal = MOVES.get((source, target))
    if legal is None:
        raise IllegalMove(f"A verification can't go from {source} to {target}.")
    actor = _SHELL_ACTS_AS if by.kind == "shell" else by.kind
    if actor not in legal.actors:
        raise IllegalMove(f"{by.kind} may not take a verification from {source} to {target}.")
    return legal


def move(
    verification: Verification,
    target: Status,
    *,
    by: audit.By,
    now: datetime,
    data: dict[str, Any] | None = None,
    commits: Any = (),
    **fields: Any,
) -> None:
    """Take `verification` to `target`, set `fields` with it and record the event with `data`, committing to `commits`.

    Raises IllegalMove, or StaleVerification if the row's version is no longer the one that was read.
    """
    with transaction.atomic():
        audit.record_all([_move(verification, target, by=by, now=now, data=data, commits=commits, **fields)])


def _move(
    verification: Verification,
    target: Status,
    *,
    by: audit.By,
    now: datetime,
    data: dict[str, Any] | None,
    commits: Any = (),
    **fields: Any,
) -> AuditEvent:
    """As `move`, within the caller's transaction. Returns the event, for the caller to record."""
    source = Status(verification.status)
    legal = _legal(source, target, by)
    changes = {**_fields_of(verification, target, now, fields), **fields, "status": target}
    _change(verification, **changes)
    messages.moved(verification, now=now)
    if target in (Status.APPROVED, Status.DECLINED):
        doorbell.ring_seal()
    facts = {"source": source, "target": target, **(data or {})}
    commits = [*commits, verification] if target in ENDED else commits
    return audit.event(legal.audit_event, by=by, subject=verification, at=now, commits=commits, **facts)


def amend(
    verification: Verification,
    event: str,
    *,
    by: audit.By,
    now: datetime,
    data: dict[str, Any] | None = None,
    commits: Any = (),
    **fields: Any,
) -> None:
    """Change `fields` of a case that keeps its status, and record the event; StaleVerification as for `move`.

    Its version rises, so an act on a page that was opened before is refused.
    """
    with transaction.atomic():
        _change(verification, **fields)
        audit.record(event, by=by, subject=verification, at=now, commits=commits, **(data or {}))


def _change(verification: Verification, **changes: Any) -> None:
    """Write `changes` if the row is still the one that was read."""
    unchanged = Verification.objects.filter(
        pk=verification.pk, status=verification.status, version=verification.version
    )
    changes["version"] = verification.version + 1
    # A field that stays as it is need not be written.
    written = {name: value for name, value in changes.items() if getattr(verification, name) != value}
    if not unchanged.update(**written):
        raise StaleVerification(f"{verification.public_id} was changed by somebody else.")
    for name, value in changes.items():
        setattr(verification, name, value)


# Fields that a case has only while it is in the queue, and their values elsewhere.
_OUT_OF_QUEUE: dict[str, Any] = {
    "due_at": None,
    "claimed_by": None,
    "claimed_until": None,
    "proposal": None,
    "snoozed_until": None,
    "escalated_at": None,
    "assigned_to": None,
    "assigned_at": None,
}


def _fields_of(
    verification: Verification, target: Status, now: datetime, given: dict[str, Any]
) -> dict[str, Any]:
    """The fields that every arrival at `target` sets."""
    if target == Status.IN_REVIEW:
        return {**_place_in_queue(verification, given.get("reasons", verification.reasons), now), "hint": ""}
    if target in {Status.APPROVED, Status.DECLINED}:
        decided = {**_OUT_OF_QUEUE, "decided_at": now, "asked_again_at": None, "hint": ""}
        return {**decided, "document_state": _document_state(verification, target)}
    # An escalated case stays escalated while the applicant is asked again.
    if target == Status.COLLECTING:
        return {**_OUT_OF_QUEUE, "escalated_at": verification.escalated_at}
    if target == Status.CHECKING:
        return {**_OUT_OF_QUEUE, "escalated_at": verification.escalated_at, "asked_again_at": None}
    return {**_OUT_OF_QUEUE, "asked_again_at": None}


def _document_state(verification: Verification, target: Status) -> str:
    """The state of the document check. Raises IllegalMove for an approval that it does not allow: the last of the
    checks on the way to one, whoever approves."""
    state = document_check.state_of(verification)
    if target == Status.APPROVED and state in document_check.OPEN:
        raise IllegalMove(_("The document has to be checked before this case is approved."))
    return state


def _place_in_queue(verification: Verification, reasons: list[str], now: datetime) -> dict[str, Any]:
    newest = verification.attempts.newest_finished()
    similarity = newest.similarity if newest else None
    setting, flags = verification.policy.shared_evidence, shared_evidence.noticed(verification)
    odd = [flag.code for flag in flags if shared_evidence.is_for_a_person(flag, setting)]
    camera = str(newest.signals.get("camera", "")) if newest else ""
    return {
        "queued_at": now,
        "due_at": _review_due(verification.policy, now),
        "decided_at": None,
        "asked_again_at": None,
        "band": review_bands.of_case([*reasons, *odd], similarity, verification.policy.approve_at),
        "main_reason": reasons[0] if reasons else "",
        "document_state": document_check.state_of(verification),
        **queue_marks.of_case(flags, camera),
    }


def _review_due(policy: Policy, queued_at: datetime) -> datetime:
    return queued_at + timedelta(hours=policy.review_hours)


def advance(attempt: VerificationAttempt, target: AttemptStatus, **fields: Any) -> None:
    """Take `attempt` to `target` if its status and fence are still those that were read, else raise StaleAttempt."""
    source = AttemptStatus(attempt.status)
    if target not in ATTEMPT_MOVES[source]:
        raise IllegalMove(f"An attempt can't go from {source} to {target}.")
    changes = {**fields, "status": target, "lease_until": None, "not_before": None}
    unchanged = VerificationAttempt.objects.filter(pk=attempt.pk, status=source, fence=attempt.fence)
    if not unchanged.update(**changes):
        raise StaleAttempt(f"{attempt.public_id} moved on.")
    for name, value in changes.items():
        setattr(attempt, name, value)


class Inputs(NamedTuple):
    """Of a decision, besides the answer: the pinned policy's terms and the case so far.

    `repeated`: another call was given the same RequestId. `key` is the applicant's data key, unless it was destroyed.
    """

    terms: decision.Terms
    history: decision.History
    repeated: bool
    key: DataKey | None


# Written by hand, because Django builds its statements anew each time, which takes ten times as long as running this.
# Attempts that failed because of the vendor or the portal do not bring the case nearer to its limit. The index of
# RequestIds leaves out empty ones, and is used only if the query leaves them out too.
_SO_FAR = f"""
    SELECT
        so_far.attempts_used,
        (
            SELECT count(*) FROM verification_verificationattempt
            WHERE verification_id = so_far.id AND status = '{AttemptStatus.FINISHED}'
            AND outcome <> '{Outcome.VENDOR_FAILED}'
        ),
        EXISTS (
            SELECT 1 FROM verification_riskflag
            WHERE verification_id = so_far.id
            AND (code IN ({", ".join(f"'{code}'" for code in sorted(FOR_A_PERSON))}) OR (other_id IS NOT NULL AND %s))
        ),
        EXISTS (
            SELECT 1 FROM verification_riskflag
            WHERE other_id = so_far.id AND code IN ({", ".join(f"'{code}'" for code in sorted(shared_evidence.PHOTOS))})
            AND %s
        ),
        EXISTS (
            SELECT 1 FROM verification_providercall WHERE request_id = %s AND request_id <> '' AND id <> %s
        ),
        data_key.id, data_key.public_id, data_key.key_id, data_key.wrapped
    FROM verification_verification so_far
    JOIN verification_applicant applicant ON applicant.id = so_far.applicant_id
    LEFT JOIN verification_datakey data_key ON data_key.id = applicant.data_key_id AND data_key.destroyed_at IS NULL
    WHERE so_far.id = %s
"""  # noqa: S608 (the values are constants)


def decision_inputs(
    attempt: VerificationAttempt, *, call: ProviderCall | None = None, request_id: str = ""
) -> Inputs:
    """The inputs of a decision on `attempt`, and on the answer to `call`; one statement reads them as they are now."""
    policy = attempt.verification.policy
    spot_check = sampling.selected(attempt.public_id, policy.qa_share, purpose="spot_check")
    check = document_check.state_of(attempt.verification) in document_check.OPEN
    its_terms = decision.Terms(policy.approve_at, policy.max_attempts, spot_check, check)
    with connection.cursor() as cursor:
        holds = shared_evidence.holds(policy.shared_evidence)
        call_pk = call.pk if call else 0
        cursor.execute(_SO_FAR, [holds, holds, request_id, call_pk, attempt.verification_id])
        used, tried, odd, elsewhere, repeated, key_pk, public_id, key_id, wrapped = cursor.fetchone()
    key = DataKey(pk=key_pk, public_id=public_id, key_id=key_id, wrapped=wrapped) if key_pk else None
    flags = _flags_to_judge(attempt.verification) if odd or elsewhere else ()
    return Inputs(its_terms, decision.History(used, tried, flags), bool(repeated), key)


def _flags_to_judge(verification: Verification) -> tuple[str, ...]:
    seen = verification.reviews.filter(verdict=Verdict.ASK_AGAIN).aggregate(last=Max("at"))["last"]
    return shared_evidence.to_judge(shared_evidence.raised(verification), verification.policy, seen)


def conclude(
    attempt: VerificationAttempt,
    decided: decision.Decision,
    *,
    now: datetime,
    code: str,
    call: ProviderCall | None = None,
    got: dict[str, Any] | None = None,
    **finding: Any,
) -> None:
    """Finish `attempt` with `finding` and take its verification where `decided` says, in one transaction.

    The event keeps `got`, what the decision rested on (`decision.traced`), so that it can be made again. If the case
    was cancelled meanwhile it stays so, and only the attempt is finished.
    """
    with transaction.atomic(durable=True):
        outcome = {"outcome": decided.outcome, "result_code": code, "counted": decided.counted}
        advance(attempt, AttemptStatus.FINISHED, finished_at=now, **outcome, **finding)
        facts = recorded.of_attempt(attempt)
        shown = {**facts, **_picture_of(attempt)}
        ended = attempt.calls.exclude(state=CallState.SENDING)
        system, commits = audit.By.system(), [attempt, *ended]
        finished = audit.event(
            "attempt.finished", by=system, subject=attempt, at=now, commits=commits, **shown
        )
        verification = Verification.objects.locked_alone(attempt.verification_id)
        verification.policy = attempt.verification.policy  # a case keeps its policy
        if verification.status != Status.CHECKING:
            audit.record_all([finished])
            return
        case: dict[str, Any] = {
            "outcome": decided.outcome,
            "reasons": list(decided.reasons),
            "attempts_used": verification.attempts_used + _counts_for_browser(attempt, verification, decided),
        }
        if decided.next == decision.Next.APPROVE:
            case["passing_call"] = call
        if decided.next == decision.Next.TRY_AGAIN:
            case["hint"] = decided.hint
        data = facts | _rests_on(decided, verification.policy, got, call)
        moved = _move(verification, _TARGETS[decided.next], by=audit.By.system(), now=now, data=data, **case)
        audit.record_all([finished, moved])
        if decided.step == "document":
            ask_for_photo(verification, now=now)


def _rests_on(
    decided: decision.Decision, policy: Policy, got: dict[str, Any] | None, call: ProviderCall | None
) -> dict[str, Any]:
    """What the event of a decision says besides the attempt, so that it can be made again."""
    inputs = {**(got or {}), "terms": terms.of(policy)}
    named = {"call": call.public_id} if call is not None else {}
    return {"policy": policy.version, "reasons": list(decided.reasons), "inputs": inputs, **named}


def _counts_for_browser(
    attempt: VerificationAttempt, verification: Verification, decided: decision.Decision
) -> bool:
    """An attempt uses up nothing of another browser, which took the case over while it was checked."""
    browsers = {attempt.browser_hash, verification.browser_hash}
    return decided.counted and (len(browsers) == 1 or "" in browsers)


def give_up(attempt: VerificationAttempt, reason: str, *, now: datetime) -> None:
    """Finish `attempt` without an answer about the person: a reviewer looks. `reason` is a code for staff."""
    conclude(attempt, decision.give_up(reason), now=now, code=reason)


def _picture_of(attempt: VerificationAttempt) -> dict[str, str]:
    """Where the picture of the face comes from, and what was wrong with the vendor's; empty without a picture."""
    found = {"best_frame": attempt.best_frame_source, "best_frame_note": attempt.best_frame_note}
    return {name: value for name, value in found.items() if value}


def ask_for_photo(verification: Verification, *, now: datetime) -> None:
    """Retire the current ID photo, so that the applicant's next step is to give another."""
    for document in verification.documents.current():
        verification.documents.filter(pk=document.pk).update(superseded_at=now)
        audit.record(
            "document.retired",
            by=audit.By.system(),
            subject=verification,
            at=now,
            document=document.public_id,
        )
