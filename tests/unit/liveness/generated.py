"""Strategies for malformed answers, for property tests.

They write the genuine answer piece by piece. Each piece may be odd: names, values, numbers, white space; or missing,
doubled or exchanged. Or they change, remove, insert or cut off bytes.
"""

import json
from collections.abc import Callable, Iterator
from itertools import product

from hypothesis import strategies as st

from tests.unit.liveness.answers import GENUINE
from verification.liveness import RULES

Fields = list[tuple[str, str]]

NUMBER_FORMS = """
    99.5 70 70.0 7e1 7E+1 700e-1 0.7e2 100 100.0 1e2 1E2 80 80.0 8e1 8.0E1 79.99999999999999999
    69 69.9 69.99999999999999999 6.9e1 0 -0 -0.0 0.0 0e0 1 -1 -80 100.0000001 100.00000000000000001 101 170 1e3
    1e300 1e999 -1e999 1e-999 1e9999999999999999999 1e-9999999999999999999 0e9999999999999999999 0e999999999
    0e-999999999999999999 NaN -NaN nan Infinity -Infinity inf 80. .8e2 080 +80 0x50 0o120 8_0 80,0 80f 80e 80e+
    8０ ８０ ८० 80% --80 1/2 99999999999999999999999999999 70.00000000000000000000000000 70.000000000000000000000
    "80" "80.0" "" "null" null true false [80] {"a":80} []
"""
NUMBERS = NUMBER_FORMS.split()
RESULTS = [
    '"Success"', '"Suc\\u0063ess"', '"success"', '"SUCCESS"', '"Success "', '" Success"', '"Success\\n"',
    '"Success\\u0000"', '"Success\\u200b"', '"\\ufeffSuccess"', '"Succe\\u017fs"', '"\u0405uccess"', '"\uff33uccess"',
    '"Suc\u0441ess"', '"Succe\u0301ss"', '"Succes"', '"Successs"', '"Success\\ud800"', '"Success,Success"',
    '["Success"]', '{"Result":"Success"}', "Success", "'Success'", '"true"', '""', "null", "true", "1", "99.5",
    '"FailedOperation.Success"', '"Success.LivessDetectFake"', '"NewCode.Foo"',
]  # fmt: skip
NAMES = [
    '"Result"', '"Sim"', '"RequestId"', '"Error"', '"Response"', '"Description"', '"BestFrameBase64"',
    '"result"', '"RESULT"', '"R\\u0065sult"', '"Result "', '"S\\u0131m"', '"sim"', '"Sim\\u0000"', '"Request\\u0049d"',
    '"requestid"', '"error"', '"Errors"', '"Other"', '""', '"__proto__"', "Result", "1", "null",
]  # fmt: skip
VALUES = [
    *NUMBERS, *RESULTS, *(json.dumps(code) for code in sorted(RULES)),
    '{"Code":"InternalError"}', '{"Code":"Success"}', '{"a":1,"a":1}', '[{"b":NaN}]', "{}", '"r"', '"a\tb"', '"a\\tb"',
    '"\\ud800"', '"\\x41"', "'r'", '"r', 'r"',
]  # fmt: skip
# Characters that are no JSON white space: one of them makes an answer invalid.
NO_SPACES = ["\u00a0", "\ufeff", "\x00", "\x0b", "\u2028", "/**/", ",", ":", '"', "}"]
SPACES = ["", " ", "\n\t", "\r\n"]
ODD_WRAPPINGS = [
    '{"response":{#}}', '{"Response":[{#}]}', '{"Response":{#},"a":1}', '{"Response":{},"Response":{#}}',
    '[{"Response":{#}}]', "{#}", '{"Response":{#}}{"Response":{#}}', '{"Response":{"Response":{#}}}',
    '{"a":{},"Response":{#}}', '{"Response":{#}};', '({"Response":{#}})', '{"Response":{#}}\x00',
    '{"Response":{#},}', '{"Response":{#,}}', '"{\\"Response\\":{#}}"', '{"Response":"{#}"}', '\ufeff{"Response":{#}}',
]  # fmt: skip
ODD_ENCODINGS = ["utf-16", "utf-16-le", "utf-32-be", "utf-8-sig", "utf-7"]
GENUINE_FIELDS: Fields = [(json.dumps(name), json.dumps(value)) for name, value in GENUINE.items()]


values = st.sampled_from(VALUES) | st.text(max_size=5).map(json.dumps)


def rendered(made: Fields, wrapping: str = '{"Response":{#}}') -> bytes:
    inner = ",".join(f"{name}:{value}" for name, value in made)
    return wrapping.replace("#", inner).encode("utf-8", "surrogatepass")


