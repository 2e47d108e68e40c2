"""What a browser says about its recording, cut down to what is asked for.

A browser can claim anything, so nothing is decided by it: a reviewer may read it, and knows that. Only known keys of
the right type are kept, so that nothing else finds its way into the record.
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
    """The known signals in `text`, a JSON object or nothing."""
    if not text:
        return {}
    try:
        said = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise UnreadableSignals("not JSON") from error
    if not isinstance(said, dict):
        raise UnreadableSignals("not an object")
    return _known(said)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _known(said: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {
        key: _text(said[key], most) for key, most in TEXTS.items() if isinstance(said.get(key), str)
    }
    known |= {key: said[key] for key in sorted(NUMBERS) if _is_number(said.get(key))}
    for group, keys in GROUPS.items():
        inside = said.get(group)
        if isinstance(inside, dict):
            known[group] = {key: inside[key] for key in sorted(keys) if _is_number(inside.get(key))}
    if isinstance(said.get("webdriver"), bool):
        known["webdriver"] = said["webdriver"]
    prompts = said.get("prompts")
    if isinstance(prompts, list):
        known["prompts"] = [_prompt(entry) for entry in prompts[:MAX_PROMPTS] if _is_prompt(entry)]
    return known


def _text(value: str, most: int) -> str:
    """Printable characters only: a database may refuse others, a reviewer's screen should."""
    return "".join(character for character in value[:most] if character.isprintable())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER


def _is_prompt(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("action"), str):
        return False
    return entry["action"] in PROMPTS and _is_number(entry.get("at"))


def _prompt(entry: dict[str, Any]) -> dict[str, Any]:
    return {"action": entry["action"], "at": entry["at"]}
