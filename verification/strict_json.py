"""Reads bytes as one JSON object with one meaning, or refuses them.

The standard reader lets the last of two equal keys win, takes NaN, turns 1e999 into infinity and nests as deep as the
stack. Two readers of the same bytes may then disagree, so all of these are refused. The limits are the caller's. This
module knows no HTTP, no Django and no field.
"""

import json
import math
from collections.abc import Callable
from typing import Literal, NoReturn

Reason = Literal[
    "not_utf8",
    "not_json",
    "not_an_object",
    "too_deep",
    "duplicate_key",
    "number_too_long",
    "number_out_of_range",
    "not_a_number",
]


class NotStrict(ValueError):
    """The bytes are not one strict JSON object; `reason` holds none of them."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def read_object(
    raw: bytes, *, max_depth: int, max_number: int, fraction: Callable[[str], object] = float
) -> dict[str, object]:
    """The one JSON object that the UTF-8 `raw` is.

    `max_depth` counts levels, that of the outermost object included; `max_number` counts the characters of a number.
    `fraction` builds a number with a point or an exponent and may raise NotStrict; it is given finite ones only.

    Raises NotStrict, and outside the except blocks: the library's own errors hold the whole text, and as a context
    they would carry it into logs.
    """
    reason: Reason = "not_an_object"
    try:
        value: object = _decoder(max_number, fraction).decode(raw.decode("utf-8"))
        _check_depth(value, max_depth)
    except UnicodeDecodeError:
        reason = "not_utf8"
    except RecursionError:
        reason = "too_deep"
    except NotStrict as error:
        reason = error.reason
    except json.JSONDecodeError:
        reason = "not_json"
    else:
        if isinstance(value, dict):
            return value
    raise NotStrict(reason)


def _decoder(max_number: int, fraction: Callable[[str], object]) -> json.JSONDecoder:
    def read_integer(text: str) -> int:
        _check_length(text, max_number)
        return int(text)

    def read_fraction(text: str) -> object:
        _check_length(text, max_number)
        if not math.isfinite(float(text)):
            raise NotStrict("number_out_of_range")
        return fraction(text)

    return json.JSONDecoder(
        object_pairs_hook=_unique,
        parse_int=read_integer,
        parse_float=read_fraction,
        parse_constant=_refuse_constant,
    )


def _check_length(number: str, max_number: int) -> None:
    if len(number) > max_number:
        raise NotStrict("number_too_long")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise NotStrict("duplicate_key")
    return unique


def _refuse_constant(_: str) -> NoReturn:
    raise NotStrict("not_a_number")


def _check_depth(value: object, max_depth: int) -> None:
    """Walk level by level, so that depth costs no stack."""
    level = [value]
    for _ in range(max_depth):
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return
    raise NotStrict("too_deep")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
