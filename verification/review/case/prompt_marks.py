"""Where on a recording's time bar each movement was asked for.

Pure: reads what the capture page said and what the file was measured to be. The page can claim anything, so a mark is
a place to look at, never a finding.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from verification.review import labels
from verification.states import MOVEMENTS

_CODES = {name: code for code, name in MOVEMENTS.items()}


class Mark(TypedDict):
    """`at` in seconds into the recording, `percent` of its length as CSS reads it."""

    label: str
    at: float
    percent: str


def marks(signals: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Mark]:
    """The prompts in the order of their times; none if the length is unknown, and without those beyond the end."""
    length = duration(facts)
    if not length:
        return []
    # The page counts from when it asked for a recording; the first picture came when that really began.
    began = float(signals.get("start_event_ms") or 0)
    placed = [
        (max(0.0, (float(prompt["at"]) - began) / 1000), prompt["action"])
        for prompt in signals.get("prompts", [])
    ]
    return [_mark(action, at, length) for at, action in sorted(placed) if at < length]


def duration(facts: Mapping[str, Any]) -> float:
    """Seconds of the recording as it can be played, else as it was uploaded, else 0."""
    prepared = facts.get("prepared", {}).get("facts", {})
    recorded = facts.get("recorded", {})
    return float(prepared.get("duration") or recorded.get("duration") or 0)


def _mark(action: str, at: float, length: float) -> Mark:
    name = labels.label(labels.MOVEMENTS, _CODES[action]) if action in _CODES else action.replace("_", " ")
    return {"label": name, "at": round(at, 3), "percent": f"{100 * at / length:.1f}"}
