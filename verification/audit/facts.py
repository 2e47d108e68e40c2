"""The facts of a record as the trail knows them: plain values of fields that never change once the event is written.

An event holds a salted hash of them (`commitments`), so a record that was changed, dropped or slipped in is found.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from django.db.models import F, Model, Q, QuerySet

from verification.models import (
    Applicant,
    CaseNote,
    Consent,
    Document,
    DocumentCheck,
    Policy,
    ProviderCall,
    Rerun,
    Review,
    RiskFlag,
    Verification,
    VerificationAttempt,
)
from verification.states import ENDED, AttemptStatus

_CASE: Final = "verification.public_id"
_BY: Final = "by.username at"
# The fields of each kind of record, by their way from the record.
FIELDS: Final[dict[type[Model], tuple[str, ...]]] = {
    model: tuple(names.split())
    for model, names in {
        Applicant: "reference name email locale created_at",
        CaseNote: f"{_CASE} text question answers.public_id {_BY}",
        Consent: f"{_CASE} given text_version text_sha256 locale ip_address user_agent at",
        Document: f"{_CASE} kind original_sha256 original_size normalised_sha256 normalised_size uploaded_at",
        DocumentCheck: f"{_CASE} document.public_id kind answers list_version note evidence_sha256 {_BY}",
        Policy: "version approve_at liveness_mode action_count max_attempts link_days review_hours retention_days"
        " qa_share second_for_override second_for_flags second_below second_share second_for_declines document_check"
        " document_share document_kinds document_checklist shared_evidence change_reason drafted_by.username drafted_at"
        " activated_by.username activated_at",
        ProviderCall: "attempt.public_id rerun.public_id number region state answer body_sha256 body_size started_at"
        " ended_at request_id code description similarity consistent billed latency_ms",
        Rerun: f"{_CASE} attempt.public_id number state reason requested_by.username requested_at ended_at code"
        " best_frame_sha256",
        Review: f"{_CASE} stage verdict reason_code list_version note evidence_sha256 confirms.public_id"
        f" differs_from.public_id proposed_by.username {_BY}",
        RiskFlag: f"{_CASE} attempt.public_id other.public_id code raised_at",
        Verification: "applicant.public_id policy.version mode status outcome reasons document_state"
        " passing_call.public_id final_review.public_id created_at decided_at",
        VerificationAttempt: f"{_CASE} number status mode actions document.public_id issued_at submitted_at finished_at"
        " original_sha256 original_size normalised_sha256 normalised_size outcome similarity result_code counted"
        " best_frame_sha256 best_frame_source",
    }.items()
}

# The fields that earlier versions of the portal committed to, the newest first. A list that was in use never changes.
OLDER: Final[dict[type[Model], tuple[tuple[str, ...], ...]]] = {}

# Records that may become another and are committed to again then, so their newest commitment counts. Of all others none
# ever differs from the one before it.
CHANGING: Final = frozenset({Applicant, ProviderCall, Rerun, Verification})

# Which records must have an event that committed to them.
COMMITTED: Final[dict[type[Model], Q]] = {
    Applicant: Q(),
    Policy: Q(activated_at__isnull=False),
    Consent: Q(),
    Document: Q(),
    DocumentCheck: Q(),
    CaseNote: Q(),
    Review: Q(),
    RiskFlag: Q(),
    VerificationAttempt: Q(status=AttemptStatus.FINISHED),
    ProviderCall: Q(rerun__isnull=True, attempt__finished_at__gte=F("ended_at"))
    | Q(rerun__ended_at__gte=F("ended_at")),
    Rerun: Q(),
    Verification: Q(status__in=ENDED),
}


def rows(model: type[Model]) -> QuerySet[Any]:
    """Its records, with what their facts need of others."""
    others = {field.partition(".")[0] for field in FIELDS[model] if "." in field}
    return model._base_manager.select_related(*others)


def name(record: Model) -> str:
    """What the record is called in an event, such as "review:rev_…"."""
    return f"{record._meta.model_name}:{key(record)}"


def key(record: Model) -> str:
    """What an event about the record calls it: by its public id, or by its number if it has none."""
    return getattr(record, "public_id", "") or str(record.pk)


def of(record: Model) -> dict[str, Any]:
    """The facts, by name; a name without dots is a field of the record."""
    return _facts(record, FIELDS[type(record)])


def of_every_version(record: Model) -> Iterator[dict[str, Any]]:
    """The facts as each version of the portal has committed to them, the newest first."""
    yield of(record)
    for fields in OLDER.get(type(record), ()):
        yield _facts(record, fields)


def _facts(record: Model, fields: Iterable[str]) -> dict[str, Any]:
    return {field: plain(record, field) for field in fields}


def plain(record: Model, field: str) -> Any:
    """The value as JSON has it: a time in UTC with microseconds, a number with decimals as text with all of them."""
    first, _, rest = field.partition(".")
    value = getattr(record, first)
    if rest:
        return None if value is None else attrgetter(rest)(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    digits = getattr(record._meta.get_field(first), "decimal_places", None)
    if digits is not None and value is not None:
        # A record that was just made may hold 80 where the database gives 80.00.
        return f"{Decimal(value):.{digits}f}"
    return str(value) if isinstance(value, str) else value


def newest_ids() -> dict[str, int]:
    """The highest id of each kind of record but policies: what is there before the first commitment."""
    newest = {}
    for model in COMMITTED.keys() - {Policy}:
        row = model._base_manager.order_by("-pk").first()
        newest[str(model._meta.model_name)] = row.pk if row else 0
    return newest
