"""Taking in a recording: it ends the challenge and hands the attempt to the workers."""

import secrets
import tempfile
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from verification import audit, links, media, queue, storage, workflow
from verification.models import Verification, VerificationAttempt
from verification.states import AttemptStatus, Status


class UnknownChallenge(Exception):
    """No challenge of this case has that id and nonce."""


class ChallengeExpired(Exception):
    """The recording came after the challenge ran out."""


class AlreadySubmitted(Exception):
    """The challenge was used before."""


def submit(
    verification: Verification,
    *,
    attempt_id: str,
    nonce: str,
    recording: bytes,
    signals: dict[str, Any],
    now: datetime,
) -> VerificationAttempt:
    """Keep `recording` (bytes of a WebM, Matroska or MP4) for the challenge and send it on its way.

    `now` is when the upload began. Raises UnknownChallenge, ChallengeExpired, AlreadySubmitted, or
    media.UnusableMedia, in which case the attempt is still open.
    """
    _open_attempt(verification, attempt_id, nonce, now)
    facts = _facts(recording)
    with storage.dropped_on_error() as store, transaction.atomic():
        original = store("video-original", recording)
        locked = (
            Verification.objects.select_for_update(of=("self",))
            .select_related("policy", "applicant")
            .get(pk=verification.pk)
        )
        attempt = _open_attempt(locked, attempt_id, nonce, now)
        workflow.advance(
            attempt,
            AttemptStatus.SUBMITTED,
            submitted_at=now,
            original_name=original.name,
            original_sha256=original.sha256,
            original_size=original.size,
            facts={"recorded": facts},
            signals=signals,
        )
        by = audit.By.applicant(locked.applicant.public_id)
        data = {"attempt": attempt.public_id, "number": attempt.number, "original_sha256": original.sha256}
        workflow.move(locked, Status.CHECKING, by=by, now=now, data=data, hint="")
        queue.ring(queue.PREPARE, attempt.public_id)
    return attempt


def _open_attempt(
    verification: Verification, attempt_id: str, nonce: str, now: datetime
) -> VerificationAttempt:
    attempt = verification.attempts.filter(public_id=attempt_id).first()
    if attempt is None or not secrets.compare_digest(attempt.nonce_sha256, links.token_hash(nonce)):
        raise UnknownChallenge("No such challenge.")
    if attempt.submitted_at is None and (
        attempt.status == AttemptStatus.ABANDONED or now >= attempt.expires_at
    ):
        raise ChallengeExpired("The challenge has run out.")
    if attempt.status != AttemptStatus.ISSUED:
        raise AlreadySubmitted("The recording was sent before.")
    return attempt


def _facts(recording: bytes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kyc-") as folder:
        path = Path(folder, "recording")
        path.write_bytes(recording)
        return asdict(media.check_video(path))
