"""The challenge: random, bound to its case, valid once and for a limited time."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOW, Road, clip, photo
from tests.flow.races import meanwhile
from verification import media, storage
from verification.actions import challenge, document, submit
from verification.evidence import challenges
from verification.models import Verification
from verification.states import AttemptStatus


def test_a_challenge_runs_out_after_ninety_seconds(road: Road) -> None:
    verification = road.with_photo()
    drawn = challenge.issue(verification, now=NOW)
    with pytest.raises(challenges.ChallengeExpired):
        send(verification, drawn, now=NOW + timedelta(seconds=90))


def test_a_challenge_is_used_once(road: Road) -> None:
    verification = road.with_photo()
    drawn = challenge.issue(verification, now=NOW)
    send(verification, drawn)
    with pytest.raises(challenges.AlreadySubmitted):
        send(verification, drawn)


def test_a_challenge_of_another_case_is_unknown(road: Road) -> None:
    drawn = challenge.issue(road.with_photo(), now=NOW)
    with pytest.raises(challenges.UnknownChallenge):
        send(road.with_photo(), drawn)


def test_a_new_challenge_ends_the_open_one(road: Road) -> None:
    verification = road.with_photo()
    first = challenge.issue(verification, now=NOW)
    challenge.issue(verification, now=NOW)
    with pytest.raises(challenges.ChallengeExpired):
        send(verification, first)


def test_movements_can_not_be_drawn_until_they_suit(road: Road) -> None:
    verification = road.with_photo()
    for _ in range(challenge.MAX_PER_HOUR):
        challenge.issue(verification, now=NOW)
    with pytest.raises(challenge.TooManyRecordings):
        challenge.issue(verification, now=NOW)


def test_a_recording_that_is_no_video_leaves_the_challenge_open(road: Road) -> None:
    verification = road.with_photo()
    drawn = challenge.issue(verification, now=NOW)
    with pytest.raises(media.UnusableMedia):
        send(verification, drawn, recording=b"no video at all")
    assert send(verification, drawn).status == AttemptStatus.SUBMITTED


def send(verification: Verification, drawn: challenge.Challenge, **changes: Any) -> Any:
    options = {"recording": clip(), "signals": {}, "now": NOW, **changes}
    return submit.submit(verification, attempt_id=drawn.attempt.public_id, nonce=drawn.nonce, **options)


def test_a_photo_is_needed_before_a_recording(road: Road) -> None:
    with pytest.raises(challenge.PhotoMissing):
        challenge.issue(road.consented(), now=NOW)


def test_a_recording_that_lost_the_race_leaves_no_file(road: Road, monkeypatch: Any) -> None:
    verification = road.with_photo()
    drawn = challenge.issue(verification, now=NOW)
    key = storage.key_of(verification.applicant)
    before = len(storage.copies(key))

    def overtaken() -> None:
        send(verification, drawn, recording=clip(take=2))

    meanwhile(monkeypatch, submit, "_submit", overtaken)
    with pytest.raises(challenges.AlreadySubmitted):
        send(verification, drawn)
    assert len(storage.copies(key)) == before + 1


def test_a_link_is_no_way_to_fill_the_disk_with_photos(road: Road, monkeypatch: Any) -> None:
    monkeypatch.setattr(document, "MAX_PER_HOUR", 2)
    verification = road.with_photo()
    document.upload(verification, photo(), now=NOW)
    with pytest.raises(document.TooManyPhotos):
        document.upload(verification, photo(), now=NOW)
    document.upload(verification, photo(), now=NOW + timedelta(hours=1))
