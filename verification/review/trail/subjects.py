"""The case or the member of staff behind the subject of an event, so that each line of the trail leads to it."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Model

from verification.models import (
    AuditEvent,
    Document,
    ProviderCall,
    Review,
    RiskFlag,
    StaffUser,
    Verification,
    VerificationAttempt,
)

# From the record that an event is about to the public id and the reference of its case, by the subject's kind.
_PATHS: dict[str, tuple[type[Model], str]] = {
    "verification": (Verification, ""),
    "verificationattempt": (VerificationAttempt, "verification__"),
    "document": (Document, "verification__"),
    "riskflag": (RiskFlag, "verification__"),
    "review": (Review, "verification__"),
    "providercall": (ProviderCall, "attempt__verification__"),
}


def cases_of(events: Iterable[AuditEvent]) -> dict[str, tuple[str, str]]:
    """(public id, reference) of the case, by the subject's id. One query for each kind of subject."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.subject_kind in _PATHS:
            wanted[event.subject_kind].add(event.subject_id)
    found: dict[str, tuple[str, str]] = {}
    for kind, ids in wanted.items():
        model, path = _PATHS[kind]
        rows = model._default_manager.filter(public_id__in=ids)
        fields = ("public_id", f"{path}public_id", f"{path}applicant__reference")
        found |= {subject: (case, reference) for subject, case, reference in rows.values_list(*fields)}
    return found


def members_of(events: Iterable[AuditEvent]) -> dict[str, str]:
    """User names of the members of staff that events are about, by the subject's id."""
    ids = {event.subject_id for event in events if event.subject_kind == "staffuser"}
    members = StaffUser.objects.filter(pk__in=ids).values_list("pk", "username")
    return {str(pk): username for pk, username in members}