def with_one_odd_piece() -> Iterator[bytes]:
    """Each single oddity of `fields` and `answers`, one an answer."""
    yield from (rendered(GENUINE_FIELDS, wrapping) for wrapping in ODD_WRAPPINGS)
    yield from (rendered(GENUINE_FIELDS).decode().encode(encoding) for encoding in ODD_ENCODINGS)
    for at, (name, value) in enumerate(GENUINE_FIELDS):
        before, after = GENUINE_FIELDS[:at], GENUINE_FIELDS[at + 1 :]
        yield rendered(before + after)
        for odd in NO_SPACES:
            yield from (
                rendered([*before, pair, *after]) for pair in [(name + odd, value), (name, odd + value)]
            )
        yield from (rendered([*before, (odd, value), *after]) for odd in NAMES)
        yield from (rendered([*before, (name, odd), *after]) for odd in VALUES)
    for pair in product(NAMES, VALUES):
        yield rendered([*GENUINE_FIELDS, pair])
        yield rendered([pair, *GENUINE_FIELDS])


def set_number(draw: st.DrawFn, made: Fields, at: int) -> None:
    made[:] = [(name, draw(st.sampled_from(NUMBERS)) if name == '"Sim"' else value) for name, value in made]


def set_result(draw: st.DrawFn, made: Fields, at: int) -> None:
    made[:] = [
        (name, draw(st.sampled_from(RESULTS)) if name == '"Result"' else value) for name, value in made
    ]


def set_value(draw: st.DrawFn, made: Fields, at: int) -> None:
    made[at] = (made[at][0], draw(values))


def rename(draw: st.DrawFn, made: Fields, at: int) -> None:
    made[at] = (draw(st.sampled_from(NAMES)), made[at][1])


def drop(draw: st.DrawFn, made: Fields, at: int) -> None:
    if len(made) > 1:
        del made[at]


def double(draw: st.DrawFn, made: Fields, at: int) -> None:
    name, value = made[at]
    made.insert(draw(st.integers(0, len(made))), (name, draw(values | st.just(value))))


def add(draw: st.DrawFn, made: Fields, at: int) -> None:
    made.insert(at, (draw(st.sampled_from(NAMES)), draw(values)))


def exchange(draw: st.DrawFn, made: Fields, at: int) -> None:
    other = draw(st.integers(0, len(made) - 1))
    (name, value), (other_name, other_value) = made[at], made[other]
    made[at], made[other] = (name, other_value), (other_name, value)


CHANGES: list[Callable[[st.DrawFn, Fields, int], None]] = [
    set_number, set_result, set_value, rename, drop, double, add, exchange,
]  # fmt: skip


@st.composite
def fields(draw: st.DrawFn) -> Fields:
    """The genuine fields with up to three changes, in any order."""
    made = list(GENUINE_FIELDS)
    for _ in range(draw(st.integers(0, 3))):
        draw(st.sampled_from(CHANGES))(draw, made, draw(st.integers(0, len(made) - 1)))
    return draw(st.permutations(made))


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """The bytes of an answer with such fields, odd white space, and an envelope that may be odd too."""
    # One of these makes the whole answer invalid, so most answers have none.
    space = draw(
        st.sampled_from([st.just(""), st.sampled_from(SPACES), st.sampled_from(SPACES * 10 + NO_SPACES)])
    )
    wrapping = draw(st.sampled_from(['{"Response":{#}}'] * 4 * len(ODD_WRAPPINGS) + ODD_WRAPPINGS))
    encoding = draw(st.sampled_from(["utf-8"] * 8 * len(ODD_ENCODINGS) + ODD_ENCODINGS))
    inner = ",".join(
        f"{draw(space)}{name}{draw(space)}:{draw(space)}{value}{draw(space)}"
        for name, value in draw(fields())
    )
    return (draw(space) + wrapping.replace("#", inner) + draw(space)).encode(encoding, "surrogatepass")


SPLINTERS = st.binary(max_size=2) | st.sampled_from(
    [b'"', b",", b"0", b"9", b"-", b".", b"e", b" ", b"\\", b"{"]
)


@st.composite
def damaged(draw: st.DrawFn, whole: str) -> bytes:
    """The bytes with up to four of them changed, removed or inserted, or with an end cut off."""
    raw = bytearray(whole.encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        raw[at : at + draw(st.integers(0, 1))] = draw(SPLINTERS)
    return bytes(raw[: draw(st.just(len(raw)) | st.integers(0, len(raw)))])
