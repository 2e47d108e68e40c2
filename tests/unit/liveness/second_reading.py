"""A second parser of answers, which shares no code with the tested one."""

import json
from decimal import Decimal, InvalidOperation


class Number(str):
    """A number of the answer, as its text."""


class Pairs(list[tuple[str, object]]):
    """An object of the answer, with duplicate names."""


def second_reading(raw: bytes) -> object:
    def refuse(word):
        raise ValueError(word)

    return json.loads(
        raw.decode("utf-8"),
        object_pairs_hook=Pairs,
        parse_int=Number,
        parse_float=Number,
        parse_constant=refuse,
    )


def says_all_once(value: object) -> bool:
    if isinstance(value, Pairs):
        names = [name for name, _ in value]
        return len(names) == len(set(names)) and all(says_all_once(inner) for _, inner in value)
    return not isinstance(value, list) or all(says_all_once(inner) for inner in value)


def is_genuine(raw: bytes) -> bool:
    try:
        whole = second_reading(raw)
    except (ValueError, RecursionError):
        return False
    if (
        not isinstance(whole, Pairs)
        or not says_all_once(whole)
        or [name for name, _ in whole] != ["Response"]
    ):
        return False
    response = whole[0][1]
    if not isinstance(response, Pairs):
        return False
    given = dict(response)
    request_id = given.get("RequestId")
    return (
        "Error" not in given
        and type(given.get("Result")) is str
        and given["Result"] == "Success"
        and in_range(given.get("Sim"))
        and type(request_id) is str
        and request_id != ""
        and request_id.isascii()
        and (given.get("Description") is None or type(given["Description"]) is str)
    )


def in_range(sim: object) -> bool:
    try:
        return isinstance(sim, Number) and Decimal(70) <= Decimal(sim) <= Decimal(100)
    except InvalidOperation:
        return False
