"""Asks what may hang: each question has a thread of its own, and whoever asks waits no longer than they say.

A question that hangs is not asked a second time: the next look waits for the same one, so threads don't pile up.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from verification.health.fact import Fact

log = structlog.get_logger(__name__)

Probe = Callable[[datetime], list[Fact]]


class Question:
    """One that is asked in a thread. `answer` is None until then, and if it failed; `earlier` is the answer before."""

    def __init__(self, name: str, probe: Probe, now: datetime, earlier: list[Fact] | None = None) -> None:
        self.earlier = earlier
        self.answered = threading.Event()
        self.answer: list[Fact] | None = None
        threading.Thread(
            target=self._ask, args=(name, probe, now), name=f"health {name}", daemon=True
        ).start()

    def _ask(self, name: str, probe: Probe, now: datetime) -> None:
        try:
            self.answer = probe(now)
        except Exception as error:
            # A page about what is broken must not break: the line then says that nothing is known.
            log.warning("health.probe_failed", probe=name, error=type(error).__name__)
        finally:
            self.answered.set()


_asked: dict[str, Question] = {}
_lock = threading.Lock()


def ask(probes: Mapping[str, Probe], now: datetime) -> dict[str, Question]:
    with _lock:
        for name, probe in probes.items():
            before = _asked.get(name)
            if before is None or before.answered.is_set():
                _asked[name] = Question(name, probe, now, before.answer if before else None)
        return {name: _asked[name] for name in probes}


def answers(asked: Mapping[str, Question], seconds: float) -> dict[str, list[Fact] | None]:
    """What was answered within so many seconds; None for the others."""
    until = time.monotonic() + seconds
    for question in asked.values():
        question.answered.wait(max(0, until - time.monotonic()))
    return {name: question.answer for name, question in asked.items()}
