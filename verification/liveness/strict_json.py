"""Reads JSON the way a decision about a person needs it: one meaning or none.

The standard reader lets the last of two equal keys win, takes NaN and turns 1e999 into infinity. Each of
those lets two readers of one answer disagree, so here they are refused. It knows nothing of the vendor.
"""

import json
import math
from decimal import Decimal
from typing import NoReturn

MAX_NUMBER = 24  # characters; a similarity needs six, and nothing else in an answer is a number
MAX_EXPONENT = 400  # a double's own is at most 324


class NotStrict(ValueError):
    """The bytes are not one strict JSON object; `reason` is a snake_case word and holds none of them."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_object(raw: bytes) -> dict[str, object]:
    """The single JSON object that `raw` is, numbers with a point as Decimal; raises NotStrict.

    The error is raised outside the except blocks on purpose: the library's own errors keep the whole text
    in `.doc` and `.object`, and as a context they would carry it into logs.
    """
    try:
        value: object = _DECODER.decode(raw.decode("utf-8"))
        reason = "not_an_object"
    except UnicodeDecodeError:
        value, reason = None, "not_utf8"
    except RecursionError:
        value, reason = None, "too_deep"
    except NotStrict as error:
        value, reason = None, error.reason
    except json.JSONDecodeError:
        value, reason = None, "not_json"
    if isinstance(value, dict):
        return value
    raise NotStrict(reason)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise NotStrict("duplicate_key")
    return unique


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER:
        raise NotStrict("number_too_long")
    return int(text)


def _decimal(text: str) -> Decimal:
    # Decimal keeps 79.99999999999999999 below 80, where a float would round it up to a pass.
    if len(text) > MAX_NUMBER:
        raise NotStrict("number_too_long")
    if not math.isfinite(float(text)):
        raise NotStrict("number_out_of_range")
    # Nor below: Decimal has exponents too small for itself, and others that nobody can calculate with.
    if not -MAX_EXPONENT < int(text.lower().partition("e")[2] or 0) < MAX_EXPONENT:
        raise NotStrict("number_out_of_range")
    return Decimal(text)


def _constant(_: str) -> NoReturn:
    raise NotStrict("not_a_number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)
