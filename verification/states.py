"""Every status a case or an attempt can have, and every legal move between them.

This module is a table: it moves nothing (that is `workflow.move`) and knows no database. `docs/states.md` is
generated from it, and the checks hold the two together.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    INVITED = "invited", _("Invited")
    COLLECTING = "collecting", _("Collecting")
    CHECKING = "checking", _("Checking")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    CONSENT_REFUSED = "consent_refused", _("Consent refused")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")


class Owner(StrEnum):
    """Whose turn it is."""

    APPLICANT = "applicant"
    SYSTEM = "system"
    REVIEWER = "reviewer"
    NOBODY = "nobody"


class AttemptStatus(TextChoices):
    ISSUED = "issued", _("Issued")
    SUBMITTED = "submitted", _("Submitted")
    READY = "ready", _("Ready")
    FINISHED = "finished", _("Finished")
    ABANDONED = "abandoned", _("Abandoned")


class Outcome(TextChoices):
    """What a finished attempt came to."""

    PASSED = "passed", _("Passed")
    LOW_SIMILARITY = "low_similarity", _("Low similarity")
    LIVENESS_FAILED = "liveness_failed", _("Liveness not confirmed")
    CAPTURE_QUALITY = "capture_quality", _("Recording not usable")
    REFERENCE_PHOTO = "reference_photo", _("ID photo not usable")
    VENDOR_FAILED = "vendor_failed", _("Vendor could not answer")
    UNUSABLE_MEDIA = "unusable_media", _("Recording could not be read")


class Flag(TextChoices):
    """What was noticed about a recording or an ID photo, for a person to weigh."""

    REUSED_VIDEO = "reused_video", _("These very bytes were sent before")
    SIMILAR_VIDEO = "similar_video", _("Copied from an earlier recording: the same pictures, pixel by pixel")
    ALIKE_VIDEO = "alike_video", _("Looks much like an earlier recording")
    SHARED_PHOTO = "shared_photo", _("Another applicant sent the same ID photo")
    ALIKE_PHOTO = "alike_photo", _("The ID photo looks the same as another applicant's")
    DEVICE_CHANGED = "device_changed", _("The evidence came from more than one device")


# Flags for which a policy may require two people to approve. ALIKE_VIDEO is not one: two honest recordings may look
# alike. What another applicant sent too has a switch of its own: `rules.shared_evidence`.
FOR_TWO = frozenset({Flag.REUSED_VIDEO, Flag.SIMILAR_VIDEO})
# Flags that a person must see before an approval. One is enough for DEVICE_CHANGED: honest people change from a
# computer to their phone.
FOR_A_PERSON = FOR_TWO | {Flag.DEVICE_CHANGED}


class Band(TextChoices):
    """Where a case lies in the review queue: what a reviewer should know of it before opening it."""

    SPOT_CHECK = "spot_check", _("Spot check")
    FLAGGED = "flagged", _("Flagged")
    DOCUMENT = "document", _("Document to check")
    BELOW = "below", _("Below 70")
    BETWEEN = "between", _("Passed, below policy")
    REPEATED = "repeated", _("Attempts used up")
    ABOVE = "above", _("At or above policy")
    TECHNICAL = "technical", _("Technical")


class Mark(TextChoices):
    """What a row of the review queue is marked with, and can be looked for by: as it was when the case came there."""

    SHARED = "shared", _("Shared with another applicant")
    COPIED = "copied", _("Sent before")
    DEVICES = "devices", _("Several devices")
    CAMERA = "camera", _("Virtual camera")


class Device(TextChoices):
    """What a browser says that it runs on. It can claim anything."""

    PHONE = "phone", _("a phone")
    TABLET = "tablet", _("a tablet")
    COMPUTER = "computer", _("a computer")
    OTHER = "other", _("another device")


class Mode(TextChoices):
    ACTION = "ACTION", _("Movements")
    SILENT = "SILENT", _("Hold still")


class DocumentCheckFor(TextChoices):
    """For which cases a person looks at the document itself, not only at the face on it."""

    NEVER = "never", _("Never")
    SHARE = "share", _("A share")
    ALWAYS = "always", _("Always")


class DocumentKind(TextChoices):
    """Kinds of IDs that an organisation may accept."""

    PASSPORT = "passport", _("Passport")
    IDENTITY_CARD = "identity_card", _("Identity card")
    DRIVING_LICENCE = "driving_licence", _("Driving licence")
    RESIDENCE_PERMIT = "residence_permit", _("Residence permit")


class DocumentQuestion(TextChoices):
    """What a person may be asked to check on the document. A code never gets another meaning."""

    ACCEPTED_KIND = "accepted_kind", _("It is an ID of an accepted kind")
    NAME_MATCHES = "name_matches", _("The name is the invited one")
    NOT_EXPIRED = "not_expired", _("It has not expired")
    NOTHING_COVERED = "nothing_covered", _("Nothing covers it")


class DocumentAnswer(TextChoices):
    """What a person found on one question about the document."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    CANNOT_TELL = "cannot_tell", _("Can't tell")


class DocumentState(TextChoices):
    """How far the check of a case's document is. Empty: nobody asked for one, and nobody made one."""

    TO_DO = "to_do", _("To check")
    DONE = "done", _("Checked")
    FAILED = "failed", _("Check failed")


