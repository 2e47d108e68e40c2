"""Receiving the ID photo."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from verification import audit, links, media, storage, workflow
from verification.evidence import media_tries, photos
from verification.models import Document, Verification
from verification.states import Status

# Every photo is stored, so the limit keeps one link from filling the disk.
MAX_PER_HOUR = 20

log = structlog.get_logger(__name__)


class TooManyPhotos(Exception):
    """Too many photos were sent in the last hour."""


def upload(
    verification: Verification, data: bytes, *, now: datetime, notes: tuple[str, ...] = ()
) -> Document:
    """Check, normalise and store a photo (bytes of a JPEG, PNG or HEIC); an earlier one is superseded, not changed.

    `notes` say in stable words what was done to the photo before it arrived.
    Raises media.UnusableMedia, TooManyPhotos, what `media_tries` does, links.OtherBrowser, or workflow.IllegalMove when
    the case is not collecting.
    """
    _check_accepts_photo(verification, now)
    with media_tries.counted(verification, media_tries.PHOTO, now=now):
        photo = media.check_photo(data, heic=settings.ACCEPT_HEIC)
        advice, face = _advice(verification, photo.jpeg)
    with storage.dropped_on_error(verification.applicant) as store:
        # Before the transaction: a slow store must not hold one open.
        original, normalised = store("photo-original", data), store("photo", photo.jpeg)
        facts = {name: value for name, value in asdict(photo).items() if name not in {"jpeg", "looks"}}
        facts |= {"notes": [*notes, *photo.notes], "advice": advice}
        return _create(verification, original, normalised, (photo.looks, face), facts, now)


def _advice(verification: Verification, jpeg: bytes) -> tuple[dict[str, Any], media.FaceLooks]:
    """What may be wrong with the photo, and what its face looks like. What can't be had keeps nobody from going on."""
    try:
        advice = media.advise_on_photo(jpeg)
    except (media.UnusableMedia, media.MediaUnavailable) as error:
        reason = error.code if isinstance(error, media.UnusableMedia) else error.reason
        log.warning("photo.not_looked_at", verification=verification.public_id, reason=reason)
        return {"codes": [], "not_looked_at": reason}, media.FaceLooks()
    if not advice.tools:
        log.info("photo.faces_not_looked_for", verification=verification.public_id)
    return {name: value for name, value in asdict(advice).items() if name != "face"}, advice.face


@transaction.atomic(durable=True)
def _create(
    verification: Verification,
    original: storage.StoredObject,
    normalised: storage.StoredObject,
    looks: tuple[media.PhotoLooks, media.FaceLooks],
    facts: dict[str, Any],
    now: datetime,
) -> Document:
    locked = Verification.objects.locked(verification.pk)
    links.check_still_with(verification, locked)
    _check_accepts_photo(locked, now)
    locked.documents.current().update(superseded_at=now)
    document = Document.objects.create(
        verification=locked,
        original_name=original.name,
        original_sha256=original.sha256,
        original_size=original.size,
        normalised_name=normalised.name,
        normalised_sha256=normalised.sha256,
        normalised_size=normalised.size,
        facts=facts,
        browser_hash=locked.browser_hash,
        uploaded_at=now,
    )
    photos.keep(document, *looks, locked.applicant_id)
    hashes = {"original_sha256": original.sha256, "normalised_sha256": normalised.sha256}
    by = audit.By.applicant(verification.applicant.public_id)
    told = {"document": document.public_id, "advice": document.advice, **hashes}
    audit.record("document.uploaded", by=by, subject=locked, at=now, commits=[document], **told)
    return document


def _check_accepts_photo(verification: Verification, now: datetime) -> None:
    if verification.status != Status.COLLECTING:
        raise workflow.IllegalMove(f"A {verification.status} case takes no photo.")
    # Another browser with a copy of the link uses up nothing of this one's.
    own = verification.documents.filter(browser_hash=verification.browser_hash)
    if own.filter(uploaded_at__gt=now - timedelta(hours=1)).count() >= MAX_PER_HOUR:
        raise TooManyPhotos("Too many photos were sent in the last hour.")
