"""A media child that is killed over a recording: an answer, never a dead worker, and after three a person looks."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOW, Road
from verification import media
from verification.actions import prepare
from verification.models import VerificationAttempt
from verification.states import AttemptStatus, Status


@pytest.fixture
def submitted(road: Road) -> VerificationAttempt:
    return road.submit(road.with_photo())


def kill_children(monkeypatch: Any, code: str) -> None:
    def killed(data: bytes) -> media.NormalisedVideo:
        raise media.UnusableMedia(code)

    monkeypatch.setattr(media, "prepare_video", killed)


@pytest.mark.parametrize("code", sorted(prepare.KILLS))
def test_three_kills_for_one_recording_end_with_a_person(
    submitted: VerificationAttempt, monkeypatch: Any, code: str
) -> None:
    kill_children(monkeypatch, code)
    for tries in range(4):
        submitted.refresh_from_db()
        assert submitted.status == AttemptStatus.SUBMITTED
        prepare.prepare(submitted.public_id, now=NOW + tries * timedelta(minutes=1))
    submitted.refresh_from_db()
    case = submitted.verification
    assert (submitted.status, submitted.counted) == (AttemptStatus.FINISHED, False)
    assert (case.status, case.reasons) == (Status.IN_REVIEW, ["cannot_process"])


def test_a_child_killed_once_costs_nobody_anything(submitted: VerificationAttempt, monkeypatch: Any) -> None:
    with monkeypatch.context() as patched:
        kill_children(patched, "media_timeout")
        prepare.prepare(submitted.public_id, now=NOW)
    prepare.prepare(submitted.public_id, now=NOW + timedelta(seconds=10))
    submitted.refresh_from_db()
    assert submitted.status == AttemptStatus.SUBMITTED  # not so soon
    prepare.prepare(submitted.public_id, now=NOW + timedelta(seconds=20))
    submitted.refresh_from_db()
    assert submitted.status == AttemptStatus.READY
