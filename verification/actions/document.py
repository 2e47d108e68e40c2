"""Taking in the ID photo."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from verification import audit, media, storage, workflow
from verification.models import Document, Verification
from verification.states import Status


def upload(verification: Verification, data: bytes, *, now: datetime) -> Document:
    """Check, normalise and keep a photo (bytes of a JPEG or PNG); an earlier one is superseded, not changed.

    Raises media.UnusableMedia, or workflow.IllegalMove when the case is not collecting.
    """
    _check_collecting(verification)
    photo = media.check_photo(data)
    original = storage.store("photo-original", data)
    normalised = storage.store("photo", photo.jpeg)
    with transaction.atomic():
        locked = Verification.objects.select_for_update().get(pk=verification.pk)
        _check_collecting(locked)
        locked.documents.filter(superseded_at__isnull=True).update(superseded_at=now)
        document = Document.objects.create(
            verification=locked,
            original_name=original.name,
            original_sha256=original.sha256,
            original_size=original.size,
            normalised_name=normalised.name,
            normalised_sha256=normalised.sha256,
            normalised_size=normalised.size,
            facts={name: value for name, value in asdict(photo).items() if name != "jpeg"},
            uploaded_at=now,
        )
        hashes = {"original_sha256": original.sha256, "normalised_sha256": normalised.sha256}
        by = audit.By.applicant(verification.applicant.public_id)
        audit.record(
            "document.uploaded", by=by, subject=locked, at=now, document=document.public_id, **hashes
        )
    return document


def _check_collecting(verification: Verification) -> None:
    if verification.status != Status.COLLECTING:
        raise workflow.IllegalMove(f"A {verification.status} case takes no photo.")