class SharedEvidence(TextChoices):
    """What follows if the same photo or recording was sent by another applicant."""

    TELL = "tell", _("Only show it")
    REVIEW = "review", _("A person looks")
    REVIEW_BY_TWO = "review_by_two", _("A person looks; approving takes two")


# CompareFaceLiveness page, Input Parameters, ValidateData.
MOVEMENTS: dict[str, str] = {"1": "open_mouth", "2": "blink", "3": "nod", "4": "shake_head"}


class Actor(StrEnum):
    """Who may make a move."""

    APPLICANT = "applicant"
    SYSTEM = "system"
    REVIEWER = "reviewer"
    SENIOR_REVIEWER = "senior_reviewer"
    CLIENT = "client"


OWNERS = {
    Status.INVITED: Owner.APPLICANT,
    Status.COLLECTING: Owner.APPLICANT,
    Status.CHECKING: Owner.SYSTEM,
    Status.IN_REVIEW: Owner.REVIEWER,
    Status.APPROVED: Owner.NOBODY,
    Status.DECLINED: Owner.NOBODY,
    Status.CONSENT_REFUSED: Owner.NOBODY,
    Status.EXPIRED: Owner.NOBODY,
    Status.CANCELLED: Owner.NOBODY,
}
ENDED = frozenset(status for status, owner in OWNERS.items() if owner == Owner.NOBODY)


@dataclass(frozen=True)
class Move:
    """One legal move of a verification: who may make it, and the audit event and webhook event that it causes."""

    source: Status
    target: Status
    actors: frozenset[Actor]
    audit_event: str
    webhook_event: str = ""


def _move(
    source: Status, target: Status, actors: set[Actor], audit_event: str, webhook_event: str = ""
) -> Move:
    return Move(source, target, frozenset(actors), audit_event, webhook_event)


_CANCELLERS = {Actor.CLIENT, Actor.SENIOR_REVIEWER}

_ALL = (
    _move(Status.INVITED, Status.COLLECTING, {Actor.APPLICANT}, "consent.given", "verification.started"),
    _move(
        Status.INVITED,
        Status.CONSENT_REFUSED,
        {Actor.APPLICANT},
        "consent.refused",
        "verification.consent_refused",
    ),
    _move(Status.INVITED, Status.EXPIRED, {Actor.SYSTEM}, "verification.expired", "verification.expired"),
    _move(Status.INVITED, Status.CANCELLED, _CANCELLERS, "verification.cancelled", "verification.cancelled"),
    _move(
        Status.COLLECTING, Status.CHECKING, {Actor.APPLICANT}, "attempt.submitted", "verification.submitted"
    ),
    _move(Status.COLLECTING, Status.EXPIRED, {Actor.SYSTEM}, "verification.expired", "verification.expired"),
    _move(
        Status.COLLECTING, Status.CANCELLED, _CANCELLERS, "verification.cancelled", "verification.cancelled"
    ),
    _move(
        Status.CHECKING,
        Status.APPROVED,
        {Actor.SYSTEM},
        "decision.approved_by_policy",
        "verification.approved",
    ),
    _move(Status.CHECKING, Status.COLLECTING, {Actor.SYSTEM}, "decision.try_again", "verification.retry"),
    _move(
        Status.CHECKING, Status.IN_REVIEW, {Actor.SYSTEM}, "decision.sent_to_review", "verification.in_review"
    ),
    _move(Status.CHECKING, Status.CANCELLED, _CANCELLERS, "verification.cancelled", "verification.cancelled"),
    _move(Status.IN_REVIEW, Status.APPROVED, {Actor.REVIEWER}, "review.approved", "verification.approved"),
    _move(Status.IN_REVIEW, Status.DECLINED, {Actor.REVIEWER}, "review.declined", "verification.declined"),
    _move(Status.IN_REVIEW, Status.COLLECTING, {Actor.REVIEWER}, "review.asked_again", "verification.retry"),
    _move(
        Status.IN_REVIEW, Status.CANCELLED, _CANCELLERS, "verification.cancelled", "verification.cancelled"
    ),
    _move(
        Status.APPROVED,
        Status.IN_REVIEW,
        {Actor.SENIOR_REVIEWER},
        "review.reopened",
        "verification.in_review",
    ),
    _move(
        Status.DECLINED,
        Status.IN_REVIEW,
        {Actor.SENIOR_REVIEWER},
        "review.reopened",
        "verification.in_review",
    ),
)

MOVES: dict[tuple[Status, Status], Move] = {(move.source, move.target): move for move in _ALL}

ATTEMPT_MOVES: dict[AttemptStatus, frozenset[AttemptStatus]] = {
    AttemptStatus.ISSUED: frozenset({AttemptStatus.SUBMITTED, AttemptStatus.ABANDONED}),
    AttemptStatus.SUBMITTED: frozenset({AttemptStatus.READY, AttemptStatus.FINISHED}),
    # Back to SUBMITTED: the vendor did not take the recording, so a smaller copy of it is made.
    AttemptStatus.READY: frozenset({AttemptStatus.SUBMITTED, AttemptStatus.FINISHED}),
    AttemptStatus.FINISHED: frozenset(),
    AttemptStatus.ABANDONED: frozenset(),
}
