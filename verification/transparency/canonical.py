"""Canonical JSON (RFC 8785): one text for one value, so that its hash can be checked by anybody.

Numbers are integers that every language holds exactly. Others become text, so no rule for fractions is needed.
"""

import json
from typing import Any, Final

MAX_INTEGER: Final = 2**53 - 1
_LAST_OF_ONE_UNIT: Final = "\uffff"

_sorted: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode
_as_it_is: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Any) -> bytes:
    """`value` consists of objects, lists, text, numbers, booleans and null. Half a surrogate pair is escaped."""
    value = _without_fractions(value)
    text = _sorted(value)
    if max(text) > _LAST_OF_ONE_UNIT:  # by code units, such a character comes earlier than by its number
        text = _as_it_is(_in_order(value))
    return text.encode("utf-8", "backslashreplace")


def _without_fractions(value: Any) -> Any:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is dict:
        return {key: _without_fractions(each) for key, each in value.items()}
    if kind is list or kind is tuple:
        return [_without_fractions(each) for each in value]
    if kind is float or abs(value) > MAX_INTEGER:
        return str(value)
    return value


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value, key=_code_units)}
    return [_in_order(each) for each in value] if isinstance(value, list) else value


def _code_units(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")
