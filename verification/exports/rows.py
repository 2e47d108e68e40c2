"""The tables of an export: their columns, with a meaning each, and their rows of a period.

The order of the columns is part of the format: new ones go to the end. No column holds a name, an e-mail address or a
reference of a person, so that an export can outlive the person's erasure.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, Value, When

from verification.models import AuditEvent, ProviderCall, Verification, VerificationAttempt

CHUNK = 1000


@dataclass(frozen=True)
class Period:
    """From `start` until `end`, the end itself not included."""

    start: datetime
    end: datetime

    def holds(self, field: str) -> Q:
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})


def midnight(day: date) -> datetime:
    """The start of a day in UTC: periods are given in days."""
    return datetime.combine(day, time.min, tzinfo=UTC)


@dataclass(frozen=True)
class Column:
    """`source` is the path of the value from the table's record."""

    name: str
    source: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Table:
    name: str
    meaning: str
    columns: tuple[Column, ...]
    query: Callable[[Period], QuerySet[Any]]

    def rows(self, period: Period) -> Iterator[dict[str, Any]]:
        """The rows as an iterator, so memory does not grow with their number."""
        names = [column.name for column in self.columns]
        sources = [column.source for column in self.columns]
        with _for_one_cursor():
            for values in self.query(period).values_list(*sources).iterator(chunk_size=CHUNK):
                yield dict(zip(names, map(plain, values), strict=True))


def _for_one_cursor() -> AbstractContextManager[Any]:
    """A cursor of PostgreSQL's lives in a transaction: without one, PgBouncer loses it between two chunks.

    SQLite has no such cursors, and a transaction would keep everybody else from writing.
    """
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


def plain(value: Any) -> Any:
    """The value as a JSON type: times in UTC with microseconds, decimals as text with two places."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return f"{value:.2f}"  # a decimal; databases differ in trailing zeros


_DECIDED_BY = Case(
    When(final_review__isnull=False, then=Value("reviewer")),
    When(passing_call__isnull=False, then=Value("policy")),
    default=Value(""),
)


def _events(period: Period) -> QuerySet[Any]:
    return AuditEvent.objects.filter(period.holds("at")).order_by("pk")


def _verifications(period: Period) -> QuerySet[Any]:
    last = VerificationAttempt.objects.filter(verification=OuterRef("pk"), similarity__isnull=False)
    return (
        Verification.objects.filter(period.holds("created_at") | period.holds("decided_at"))
        .annotate(
            last_similarity=Subquery(last.order_by("-number").values("similarity")[:1]),
            decided_by=_DECIDED_BY,
        )
        .order_by("created_at", "pk")
    )


def _attempts(period: Period) -> QuerySet[Any]:
    last = ProviderCall.objects.filter(attempt=OuterRef("pk")).order_by("-number")
    return (
        VerificationAttempt.objects.filter(period.holds("issued_at") | period.holds("finished_at"))
        .annotate(call_count=Count("calls"), last_request_id=Subquery(last.values("request_id")[:1]))
        .order_by("issued_at", "pk")
    )


def _column(name: str, kind: str, meaning: str, source: str = "") -> Column:
    return Column(name, source or name, kind, meaning)


EVENTS = Table(
    "events",
    "Every event of the audit trail in the period, in the order in which it was written.",
    (
        _column("id", "integer", "Place in the trail; it only ever rises.", "pk"),
        _column("at", "time", "When it happened."),
        _column("kind", "text", "What happened."),
        _column("actor_kind", "text", "Who did it: applicant, system, client, shell or a role of staff."),
        _column("actor_id", "text", "Their id: a public id, or the user name of a member of staff."),
        _column("subject_kind", "text", "The kind of record it happened to."),
        _column("subject_id", "text", "That record's public id."),
        _column("data", "json", "Facts of the event: ids, codes and hashes."),
    ),
    _events,
)
VERIFICATIONS = Table(
    "verifications",
    "Every verification that was created or decided in the period, as it stood when the export was made.",
    (
        _column("verification_id", "text", "Public id of the verification.", "public_id"),
        _column("applicant_id", "text", "The portal's id of the person.", "applicant__public_id"),
        _column("client_id", "text", "The system that asked for it; empty for staff.", "client__public_id"),
        _column("mode", "text", "Liveness mode: ACTION or SILENT."),
        _column("status", "text", "Where it stood."),
        _column("outcome", "text", "What it came to; empty until decided."),
        _column("reasons", "json", "Codes of why, as a list."),
        _column("policy_version", "integer", "Version of the policy it was judged under.", "policy__version"),
        _column("attempts_used", "integer", "Attempts that counted."),
        _column("similarity", "decimal", "Similarity found last, 0.00 to 100.00.", "last_similarity"),
        _column("created_at", "time", "When it was created."),
        _column("decided_at", "time", "When it was approved or declined."),
        _column("decided_by", "text", "Who decided: policy or reviewer; empty until decided."),
        _column("review_id", "text", "The human decision it rests on.", "final_review__public_id"),
        _column("request_id", "text", "RequestId of the vendor call it rests on.", "passing_call__request_id"),
    ),
    _verifications,
)  # fmt: skip
ATTEMPTS = Table(
    "attempts",
    "Every attempt that was begun or finished in the period, as it stood when the export was made.",
    (
        _column("attempt_id", "text", "Public id of the attempt.", "public_id"),
        _column("verification_id", "text", "The verification it belongs to.", "verification__public_id"),
        _column("number", "integer", "First, second, … of its verification."),
        _column("status", "text", "Where it stood."),
        _column("mode", "text", "Liveness mode: ACTION or SILENT."),
        _column("actions", "text", "Movements asked for: 1 mouth, 2 blink, 3 nod, 4 shake."),
        _column("issued_at", "time", "When the challenge was given out."),
        _column("submitted_at", "time", "When the recording arrived."),
        _column("finished_at", "time", "When its outcome was known."),
        _column("outcome", "text", "What it came to; empty until finished."),
        _column("counted", "boolean", "Whether it used up one of the person's attempts."),
        _column("similarity", "decimal", "Similarity the vendor found, 0.00 to 100.00."),
        _column("result_code", "text", "The vendor's word for the result."),
        _column("calls", "integer", "Calls made to the vendor.", "call_count"),
        _column("request_id", "text", "The vendor's RequestId of the last call.", "last_request_id"),
        _column("photo_sha256", "text", "SHA-256 of the ID photo as uploaded.", "document__original_sha256"),
        _column("recording_sha256", "text", "SHA-256 of the recording as uploaded.", "original_sha256"),
        _column("normalised_sha256", "text", "SHA-256 of the recording as sent to the vendor."),
        _column("best_frame_sha256", "text", "SHA-256 of the best frame."),
    ),
    _attempts,
)
TABLES = (EVENTS, VERIFICATIONS, ATTEMPTS)


def dictionary() -> dict[str, Any]:
    """The tables and columns with their meaning, as data."""
    return {
        table.name: {
            "meaning": table.meaning,
            "columns": [
                {"name": each.name, "type": each.kind, "meaning": each.meaning} for each in table.columns
            ],
        }
        for table in TABLES
    }
