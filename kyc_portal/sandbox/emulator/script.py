"""The answers to the next calls: a queue of steps that tests and people fill, and the default where it is empty.

It does not know how a step is carried out, only which steps there are.
"""

import math
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from threading import Lock

from kyc_portal.sandbox.emulator.accounts import is_whole
from kyc_portal.sandbox.emulator.answers import SUCCESS
from kyc_portal.sandbox.emulator.faults import NAMES
from kyc_portal.sandbox.emulator.presets import PRESETS

MAX_STEPS = 1_000
MAX_TIMES = 10_000
MAX_LATENCY_MS = 600_000

_ERROR_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,119}")


class BadScript(ValueError):
    """The script can't be carried out; the message is a sentence for its author."""


@dataclass(frozen=True)
class Step:
    """One kind of answer, for the next `times` well-signed calls."""

    result: str = SUCCESS
    sim: float | None = None
    error: str | None = None
    latency_ms: int | None = None
    fault: str | None = None
    times: int = 1


DEFAULT = Step()


class ScriptQueue:
    """`default` answers the calls for which nothing is queued."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._steps: deque[Step] = deque()
        self.default = DEFAULT

    def add(self, step: Step) -> None:
        with self._lock:
            if len(self._steps) >= MAX_STEPS:
                raise BadScript(f"The queue already holds {MAX_STEPS} scripts.")
            self._steps.append(step)

    def take(self) -> Step:
        """The step for one call."""
        with self._lock:
            if not self._steps:
                return self.default
            step = self._steps.popleft()
            if step.times > 1:
                self._steps.appendleft(replace(step, times=step.times - 1))
            return step

    def clear(self) -> None:
        with self._lock:
            self._steps.clear()

    def snapshot(self) -> list[dict[str, object]]:
        with self._lock:
            return [asdict(step) for step in self._steps]


def parse_step(given: Mapping[str, object]) -> Step:
    _check_values(given)
    if given.keys() >= {"result", "error"}:
        raise BadScript("A call is answered with a result or with an error, not with both.")
    if given.keys() >= {"error", "sim"}:
        raise BadScript("An error has no sim.")
    if "preset" not in given:
        return Step(**given)  # type: ignore[arg-type]  # each value has just been checked
    for name in sorted(given.keys() & {"result", "error", "fault"}):
        raise BadScript(f"A preset is an answer already: it goes with no {name}.")
    rest = {name: value for name, value in given.items() if name != "preset"}
    return parse_step({**PRESETS[str(given["preset"])].step, **rest})


def parse_default(given: Mapping[str, object]) -> Step:
    if "times" in given:
        raise BadScript("The default stays until it is changed: it has no times.")
    return parse_step(given)


def _check_values(given: Mapping[str, object]) -> None:
    for name in sorted(given.keys() - CHECKS.keys()):
        raise BadScript(f"Unknown key {name[:40]!r}: a script has {', '.join(CHECKS)}.")
    for name, value in given.items():
        ok, rule = CHECKS[name]
        if not ok(value):
            raise BadScript(f"{name} must be {rule}.")


def _is_result(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 200


def _is_sim(value: object) -> bool:
    # Values outside of 0 to 100 are allowed, so that tests see clients refuse them. NaN has its own fault.
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_error(value: object) -> bool:
    return isinstance(value, str) and _ERROR_CODE.fullmatch(value) is not None


CHECKS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "preset": (
        lambda value: isinstance(value, str) and value in PRESETS,
        "a name that GET /_emulator/presets lists",
    ),
    "result": (_is_result, "a string of at most 200 characters"),
    "sim": (_is_sim, "a finite number"),
    "error": (_is_error, "an Error.Code such as UnauthorizedOperation.Arrears"),
    "latency_ms": (
        lambda value: is_whole(value, 0, MAX_LATENCY_MS),
        f"a whole number of 0 to {MAX_LATENCY_MS}",
    ),
    "fault": (lambda value: isinstance(value, str) and value in NAMES, f"one of {', '.join(NAMES)}"),
    "times": (lambda value: is_whole(value, 1, MAX_TIMES), f"a whole number of 1 to {MAX_TIMES}"),
}
