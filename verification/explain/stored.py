"""What is stored of one case, read once, and as it was at a moment of its trail.

The order of the events is the order of what happened: times may be equal, and a clock may be wrong.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Final

from django.db.models import Q

from verification.audit import viewing
from verification.models import (
    AuditEvent,
    DocumentCheck,
    ProviderCall,
    Review,
    RiskFlag,
    Verdict,
    Verification,
    VerificationAttempt,
)
from verification.rules import document_check, shared_evidence
from verification.states import AttemptStatus, DocumentState

# Of an event that names a review in its data, but is not the event of that review.
_NOT_ITS_OWN = "review.proposal_void"
_CHANGED = "applicant.changed"
NEVER: Final = 2**63


class Stored:
    """The records and the events of a case, and the changes of its applicant. A place is the id of an event; NEVER is
    behind all of them.
    """

    def __init__(self, case: Verification) -> None:
        self.case, self.policy = case, case.policy
        self.attempts = list(
            case.attempts.filter(status=AttemptStatus.FINISHED).select_related("document").order_by("number")
        )
        calls = ProviderCall.objects.filter(attempt__verification=case, rerun__isnull=True).order_by("number")
        self.calls: list[ProviderCall] = list(calls)
        self.reviews = list(
            case.reviews.select_related("by", "confirms__by", "differs_from", "proposed_by").order_by("pk")
        )
        self.checks = list(case.document_checks.select_related("by", "document").order_by("pk"))
        self.events = self._events()

    def _events(self) -> list[AuditEvent]:
        attempts = self.case.attempts.values_list("public_id", flat=True)
        about = Q(subject_id__in=[self.case.public_id, *attempts])
        about |= Q(subject_id=self.case.applicant.public_id, kind=_CHANGED)
        return list(AuditEvent.objects.filter(about).exclude(kind__in=viewing.LOOKS).order_by("pk"))

    # Events

    @cached_property
    def finished(self) -> dict[str, AuditEvent]:
        """How each attempt ended, by its public id."""
        return {event.subject_id: event for event in self.events if event.kind == "attempt.finished"}

    @cached_property
    def decided(self) -> dict[str, AuditEvent]:
        """What followed from each attempt, by its public id."""
        found = [event for event in self.events if event.kind.startswith("decision.")]
        return {str(event.data.get("attempt")): event for event in found}

    @cached_property
    def judged(self) -> dict[str, AuditEvent]:
        """The event of each review, by its public id."""
        found = [event for event in self.events if event.data.get("review") and event.kind != _NOT_ITS_OWN]
        return {str(event.data["review"]): event for event in found}

    @cached_property
    def checked(self) -> dict[str, AuditEvent]:
        """The event of each document check, by its public id."""
        found = [event for event in self.events if event.kind == "document.checked"]
        return {str(event.data.get("check")): event for event in found}

    @cached_property
    def moves(self) -> list[AuditEvent]:
        return [event for event in self.events if {"source", "target"} <= event.data.keys()]

    @cached_property
    def renamed(self) -> list[int]:
        """The places at which the applicant got another name."""
        changed = [event for event in self.events if event.kind == _CHANGED]
        return [event.pk for event in changed if "name" in event.data.get("fields", [])]

    @cached_property
    def erased_at(self) -> datetime | None:
        return self.case.applicant.erased_at

    # Places

    @cached_property
    def by_place(self) -> dict[int, AuditEvent]:
        return {event.pk: event for event in self.events}

    def place_of_attempt(self, attempt: VerificationAttempt) -> int:
        event = self.finished.get(attempt.public_id)
        return NEVER if event is None else event.pk

    def reviews_before(self, place: int) -> list[Review]:
        return [review for review in self.reviews if self._place(self.judged, review) < place]

    def checks_before(self, place: int) -> list[DocumentCheck]:
        return [check for check in self.checks if self._place(self.checked, check) < place]

    @staticmethod
    def _place(events: dict[str, AuditEvent], record: Review | DocumentCheck) -> int:
        event = events.get(record.public_id)
        return NEVER if event is None else event.pk

    # Flags

    @cached_property
    def flags(self) -> list[tuple[int, RiskFlag]]:
        """The flags about the case, by the place of the event that tells of each; NEVER where none does."""
        about = RiskFlag.objects.filter(shared_evidence.about(self.case)).select_related("attempt")
        told = self._told_of_flags()
        return [
            (told.get((flag.attempt.public_id, flag.code), NEVER), flag)
            for flag in about.order_by("code", "pk")
        ]

    def _told_of_flags(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for event in self.events:
            if event.kind == "attempt.flagged":
                found[event.subject_id, str(event.data.get("flag"))] = event.pk
            elif event.kind == "evidence.shared":
                found[str(event.data.get("attempt")), str(event.data.get("flag"))] = event.pk
        return found

    def flags_told(self) -> set[tuple[str, str]]:
        """(attempt, code) of each flag that the trail holds, but for recordings that others copied from this case."""
        photos = {str(code) for code in shared_evidence.PHOTOS}
        own = {attempt.public_id for attempt in self.case.attempts.all()}
        return {key for key in self._told_of_flags() if key[0] in own or key[1] in photos}

    def raised_before(self, place: int) -> list[shared_evidence.Raised]:
        return [
            shared_evidence.Raised(
                flag.code, flag.other_id is not None, flag.verification_id == self.case.pk, flag.raised_at
            )
            for at, flag in self.flags
            if at < place
        ]

    # The case as it was

    def asked_again_before(self, place: int) -> datetime | None:
        asked = [review.at for review in self.reviews_before(place) if review.verdict == Verdict.ASK_AGAIN]
        return max(asked, default=None)

    def document_state(self, place: int, at: datetime) -> str | None:
        """As `document_check.state_of` has it, of the checks that were made before. None if nothing tells."""
        made = self.checks_before(place)
        check = self._latest(made, place, at)
        if check is None:
            return DocumentState.TO_DO if made or document_check.asked(self.case) else ""
        found = document_check.state_after(check, self.policy)
        if found != DocumentState.DONE:
            return found
        if check.evidence_sha256 != check.document.normalised_sha256:
            return DocumentState.TO_DO
        same_name = self._same_name(check, place)
        if same_name is None:
            return None
        return found if same_name else DocumentState.TO_DO

    def _same_name(self, check: DocumentCheck, place: int) -> bool | None:
        """Was the name at that place the one that was compared with the document? None if nothing tells."""
        compared = self._place(self.checked, check)
        changes = [at for at in self.renamed if compared < at < place]
        if len(changes) < 2:
            return not changes
        # The last of several names may be the first again. Only the name that is stored now can be compared.
        if changes[-1] != self.renamed[-1]:
            return None
        return check.name_digest == document_check.name_digest(self.case)

    def _latest(self, made: Iterable[DocumentCheck], place: int, at: datetime) -> DocumentCheck | None:
        aside = {
            review.by_id for review in self.reviews_before(place) if review.verdict == Verdict.STEP_ASIDE
        }
        current = [check for check in self._current(made, at) if check.by_id not in aside]
        return current[-1] if current else None

    @staticmethod
    def _current(made: Iterable[DocumentCheck], at: datetime) -> list[DocumentCheck]:
        """Those of the photo that was not set aside yet."""
        return [
            check
            for check in made
            if check.document.superseded_at is None or check.document.superseded_at >= at
        ]

    def document_doubted(self, place: int, at: datetime) -> bool:
        current = self._current(self.checks_before(place), at)
        return any("no" in check.answers.values() for check in current)
