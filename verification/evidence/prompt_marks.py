"""Marks on the time bar of a recording where each movement was prompted.

Pure functions of the browser's signals and the measured file. A browser can claim anything, so a mark only tells the
reviewer where to look.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from verification import labels
from verification.states import MOVEMENTS

_CODES = {name: code for code, name in MOVEMENTS.items()}


class Mark(TypedDict):
    """`at` in seconds from the start of the recording, `percent` of its length as a CSS value."""

    label: str
    at: float
    percent: str


def marks(signals: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Mark]:
    """The prompts by time, without those after the end; empty if the length is unknown."""
    length = duration(facts)
    if not length:
        return []
    # The page counts from its call of MediaRecorder.start(); the recording begins with the start event.
    began = float(signals.get("start_event_ms") or 0)
    placed = [
        (max(0.0, (float(prompt["at"]) - began) / 1000), prompt["action"])
        for prompt in signals.get("prompts", [])
    ]
    return [_mark(action, at, length) for at, action in sorted(placed) if at < length]


def duration(facts: Mapping[str, Any]) -> float:
    """Seconds of the normalised recording, else of the uploaded one, else 0."""
    prepared = facts.get("prepared", {}).get("facts", {})
    recorded = facts.get("recorded", {})
    return float(prepared.get("duration") or recorded.get("duration") or 0)


def _mark(action: str, at: float, length: float) -> Mark:
    name = labels.label(labels.MOVEMENTS, _CODES[action]) if action in _CODES else action.replace("_", " ")
    return {"label": name, "at": round(at, 3), "percent": f"{100 * at / length:.1f}"}
