"""Tries of a worker at an attempt. The portal and the vendor's emulator share one standing clock."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import NOW, VENDOR_CLOCK
from verification.actions import assess
from verification.evidence import best_frame
from verification.models import VerificationAttempt


def at(seconds: float) -> datetime:
    """So many seconds after the start of the test; sets the vendor's clock to it."""
    VENDOR_CLOCK.at = NOW + timedelta(seconds=seconds)
    return VENDOR_CLOCK.at


def judge(attempt: VerificationAttempt, seconds: float = 0) -> None:
    now = at(seconds)
    assess.assess(attempt.public_id, clock=lambda: now)
    attempt.refresh_from_db()


def judge_after_a_death(
    attempt: VerificationAttempt, monkeypatch: Any, module: Any = best_frame, step: str = "keep"
) -> None:
    """The worker dies at a step after the answer is in the ledger; another one goes on two minutes later."""

    def die(*args: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as dying:
        dying.setattr(module, step, die)
        with pytest.raises(MemoryError):
            judge(attempt)
    judge(attempt, 120)
