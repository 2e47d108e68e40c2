"""Taking in a recording: it ends the challenge and hands the attempt to the workers."""

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from verification import audit, challenges, media, parts, queue, reuse, storage, workflow
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
    """Keep `recording` (bytes of a WebM, Matroska or MP4) for the challenge and send it on its way.

    `now` is when the upload began; `sha256` is the recording's, if it was computed as it arrived. Raises what
    `challenges` does, VideoReused or media.UnusableMedia; after the last two the attempt is still open.
    """
    sha256 = sha256 or hashlib.sha256(recording).hexdigest()
    _refuse_reused(_open_attempt(verification, attempt_id, nonce, now), sha256, now)
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
    parts.forget(attempt)
    return attempt


def _open_attempt(
    verification: Verification, attempt_id: str, nonce: str, now: datetime
) -> VerificationAttempt:
    attempt = challenges.named(verification, attempt_id, nonce)
    challenges.check_open(attempt, now=now)
    return attempt


def _refuse_reused(attempt: VerificationAttempt, sha256: str, now: datetime) -> None:
    earlier = reuse.same_bytes(sha256)
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
