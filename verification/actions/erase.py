"""Erasing a person's pictures for good."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from verification import audit, storage
from verification.models import (
    AlikePhoto,
    Applicant,
    CaseNote,
    DataKey,
    FrameHash,
    PhotoHash,
    RecordingUpload,
)
from verification.states import ENDED

MAX_REASON = 200

log = structlog.get_logger(__name__)


class EraseRefused(Exception):
    """The applicant's evidence must not be erased now; the message is fit for the person who asked."""


@dataclass(frozen=True)
class Erased:
    """How many objects there were (None if the store could not be asked), and whether all are deleted already."""

    objects: int | None
    deleted: bool


def erase(applicant: Applicant, *, by: audit.By, reason: str, now: datetime) -> Erased:
    """Destroy the applicant's key, delete every object under it and every hash of their pictures, and empty the notes
    that colleagues wrote to each other about their cases.

    Once the key is destroyed nobody can read the objects. The sweep deletes what the store can't delete now. The
    applicant's name, e-mail address and the facts of the cases, among them the reviews with their notes, stay, because
    other retention rules apply to them.
    `reason` stays in the trail for good, and must not name the person. Raises EraseRefused.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise EraseRefused(_("A reason is needed, of %(most)s characters at most.") % {"most": MAX_REASON})
    objects = _number_of_objects(applicant)
    key = _make_unreadable(applicant, objects, by=by, reason=reason, now=now)
    return Erased(objects, deleted=key is None or _delete(key, now))


@transaction.atomic(durable=True)
def _make_unreadable(
    applicant: Applicant, objects: int | None, *, by: audit.By, reason: str, now: datetime
) -> DataKey | None:
    # `invite` takes this lock too, so no new case of the person begins meanwhile.
    locked = Applicant.objects.select_for_update(of=("self",)).get(pk=applicant.pk)
    _check(locked)
    FrameHash.objects.filter(attempt__verification__applicant=locked).delete()
    PhotoHash.objects.filter(document__verification__applicant=locked).delete()
    AlikePhoto.objects.filter(
        Q(later__verification__applicant=locked) | Q(earlier__verification__applicant=locked)
    ).delete()
    RecordingUpload.objects.filter(attempt__verification__applicant=locked).delete()
    written = CaseNote.objects.filter(verification__applicant=locked).exclude(text="")
    audit.forget(list(written))
    notes = written.update(text="")
    Applicant.objects.filter(pk=locked.pk).update(erased_at=now)
    key = locked.data_key
    if key is not None:
        storage.destroy(key, now=now)
    facts = {"objects": objects, "key": key.public_id if key else None, "notes": notes, "reason": reason}
    audit.record("applicant.erased", by=by, subject=locked, at=now, **facts)
    return key


def _check(applicant: Applicant) -> None:
    if applicant.erased_at is not None:
        raise EraseRefused(_("This applicant's evidence is erased already."))
    if applicant.legal_hold:
        raise EraseRefused(_("This applicant is under a legal hold: nothing may be erased."))
    under_way = applicant.verifications.exclude(status__in=ENDED).first()
    if under_way is not None:
        raise EraseRefused(
            _("The verification %(case)s has not ended. Have it decided, or cancelled, first.")
            % {"case": under_way.public_id}
        )


def _number_of_objects(applicant: Applicant) -> int | None:
    key = DataKey.objects.filter(applicant=applicant.pk).first()
    try:
        return len(storage.copies(key)) if key is not None else 0
    except OSError:
        return None


def _delete(key: DataKey, now: datetime) -> bool:
    try:
        storage.erase(key, now=now)
    except OSError as error:
        log.warning("erase.not_deleted", key=key.public_id, error=type(error).__name__)
        return False
    return True
