"""A picture of the face for the reviewer: the vendor's frame, or one from the recording. It changes no outcome."""

import hashlib

import structlog

from verification import liveness, media, storage
from verification.jobs import leases
from verification.models import VerificationAttempt

log = structlog.get_logger(__name__)


def keep(attempt: VerificationAttempt, answer: liveness.Answer, store: storage.Store) -> dict[str, str]:
    """Store a frame. Returns the attempt's fields that name it, or that say why there is none."""
    if leases.why_not_process(attempt):
        # The case has ended, or workers keep dying here: the answer counts, a picture is not worth another try.
        return {"best_frame_note": "not_looked_for"}
    picture, note = _from_vendor(answer)
    try:
        frame = store("frame", picture or _from_recording(attempt))
    except (media.UnusableMedia, media.MediaUnavailable, storage.IntegrityError, OSError) as error:
        log.info("best_frame.dropped", attempt=attempt.public_id, error=type(error).__name__)
        return {"best_frame_note": note or "none_stored"}
    return {
        "best_frame_name": frame.name,
        "best_frame_sha256": frame.sha256,
        "best_frame_source": "vendor" if picture else "video",
        "best_frame_note": note,
    }


def hash_of(answer: liveness.Answer) -> dict[str, str]:
    """The hash that the vendor's frame would have if it were stored, and what was wrong with it. It stores nothing."""
    picture, note = _from_vendor(answer)
    digest = hashlib.sha256(picture).hexdigest() if picture else ""
    return {"best_frame_sha256": digest, "best_frame_note": note}


def _from_vendor(answer: liveness.Answer) -> tuple[bytes | None, str]:
    """The vendor's frame, re-encoded like any picture from outside, or None and what was wrong with it."""
    if answer.best_frame is None:
        return None, answer.best_frame_note
    try:
        return media.check_photo(answer.best_frame).jpeg, ""
    except media.UnusableMedia as error:
        log.warning("best_frame.does_not_decode", request=answer.request_id, code=error.code)
        return None, error.code
    except media.MediaUnavailable as error:
        log.warning("best_frame.not_looked_at", request=answer.request_id, reason=error.reason)
        return None, "not_looked_at"


def _from_recording(attempt: VerificationAttempt) -> bytes:
    video = storage.read(attempt.normalised_name, sha256=attempt.normalised_sha256)
    picture = media.frame_at(video, attempt.facts["prepared"]["facts"]["duration"] / 2)
    return media.check_photo(picture).jpeg
