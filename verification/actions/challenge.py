"""Issuing a challenge: the server decides what the person is asked to do, just before the recording starts."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from verification import audit, links, workflow
from verification.evidence import challenges, upload_parts
from verification.models import Document, Verification, VerificationAttempt
from verification.states import MOVEMENTS, AttemptStatus, Mode, Status

# There are only twelve pairs of movements: enough challenges for bad luck, too few to wait for a prepared clip's pair.
MAX_PER_HOUR = 6


class NotCollecting(workflow.IllegalMove):
    """The case is not waiting for a recording."""


class PhotoMissing(Exception):
    """There is no ID photo to compare with yet."""


class TooManyRecordings(Exception):
    """Too many challenges were issued in the last hour."""


@dataclass(frozen=True)
class Challenge:
    """The attempt it belongs to, and the nonce that its recording must come with."""

    attempt: VerificationAttempt
    nonce: str


def issue(verification: Verification, *, now: datetime) -> Challenge:
    """A fresh challenge; an open one is abandoned. Raises NotCollecting, PhotoMissing, TooManyRecordings or
    links.OtherBrowser."""
    issued, abandoned = _issue(verification, now)
    for attempt in abandoned:
        upload_parts.forget(attempt)
    return issued


@transaction.atomic(durable=True)
def _issue(verification: Verification, now: datetime) -> tuple[Challenge, list[VerificationAttempt]]:
    locked = Verification.objects.locked(verification.pk)
    links.check_still_with(verification, locked)
    document = _check_ready(locked, now)
    abandoned = _abandon_open(locked, now)
    nonce = links.new_token()
    last = locked.attempts.aggregate(last=Max("number"))["last"] or 0
    attempt = VerificationAttempt.objects.create(
        verification=locked,
        number=last + 1,
        mode=locked.mode,
        actions=_random_movements(locked.policy.action_count) if locked.mode == Mode.ACTION else "",
        nonce_sha256=links.token_hash(nonce),
        browser_hash=locked.browser_hash,
        issued_at=now,
        expires_at=now + challenges.LIFETIME,
        document=document,
    )
    Verification.objects.filter(pk=locked.pk).update(hint="")
    facts = {"number": attempt.number, "mode": attempt.mode, "actions": attempt.actions}
    by = audit.By.applicant(locked.applicant.public_id)
    audit.record(
        "challenge.issued", by=by, subject=attempt, at=now, nonce_sha256=attempt.nonce_sha256, **facts
    )
    return Challenge(attempt, nonce), abandoned


def _check_ready(verification: Verification, now: datetime) -> Document:
    if verification.status != Status.COLLECTING:
        raise NotCollecting(f"A {verification.status} case takes no recording.")
    document = verification.documents.current().first()
    if document is None:
        raise PhotoMissing("There is no ID photo yet.")
    # Another browser with a copy of the link uses up nothing of this one's.
    own = verification.attempts.filter(browser_hash=verification.browser_hash)
    if own.filter(issued_at__gt=now - timedelta(hours=1)).count() >= MAX_PER_HOUR:
        raise TooManyRecordings("Too many recordings were begun in the last hour.")
    return document


def _abandon_open(verification: Verification, now: datetime) -> list[VerificationAttempt]:
    by = audit.By.applicant(verification.applicant.public_id)
    abandoned = list(verification.attempts.filter(status=AttemptStatus.ISSUED))
    for attempt in abandoned:
        workflow.advance(attempt, AttemptStatus.ABANDONED)
        audit.record("challenge.abandoned", by=by, subject=attempt, at=now, number=attempt.number)
    return abandoned


def _random_movements(count: int) -> str:
    """`count` different movements in random order, as the vendor writes them: "4,2"."""
    return ",".join(secrets.SystemRandom().sample(sorted(MOVEMENTS), count))
