"""A picture of the face for the reviewer: the vendor's frame, or one from the recording. It changes no outcome."""

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
    note = answer.best_frame_note
    try:
        source, picture = _picture(attempt, answer)
        # Re-encoded like any picture from outside.
        frame = store("frame", media.check_photo(picture).jpeg)
    except (media.UnusableMedia, media.MediaUnavailable, storage.IntegrityError, OSError) as error:
        log.info("best_frame.dropped", attempt=attempt.public_id, error=type(error).__name__)
        return {"best_frame_note": note or type(error).__name__}
    return {
        "best_frame_name": frame.name,
        "best_frame_sha256": frame.sha256,
        "best_frame_source": source,
        "best_frame_note": note,
    }


def _picture(attempt: VerificationAttempt, answer: liveness.Answer) -> tuple[str, bytes]:
    if answer.best_frame is not None:
        return "vendor", answer.best_frame
    video = storage.read(attempt.normalised_name, sha256=attempt.normalised_sha256)
    return "video", media.frame_at(video, attempt.facts["prepared"]["facts"]["duration"] / 2)
