"""Receiving a recording in parts, and the quota of bytes of one link.

With the first part the browser announces the size and SHA-256 of the whole, and no other recording completes the
upload. So the recording is fixed when its upload begins: the first part must come before the challenge expires, and
the others may come later. A recording in one piece commits to nothing before its last byte, so all of it must arrive
soon after its challenge expired. A part that names another whole is out of step, with no offset to go on from; bytes
without the hash that was announced for them are damaged.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from verification import media, storage, workflow
from verification.evidence import challenges, upload_parts
from verification.models import DataKey, RecordingUpload, Verification, VerificationAttempt
from verification.states import AttemptStatus, Status

MAX_PART: Final = 512 * 1024  # bytes
# The page sends none but the last that is smaller, however slow the line is: so the largest recording fits too.
MIN_PART: Final = 64 * 1024
MAX_PARTS: Final = media.MAX_VIDEO_UPLOAD // MIN_PART
MAX_UPLOAD_TIME: Final = timedelta(minutes=10)  # from the first part on
# For a recording in one piece whose upload began in time. The page sends every recording in parts.
GRACE: Final = timedelta(seconds=30)
# The name of an attempt's fact: the SHA-256 of an unusable recording, until another one is accepted.
DROPPED: Final = "unusable_upload_sha256"
# About forty photos and recordings of the largest size.
QUOTA: Final = 400_000_000  # bytes


class QuotaReached(Exception):
    """This link has received its quota of bytes."""


class OutOfStep(Exception):
    """The part does not follow what has arrived; `expected` is the offset that would, None for another whole."""

    def __init__(self, expected: int | None) -> None:
        super().__init__("The part does not follow what has arrived.")
        self.expected = expected


class Damaged(Exception):
    """What arrived does not have the hash that was announced."""


@dataclass(frozen=True)
class Part:
    """What the browser announces of a part; `whole_sha256` and `whole_size` are those of the recording."""

    attempt_id: str
    nonce: str
    offset: int
    size: int
    sha256: str
    whole_sha256: str
    whole_size: int


@dataclass(frozen=True)
class Joined:
    """A recording whose parts have all arrived; `began_at` is when the first did."""

    data: bytes
    sha256: str
    began_at: datetime


def check_quota(verification: Verification) -> None:
    if verification.received_bytes >= QUOTA:
        raise QuotaReached("Too much came through this link.")


def count(verification: Verification, size: int) -> None:
    """Add `size` bytes, usable or not, to what came through the link; a negative size is a refund."""
    if size:
        # Not below 0: a new link may have reset the count meanwhile.
        counted = Greatest(F("received_bytes") + size, 0)
        Verification.objects.filter(pk=verification.pk).update(received_bytes=counted)


def check_ended(verification: Verification, *, attempt_id: str, nonce: str, ended: datetime) -> None:
    """Was a recording in one piece in time, at `ended`? Raises UnknownChallenge, ChallengeExpired, AlreadySubmitted."""
    attempt = challenges.named(verification, attempt_id, nonce)
    challenges.check_open(attempt, now=ended, until=attempt.expires_at + GRACE)


def check(verification: Verification, part: Part, *, now: datetime) -> None:
    """Would `part` be accepted? Checked before its bytes are read.

    Raises UnknownChallenge, ChallengeExpired, AlreadySubmitted, OutOfStep or workflow.IllegalMove.
    """
    _check(verification, part, challenges.named(verification, part.attempt_id, part.nonce), now)


def add(verification: Verification, part: Part, data: bytes, *, now: datetime) -> int:
    """Store the part's bytes; returns the next offset. Raises as `check`, and Damaged or storage.Unavailable."""
    if (hashlib.sha256(data).hexdigest(), len(data)) != (part.sha256, part.size):
        raise Damaged("The part is not what was announced.")
    with storage.dropped_on_error(verification.applicant) as store:
        stored = store("part", data)
        with transaction.atomic(durable=True):
            attempt = challenges.named(verification, part.attempt_id, part.nonce, lock=True)
            _check(verification, part, attempt, now)
            upload, _ = RecordingUpload.objects.get_or_create(
                attempt=attempt,
                defaults={"sha256": part.whole_sha256, "size": part.whole_size, "began_at": now},
            )
            upload_parts.keep(upload, part.offset, stored)
    return part.offset + part.size


def _check(verification: Verification, part: Part, attempt: VerificationAttempt, now: datetime) -> None:
    upload = upload_parts.upload_of(attempt)
    challenges.check_open(attempt, now=now, until=_deadline(upload))
    if verification.status != Status.COLLECTING:
        raise workflow.IllegalMove(f"A {verification.status} case takes no recording.")
    if upload is not None and (upload.sha256, upload.size) != (part.whole_sha256, part.whole_size):
        raise OutOfStep(None)
    arrived = upload_parts.arrived(upload)
    if part.offset != arrived or part.offset + part.size > part.whole_size:
        raise OutOfStep(arrived)
    if upload is not None and upload.parts.count() >= MAX_PARTS:
        raise OutOfStep(None)


def _deadline(upload: RecordingUpload | None) -> datetime | None:
    return upload.began_at + MAX_UPLOAD_TIME if upload is not None else None


def joined(verification: Verification, *, attempt_id: str, nonce: str, now: datetime) -> Joined | None:
    """The recording that came in parts, or None if none has begun to.

    Raises UnknownChallenge, ChallengeExpired or AlreadySubmitted. Raises OutOfStep while parts are missing. Raises it
    after `drop` too: a browser that missed the refusal sends the parts again and is refused again. Raises Damaged if
    the parts are not what the first one announced. They are deleted then, and the upload starts anew.
    """
    attempt = challenges.named(verification, attempt_id, nonce)
    upload = upload_parts.upload_of(attempt)
    challenges.check_open(attempt, now=now, until=_deadline(upload))
    if upload is None:
        if DROPPED in attempt.facts:
            raise OutOfStep(0)
        return None
    arrived = upload_parts.arrived(upload)
    if arrived != upload.size:
        raise OutOfStep(arrived)
    data = _read(upload, storage.key_of(verification.applicant))
    if data is None:
        upload_parts.clear(upload)
        raise Damaged("The parts do not make what was announced.")
    return Joined(data, upload.sha256, upload.began_at)


def _read(upload: RecordingUpload, key: DataKey) -> bytes | None:
    try:
        data = upload_parts.joined(upload, key)
    except storage.KeyDestroyed:
        raise
    except storage.IntegrityError:
        return None
    return data if hashlib.sha256(data).hexdigest() == upload.sha256 else None


def drop(verification: Verification, *, attempt_id: str, sha256: str) -> None:
    """Delete the parts of an unusable recording: the challenge may be answered anew."""
    attempt = verification.attempts.filter(public_id=attempt_id).first()
    if attempt is None:
        return
    open_attempt = VerificationAttempt.objects.filter(pk=attempt.pk, status=AttemptStatus.ISSUED)
    open_attempt.update(facts={DROPPED: sha256})
    upload_parts.forget(attempt)
