"""The body of a request to the vendor, from the evidence of an attempt: the same evidence makes the same bytes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from verification import liveness, storage
from verification.jobs.one_by_one import OneByOne
from verification.models import VerificationAttempt

# It is all processor time: threads that hash at once take a third longer each.
_hashing = OneByOne()


@contextmanager
def of(attempt: VerificationAttempt) -> Iterator[liveness.RequestBody]:
    """The body, streamed from the evidence; hashed once beforehand, and refused if the evidence changed.

    Raises storage.IntegrityError (KeyDestroyed among them), liveness.Rejected or OSError.
    """
    document = attempt.document
    if document is None:
        raise storage.IntegrityError("The attempt has no ID photo.")
    key = attempt.verification.applicant.data_key
    with ExitStack() as files:
        photo = files.enter_context(storage.open_unchecked(document.normalised_name, key))
        video = files.enter_context(storage.open_unchecked(attempt.normalised_name, key))
        body = liveness.RequestBody(
            photo,
            video,
            mode=attempt.mode,
            actions=attempt.actions,
            photo_sha256=document.normalised_sha256,
            video_sha256=attempt.normalised_sha256,
            sha256=attempt.request_sha256 or None,
        )
        files.callback(body.release)
        with _hashing:
            body.sha256_hex()
        yield body
