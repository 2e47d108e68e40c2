"""Canonical JSON: one text for one value."""

import json
from typing import Any

import pytest

from verification.transparency.canonical import canonical


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        # RFC 8785, section 3.2.3: by UTF-16 code units, so a pair of surrogates comes before U+FB33.
        (
            {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7},
            '{"\\r":2,"1":4,"\x80":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}',
        ),
        ('\x0f\n\t"\\/\u20ac\x7f', '"\\u000f\\n\\t\\"\\\\/\u20ac\x7f"'),
        ({"z": {"b": 1, "a": 2}}, '{"z":{"a":2,"b":1}}'),
        # No rule for fractions and large numbers is needed, because they become text.
        (0.1, '"0.1"'),
        (2**53, '"9007199254740992"'),
        (2**53 - 1, "9007199254740991"),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_a_value_is_written_in_one_way(value: Any, text: str) -> None:
    assert canonical(value) == text.encode()


def test_what_is_written_is_read_again() -> None:
    value = {"at": "2026-11-23", "n": 3, "nested": [{"k": "\ud800\u20ac"}]}
    assert json.loads(canonical(value)) == value
