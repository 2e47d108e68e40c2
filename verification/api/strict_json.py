"""Reads a request body as JSON with one meaning, or refuses it with a stable code.

The standard reader lets the last of two equal keys win, takes NaN, turns 1e999 into infinity and passes on
text that no database column takes. It knows neither HTTP nor the fields: only bytes in, one object out.
"""

import json
import math
from collections.abc import Iterator
from typing import NoReturn

MAX_DEPTH = 32  # levels, that of the outermost object included
MAX_NUMBER = 40  # characters


class NotStrict(ValueError):
    """The bytes are not one strict JSON object; `code` says why and holds none of them."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_object(raw: bytes) -> dict[str, object]:
    """The one JSON object that `raw` is; a leading byte order mark is tolerated.

    The refusal is raised outside the except blocks: the library's own errors keep the whole text, and as a
    context they would carry it into logs.
    """
    code = "invalid_body"
    value: object = None
    try:
        value = _DECODER.decode(raw.decode("utf-8-sig"))
        _check(value)
    except UnicodeDecodeError:
        code = "invalid_encoding"
    except RecursionError:
        code = "too_deep"
    except json.JSONDecodeError:
        code = "invalid_json" if raw.strip() else "invalid_body"
    except NotStrict as refused:
        code = refused.code
    else:
        if isinstance(value, dict):
            return value
    raise NotStrict(code)


def _check(value: object) -> None:
    for text in _texts(value):
        if "\x00" in text:
            raise NotStrict("invalid_character")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise NotStrict("invalid_unicode")


def _texts(value: object) -> Iterator[str]:
    """Every key and every string of `value`, level by level so that depth costs no stack."""
    level = [value]
    for _ in range(MAX_DEPTH):
        yield from (item for item in level if isinstance(item, str))
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return
    raise NotStrict("too_deep")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return list(value) if isinstance(value, list) else []


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise NotStrict("duplicate_key")
    return unique


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER:
        raise NotStrict("invalid_number")
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if len(text) > MAX_NUMBER or not math.isfinite(number):
        raise NotStrict("invalid_number")
    return number


def _constant(_: str) -> NoReturn:
    raise NotStrict("invalid_number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
