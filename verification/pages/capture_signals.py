"""Parses what the browser reports about its recording, and drops everything that is not asked for.

A browser can claim anything, so no decision uses these signals; reviewers read them as hints. Only known keys with
values of the right type are stored.
"""

import json
from typing import Any

from verification.states import MOVEMENTS

TEXTS = {"mime": 100, "camera": 200}
NUMBERS = {"bytes", "chunks", "duration_ms", "start_event_ms"}
GROUPS = {"track": {"width", "height", "frame_rate"}, "screen": {"width", "height", "ratio"}}
PROMPTS = {*MOVEMENTS.values(), "hold_still"}
MAX_PROMPTS = 4
MAX_NUMBER = 1e9


class UnreadableSignals(ValueError):
    """Not a JSON object."""


def read(text: str) -> dict[str, Any]:
    """The known signals in `text`, which is a JSON object or empty. Raises UnreadableSignals."""
    if not text:
        return {}
    try:
        signals = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise UnreadableSignals("not JSON") from error
    if not isinstance(signals, dict):
        raise UnreadableSignals("not an object")
    return _known(signals)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _known(signals: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {
        key: _text(signals[key], longest)
        for key, longest in TEXTS.items()
        if isinstance(signals.get(key), str)
    }
    known |= {key: signals[key] for key in sorted(NUMBERS) if _is_number(signals.get(key))}
    for group, keys in GROUPS.items():
        inside = signals.get(group)
        if isinstance(inside, dict):
            known[group] = {key: inside[key] for key in sorted(keys) if _is_number(inside.get(key))}
    if isinstance(signals.get("webdriver"), bool):
        known["webdriver"] = signals["webdriver"]
    prompts = signals.get("prompts")
    if isinstance(prompts, list):
        known["prompts"] = [_prompt(entry) for entry in prompts[:MAX_PROMPTS] if _is_prompt(entry)]
    return known


def _text(value: str, longest: int) -> str:
    """Printable characters only: PostgreSQL refuses NUL, and control characters can garble a reviewer's screen."""
    return "".join(character for character in value[:longest] if character.isprintable())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER


def _is_prompt(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("action"), str):
        return False
    return entry["action"] in PROMPTS and _is_number(entry.get("at"))


def _prompt(entry: dict[str, Any]) -> dict[str, Any]:
    return {"action": entry["action"], "at": entry["at"]}
