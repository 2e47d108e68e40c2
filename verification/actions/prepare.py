"""Turning a recording into the file that the vendor takes."""

from dataclasses import asdict
from datetime import datetime

import structlog
from django.db import transaction

from verification import audit, liveness, media, storage, workflow
from verification.jobs import doorbell, leases
from verification.models import VerificationAttempt
from verification.rules import decision
from verification.states import AttemptStatus

# The recording was decoded once when it arrived. If a media child dies over it now, the machine may be at fault:
# it is retried, and after three kills a person looks. The applicant is not asked to record again.
KILLS = {"media_crashed", "media_timeout", "media_out_of_memory"}

log = structlog.get_logger(__name__)


def prepare(attempt_id: str, *, now: datetime) -> None:
    """Normalise the attempt's recording for the vendor; if it can't be used, ask the applicant to record again."""
    attempt = leases.claim(attempt_id, AttemptStatus.SUBMITTED, now=now)
    if attempt is None:
        return
    with leases.held(attempt, now=now):
        _prepare_or_conclude(attempt, now)


def _prepare_or_conclude(attempt: VerificationAttempt, now: datetime) -> None:
    reason = leases.why_not_process(attempt)
    if reason:
        workflow.give_up(attempt, reason, now=now)
        return
    try:
        _prepare(attempt, now)
    except (media.MediaUnavailable, OSError) as error:
        log.error("prepare.machine_at_fault", attempt=attempt.public_id, error=type(error).__name__)
        if not leases.retry_later(attempt, now=now):
            workflow.give_up(attempt, "cannot_process", now=now)
    except media.UnusableMedia as error:
        if error.code in KILLS:
            log.error("prepare.child_killed", attempt=attempt.public_id, code=error.code)
            leases.put_back(attempt, not_before=now + leases.RETRY_AFTER, now=now, killed=True)
            return
        log.info("prepare.unusable", attempt=attempt.public_id, code=error.code)
        inputs = workflow.decision_inputs(attempt)
        decided = decision.unusable(error.code, inputs.terms, inputs.history)
        got = decision.traced(inputs.terms, inputs.history)
        workflow.conclude(attempt, decided, now=now, code=error.code, got=got)
    except storage.IntegrityError as error:
        log.error("prepare.evidence_lost", attempt=attempt.public_id, reason=error.code)
        workflow.give_up(attempt, error.code, now=now)


def _prepare(attempt: VerificationAttempt, now: datetime) -> None:
    prepared = _prepared(attempt, storage.read(attempt.original_name, sha256=attempt.original_sha256))
    lineage = {name: value for name, value in asdict(prepared).items() if name != "mp4"}
    request_sha256 = _request_sha256(attempt, prepared.mp4)
    with storage.dropped_on_error(attempt.verification.applicant) as store:
        normalised = store("video", prepared.mp4)
        with transaction.atomic(durable=True):
            workflow.advance(
                attempt,
                AttemptStatus.READY,
                normalised_name=normalised.name,
                normalised_sha256=normalised.sha256,
                normalised_size=normalised.size,
                request_sha256=request_sha256,
                facts={**attempt.facts, "prepared": lineage},
            )
            hashes = {"original_sha256": attempt.original_sha256, "normalised_sha256": normalised.sha256}
            if attempt.is_smaller_copy:
                hashes["smaller_because"] = attempt.facts["smaller_because"]
            audit.record("attempt.prepared", by=audit.By.system(), subject=attempt, at=now, **hashes)
            doorbell.ring(doorbell.ASSESS, attempt.public_id)


def _request_sha256(attempt: VerificationAttempt, mp4: bytes) -> str:
    """The hash of the request to come: by it alone, the one pass that signs the request proves photo and recording.

    "" if the photo can't be read now, or the request breaks a limit of the vendor: then it is found out when it is
    sent.
    """
    document = attempt.document
    if document is None:
        return ""
    try:
        with storage.open_unchecked(document.normalised_name) as photo:
            sha256 = document.normalised_sha256
            body = liveness.RequestBody(
                photo, mp4, mode=attempt.mode, actions=attempt.actions, photo_sha256=sha256
            )
            try:
                return body.sha256_hex()
            finally:
                body.release()
    except (storage.IntegrityError, liveness.Rejected, OSError) as error:
        log.info("prepare.request_not_hashed", attempt=attempt.public_id, error=type(error).__name__)
        return ""


def _prepared(attempt: VerificationAttempt, recording: bytes) -> media.NormalisedVideo:
    """A copy for the vendor, of half the size of the one that it did not take."""
    if attempt.is_smaller_copy:
        return media.shrink_video(recording, attempt.normalised_size // 2)
    # An attempt that an earlier version received lacks the number of pictures.
    pictures = attempt.facts.get("pictures", 0)
    return media.prepare_video(recording, pictures, attempt.facts["recorded"]["pixel_format"])
