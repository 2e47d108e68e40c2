"""Writes the photo and the video that the vendor gets, of one prepared attempt. Runs inside a portal."""

from pathlib import Path

from verification import storage
from verification.models import VerificationAttempt


def main(photo: str, video: str) -> None:
    attempt = VerificationAttempt.objects.exclude(normalised_name="").select_related("document").first()
    document = attempt.document
    Path(photo).write_bytes(storage.read(document.normalised_name, sha256=document.normalised_sha256))
    Path(video).write_bytes(storage.read(attempt.normalised_name, sha256=attempt.normalised_sha256))
