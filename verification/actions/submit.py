"""Receiving a recording: it answers the challenge and passes the attempt to the workers."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from verification import audit, links, media, storage, workflow
from verification.evidence import challenges, devices, media_tries, photos, reuse, upload_parts
from verification.jobs import doorbell
from verification.models import RiskFlag, Verification, VerificationAttempt
from verification.states import AttemptStatus, Flag, Status


class VideoReused(Exception):
    """These very bytes were sent before, for this or another attempt."""


def submit(
    verification: Verification,
    *,
    attempt_id: str,
    nonce: str,
    recording: bytes,
    signals: dict[str, Any],
    now: datetime,
    sha256: str = "",
) -> VerificationAttempt:
    """Store `recording` (bytes of a WebM, Matroska or MP4) for the challenge and ring for a worker.

    `now` is when the upload began; `sha256` is the recording's, if it was computed as it arrived. Raises what
    `challenges` and `media_tries` do, links.OtherBrowser, VideoReused or media.UnusableMedia; after VideoReused,
    UnusableMedia and what `media_tries` raises the attempt is still open.
    """
    sha256 = sha256 or hashlib.sha256(recording).hexdigest()
    attempt = _open_attempt(verification, attempt_id, nonce, now)
    _refuse_reused(attempt, sha256, now)
    applicant = verification.applicant
    # The key is read here, because another thread would need a connection of its own to the database.
    with storage.dropped_on_error(applicant, storage.key_of(applicant)) as store:
        with media_tries.counted(verification, media_tries.RECORDING, now=now):
            original, checked = _stored_and_checked(recording, store)
        # The recording is stored already: a slow store must not hold a transaction open.
        try:
            _submit(verification, attempt, original, checked, signals, now)
        except VideoReused:
            # Another recording of these bytes was committed a moment ago, so now the flag can name it.
            _refuse_reused(attempt, sha256, now)
            raise
    upload_parts.forget(attempt)
    return attempt


def _stored_and_checked(
    recording: bytes, store: storage.Store
) -> tuple[storage.StoredObject, media.CheckedVideo]:
    """The disk takes the recording while a media child decodes it; if it is refused, it is deleted again."""
    with ThreadPoolExecutor(max_workers=1) as disk:
        storing = disk.submit(store, "video-original", recording)
        checked = media.check_video(recording)
        return storing.result(), checked


@transaction.atomic(durable=True)
def _submit(
    verification: Verification,
    attempt: VerificationAttempt,
    original: storage.StoredObject,
    checked: media.CheckedVideo,
    signals: dict[str, Any],
    now: datetime,
) -> None:
    # Before the case is locked: who has this lock may wait for the row of any case that a flag names.
    reuse.serialise_lookups()
    locked = Verification.objects.locked_alone(verification.pk)
    links.check_still_with(verification, locked)
    attempt.refresh_from_db()
    attempt.verification = locked
    challenges.check_open(attempt, now=now)
    found = _earlier_likenesses(attempt, original, checked)
    workflow.advance(
        attempt,
        AttemptStatus.SUBMITTED,
        submitted_at=now,
        original_name=original.name,
        original_sha256=original.sha256,
        original_size=original.size,
        # With the number of pictures, preparing need not decode them again.
        facts={"recorded": asdict(checked.facts), "pictures": len(checked.frame_hashes)},
        signals=signals,
    )
    reuse.keep(attempt, checked.frame_hashes, checked.facts.duration)
    for like in found:
        _flag_earlier(attempt, like.flag, like.attempt, now, share=round(like.share, 2))
    _flag_photo(attempt, now)
    others = devices.others_in_evidence(attempt)
    if others:
        _flag(attempt, Flag.DEVICE_CHANGED, others, now)
    by = audit.By.applicant(verification.applicant.public_id)
    data = {"attempt": attempt.public_id, "number": attempt.number, "original_sha256": original.sha256}
    workflow.move(locked, Status.CHECKING, by=by, now=now, data=data, hint="")
    doorbell.ring(doorbell.PREPARE, attempt.public_id)


def _earlier_likenesses(
    attempt: VerificationAttempt, original: storage.StoredObject, checked: media.CheckedVideo
) -> list[reuse.Likeness]:
    """The earlier recordings that this one resembles.

    Look-ups run one at a time, so of two copies sent at once the second finds the first.
    """
    if reuse.same_bytes(original.sha256, beside=attempt) is not None:
        raise VideoReused("This recording was sent before.")
    return reuse.likenesses(attempt.verification, checked.frame_hashes, checked.facts.duration)


def _open_attempt(
    verification: Verification, attempt_id: str, nonce: str, now: datetime
) -> VerificationAttempt:
    attempt = challenges.named(verification, attempt_id, nonce)
    challenges.check_open(attempt, now=now)
    return attempt


def _refuse_reused(attempt: VerificationAttempt, sha256: str, now: datetime) -> None:
    earlier = reuse.same_bytes(sha256, beside=attempt)
    if earlier is None:
        return
    # One flag for each attempt, however often the bytes are sent.
    if not attempt.flags.filter(code=Flag.REUSED_VIDEO).exists():
        with transaction.atomic(durable=True):
            _flag_earlier(attempt, Flag.REUSED_VIDEO, earlier, now)
    raise VideoReused("This recording was sent before.")


def _flag_photo(attempt: VerificationAttempt, now: datetime) -> None:
    """Note that another applicant sent the same photo; once for each upload and such case, however many recordings
    come. An upload after a reviewer asked for another photo is news to them, even of the same file."""
    case, photo = attempt.verification, attempt.document
    shared = photos.shared(photo, case.applicant_id) if photo is not None else None
    if shared is None:
        return
    other = shared.document.verification
    if not case.flags.filter(code=shared.flag, other=other, attempt__document=photo).exists():
        _flag(attempt, shared.flag, shared.facts, now, other=other)


def _flag_earlier(
    attempt: VerificationAttempt, code: Flag, earlier: VerificationAttempt, now: datetime, **facts: Any
) -> None:
    """Note that the recording is that of an earlier attempt, or like it."""
    there, here = earlier.verification, attempt.verification
    other = there if there.applicant_id != here.applicant_id else None
    facts = {"earlier": earlier.public_id, "same_case": there.pk == here.pk, **facts}
    _flag(attempt, code, facts, now, other=other)


def _flag(
    attempt: VerificationAttempt,
    code: Flag,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    other: Verification | None = None,
) -> None:
    """Raise the flag. Another applicant's case that it is about gets an event too: it may be decided already."""
    raised = RiskFlag.objects.create(
        verification=attempt.verification,
        attempt=attempt,
        other=other,
        code=code,
        facts=dict(facts),
        raised_at=now,
    )
    by = audit.By.system()
    audit.record("attempt.flagged", by=by, subject=attempt, at=now, commits=[raised], flag=code, **facts)
    if other is not None:
        told = {"flag": code, "other": attempt.verification.public_id, "attempt": attempt.public_id}
        audit.record("evidence.shared", by=by, subject=other, at=now, **told)
