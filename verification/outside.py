"""Asks what may hang: each question has a thread of its own, and whoever asks waits no longer than they say.

A question that hangs is not asked a second time: the next look waits for the same one, so threads don't pile up.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Question(Generic[T]):
    """One that is asked in a thread. `answer` is None until then, and if it failed; `earlier` is the answer before."""

    def __init__(self, name: str, probe: Callable[[], T], earlier: T | None = None) -> None:
        self.earlier = earlier
        self.answered = threading.Event()
        self.answer: T | None = None
        threading.Thread(target=self._ask, args=(name, probe), name=f"outside {name}", daemon=True).start()

    def _ask(self, name: str, probe: Callable[[], T]) -> None:
        try:
            self.answer = probe()
        except Exception as error:
            # Whoever asks goes on without an answer: a page about what is broken must not break.
            log.warning("outside.probe_failed", probe=name, error=type(error).__name__)
        finally:
            self.answered.set()


# By name: two askers that use one name get one answer.
_asked: dict[str, Question[Any]] = {}
_lock = threading.Lock()


def ask(probes: Mapping[str, Callable[[], T]]) -> dict[str, Question[T]]:
    with _lock:
        for name, probe in probes.items():
            before = _asked.get(name)
            if before is None or before.answered.is_set():
                _asked[name] = Question(name, probe, before.answer if before else None)
        return {name: _asked[name] for name in probes}


def answers(asked: Mapping[str, Question[T]], seconds: float) -> dict[str, T | None]:
    """What was answered within so many seconds; None for the others."""
    until = time.monotonic() + seconds
    for question in asked.values():
        question.answered.wait(max(0, until - time.monotonic()))
    return {name: question.answer for name, question in asked.items()}
