"""The records of a case, as rows of the pack: the facts that an event committed to, and what opens the commitment.

A row whose facts hold something that was not asked for lacks it, and then nothing can open its commitment.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db.models import Model

from verification.audit import facts
from verification.audit.commitments import NAME, opened
from verification.exports.contents import Contents
from verification.models import (
    Applicant,
    AuditEvent,
    AuditSalt,
    CaseNote,
    Consent,
    Document,
    DocumentCheck,
    Message,
    ProviderCall,
    Rerun,
    Review,
    RiskFlag,
    Verification,
    VerificationAttempt,
)
from verification.states import ENDED

NAMES: Final[Mapping[type[Model], tuple[str, ...]]] = {
    Applicant: ("name", "email"),
    Consent: ("ip_address", "user_agent"),
}
NOTES: Final[Mapping[type[Model], tuple[str, ...]]] = {
    Review: ("note",),
    DocumentCheck: ("note",),
    CaseNote: ("text",),
    Rerun: ("reason",),
}
# Kept, and no event committed to it. A browser names the camera, and a camera is often named after its owner.
NAMES_OF_NO_EVENT: Final[Mapping[type[Model], tuple[str, ...]]] = {VerificationAttempt: ("signals",)}
# Besides the committed facts: what the portal keeps of a record and no event proves.
FURTHER: Final[Mapping[type[Model], tuple[str, ...]]] = {
    Applicant: ("erased_at", "legal_hold"),
    Document: ("facts", "used_anyway_at", "superseded_at"),
    VerificationAttempt: ("facts", "signals", "best_frame_note", "expires_at"),
    ProviderCall: ("account.name", "slot_missed"),
    Rerun: ("best_frame_note",),
    RiskFlag: ("facts",),
    Verification: ("attempts_used", "hint", "band", "queued_at", "due_at", "escalated_at", "link_expires_at"),
    Message: ("kind", "channel", "state", "locale", "tries", "error", "created_at", "sent_at"),
}


class Rows:
    """Makes the rows, with what opens the newest commitment to each record."""

    def __init__(self, events: Iterable[AuditEvent], contents: Contents) -> None:
        self._hidden = {**({} if contents.names else NAMES), **({} if contents.notes else NOTES)}
        self._contents = contents
        self._newest = {name: event for event in events for name in event.data.get(NAME, {})}
        kept = AuditSalt.objects.filter(event_id__in={event.pk for event in self._newest.values()})
        self._salts = {(salt.event_id, salt.name): salt.salt for salt in kept}

    def of(self, records: Iterable[Model]) -> list[dict[str, Any]]:
        return [self._row(record) for record in records]

    def _further(self, model: type[Model]) -> tuple[str, ...]:
        hidden = () if self._contents.names else NAMES_OF_NO_EVENT.get(model, ())
        return tuple(field for field in FURTHER.get(model, ()) if field not in hidden)

    def _row(self, record: Model) -> dict[str, Any]:
        known, opens = self._known(record)
        left_out = [field for field in self._hidden.get(type(record), ()) if known.get(field)]
        row: dict[str, Any] = {
            "record": facts.name(record),
            "facts": {field: value for field, value in known.items() if field not in left_out},
            "further": {field: facts.plain(record, field) for field in self._further(type(record))},
        }
        if left_out:
            return row | {"left_out": left_out}
        return row | {"opens": opens} if opens else row

    def _known(self, record: Model) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The facts as they were committed to, and what opens that. What was changed since is as it is now: then it
        does not fit, as it should not."""
        name = facts.name(record)
        now = facts.of(record) if type(record) in facts.FIELDS else {}
        event = self._newest.get(name)
        salt = self._salts.get((event.pk, name)) if event is not None else None
        if event is None or salt is None or _is_changing(record):
            return now, None
        committed = opened(record, bytes.fromhex(salt), event.data[NAME][name])
        return committed or now, {"event": event.pk, "salt": salt}


def _is_changing(record: Model) -> bool:
    """Whether its facts may differ from what was committed when it last ended, because it was opened again."""
    return isinstance(record, Verification) and record.status not in ENDED
