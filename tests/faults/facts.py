"""Facts about attempts, read from the portal's database and the vendor's emulator, as plain values."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.services import Emulator
from verification.models import AuditEvent, ProviderCall, VerificationAttempt
from verification.states import AttemptStatus

Facts = dict[str, Any]


def attempts() -> dict[str, Facts]:
    """Facts of every attempt, by id: the attempt, its case, its calls and all of their events."""
    rows = VerificationAttempt.objects.select_related("verification__passing_call", "document")
    events = _events()
    return {row.public_id: _attempt(row, events) for row in rows.prefetch_related("calls").order_by("pk")}


def of(ids: Iterable[str]) -> dict[str, Facts]:
    """Facts of these attempts, by id."""
    wanted = set(ids)
    return {attempt_id: known for attempt_id, known in attempts().items() if attempt_id in wanted}


def finished(ids: Iterable[str]) -> set[str]:
    """The ids of those that are finished."""
    rows = VerificationAttempt.objects.filter(public_id__in=ids, status=AttemptStatus.FINISHED)
    return set(rows.values_list("public_id", flat=True))


def with_call(ids: Iterable[str], **which: object) -> set[str]:
    """The ids of those with a matching call in the ledger; `which` are filters of ProviderCall."""
    calls = ProviderCall.objects.filter(attempt__public_id__in=ids, **which)
    return set(calls.values_list("attempt__public_id", flat=True))


def at_vendor(vendor: Emulator, ids: Iterable[str], state: str) -> set[str]:
    """The ids of those with a call in this state at the vendor."""
    photos = {call["image_sha256"] for call in vendor.calls() if call["state"] == state}
    rows = VerificationAttempt.objects.filter(public_id__in=ids, document__normalised_sha256__in=photos)
    return set(rows.values_list("public_id", flat=True))


def _events() -> dict[str, list[str]]:
    events = defaultdict(list)
    for subject, kind in AuditEvent.objects.order_by("pk").values_list("subject_id", "kind"):
        events[subject].append(kind)
    return events


def _attempt(row: VerificationAttempt, events: dict[str, list[str]]) -> Facts:
    case = row.verification
    return {
        "status": row.status,
        "outcome": row.outcome,
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        "lost_leases": row.lost_leases,
        "photo_sha256": row.document.normalised_sha256 if row.document else None,
        "video_sha256": row.normalised_sha256,
        "events": events[row.public_id],
        "calls": [_call(call, events) for call in row.calls.all()],
        "case": {
            "status": case.status,
            "attempts_used": case.attempts_used,
            "passing_call": case.passing_call.public_id if case.passing_call else None,
            "events": events[case.public_id],
        },
    }


def _call(row: ProviderCall, events: dict[str, list[str]]) -> Facts:
    return {
        "id": row.public_id,
        "state": row.state,
        "answer": row.answer,
        "code": row.code,
        "request_id": row.request_id,
        "body_sha256": row.body_sha256,
        "events": events[row.public_id],
    }
