"""Whether a recording answers a challenge: it names one of its case, knows its nonce, and comes in time and once.

This module does not know how the recording arrives, or what becomes of it.
"""

import secrets
from datetime import datetime, timedelta

from verification import links
from verification.models import Verification, VerificationAttempt
from verification.states import AttemptStatus

# From its issue until the recording, or its first part, must arrive.
LIFETIME = timedelta(seconds=90)


class UnknownChallenge(Exception):
    """No challenge of this case has that id and nonce."""


class ChallengeExpired(Exception):
    """The recording came after the challenge expired."""


class AlreadySubmitted(Exception):
    """The challenge was used before."""


def named(
    verification: Verification, attempt_id: str, nonce: str, *, lock: bool = False
) -> VerificationAttempt:
    """The attempt of that id and nonce, whatever its status; UnknownChallenge if this browser was given none."""
    attempts = VerificationAttempt.objects.filter(
        verification=verification,
        public_id=attempt_id,
        browser_hash__in=["", verification.browser_hash],
    )
    attempt = (attempts.select_for_update(of=("self",)) if lock else attempts).first()
    if attempt is None or not secrets.compare_digest(attempt.nonce_sha256, links.token_hash(nonce)):
        raise UnknownChallenge("No such challenge.")
    return attempt


def check_open(attempt: VerificationAttempt, *, now: datetime, until: datetime | None = None) -> None:
    """Raises ChallengeExpired or AlreadySubmitted; `until` replaces the challenge's own end."""
    over = now >= (until or attempt.expires_at)
    if attempt.submitted_at is None and (attempt.status == AttemptStatus.ABANDONED or over):
        raise ChallengeExpired("The challenge has run out.")
    if attempt.status != AttemptStatus.ISSUED:
        raise AlreadySubmitted("The recording was sent before.")
