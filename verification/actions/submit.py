"""Taking in a recording: it ends the challenge and hands the attempt to the workers."""

import hashlib
import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from verification import audit, links, media, queue, reuse, storage, workflow
from verification.models import RiskFlag, Verification, VerificationAttempt
from verification.states import AttemptStatus, Flag, Status


class UnknownChallenge(Exception):
    """No challenge of this case has that id and nonce."""


class ChallengeExpired(Exception):
    """The recording came after the challenge ran out."""


class AlreadySubmitted(Exception):
    """The challenge was used before."""


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
) -> VerificationAttempt:
    """Keep `recording` (bytes of a WebM, Matroska or MP4) for the challenge and send it on its way.

    `now` is when the upload began. Raises UnknownChallenge, ChallengeExpired, AlreadySubmitted, VideoReused or
    media.UnusableMedia; after the last two the attempt is still open.
    """
    _refuse_reused(_open_attempt(verification, attempt_id, nonce, now), recording, now)
    checked = media.check_video(recording)
    like = reuse.likeness(verification, checked.frame_hashes, checked.facts.duration)
    with storage.dropped_on_error(storage.key_of(verification.applicant)) as store, transaction.atomic():
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
            facts={"recorded": asdict(checked.facts)},
            signals=signals,
        )
        reuse.keep(attempt, checked.frame_hashes, checked.facts.duration)
        if like is not None:
            _flag(attempt, like.flag, like.attempt, now, share=round(like.share, 2))
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


def _refuse_reused(attempt: VerificationAttempt, recording: bytes, now: datetime) -> None:
    earlier = reuse.same_bytes(hashlib.sha256(recording).hexdigest())
    if earlier is None:
        return
    # Once for each attempt is enough, however often it is tried.
    if not attempt.flags.filter(code=Flag.REUSED_VIDEO).exists():
        with transaction.atomic():
            _flag(attempt, Flag.REUSED_VIDEO, earlier, now)
    raise VideoReused("This recording was sent before.")


def _flag(
    attempt: VerificationAttempt, code: Flag, earlier: VerificationAttempt, now: datetime, **facts: Any
) -> None:
    facts = {
        "earlier": earlier.public_id,
        "same_case": earlier.verification_id == attempt.verification_id,
        **facts,
    }
    RiskFlag.objects.create(
        verification_id=attempt.verification_id, attempt=attempt, code=code, facts=facts, raised_at=now
    )
    audit.record("attempt.flagged", by=audit.By.system(), subject=attempt, at=now, flag=code, **facts)
