"""A JSON body has exactly one meaning, or is refused with a stable code."""

import pytest

from verification.api.body import MAX_DEPTH, UnusableBody, read_body


def refusal(raw: bytes) -> str:
    with pytest.raises(UnusableBody) as caught:
        read_body(raw)
    assert caught.value.__context__ is None, "the library's own error holds the whole text"
    return caught.value.code


@pytest.mark.parametrize("raw", [b"", b" \n", b"null", b"[]", b'"x"', b"1", b"true"])
def test_a_body_that_is_no_object(raw: bytes) -> None:
    assert refusal(raw) == "invalid_body"


@pytest.mark.parametrize("raw", [b"{", b'{"a":1,}', b"{'a':1}", b'{"a":1} // x', b'{"a":1}{}', b'{"a":01}'])
def test_broken_json(raw: bytes) -> None:
    assert refusal(raw) == "invalid_json"


@pytest.mark.parametrize("raw", [b'{"a":1,"a":1}', b'{"o":{"a":1,"a":2}}', b'{"a":1,"\\u0061":2}'])
def test_a_key_that_stands_twice(raw: bytes) -> None:
    assert refusal(raw) == "duplicate_key"


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 5000, "0." + "1" * 99]
)
def test_numbers_that_readers_disagree_about(number: str) -> None:
    assert refusal(b'{"a":%s}' % number.encode()) == "invalid_number"


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    ],
)
def test_nesting_that_is_too_deep(raw: bytes) -> None:
    assert refusal(raw) == "too_deep"


@pytest.mark.parametrize("raw", [b'{"a":"\\ud800"}', b'{"\\udfff":1}', b'{"a":[{"b":"x\\udc00"}]}'])
def test_half_of_a_surrogate_pair(raw: bytes) -> None:
    assert refusal(raw) == "invalid_unicode"


@pytest.mark.parametrize("raw", [b'{"a":"x\\u0000y"}', b'{"\\u0000":1}'])
def test_nul_in_a_text(raw: bytes) -> None:
    assert refusal(raw) == "invalid_character"


@pytest.mark.parametrize(
    "raw", ['{"a":"é"}'.encode("latin-1"), '{"a":1}'.encode("utf-16"), b'{"a":"\xc0\x80"}']
)
def test_bytes_that_are_not_utf8(raw: bytes) -> None:
    assert refusal(raw) == "invalid_encoding"


def test_a_byte_order_mark_is_tolerated() -> None:
    assert read_body(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_a_plain_object_is_read_as_it_is() -> None:
    raw = '{"name":"𠮷野家","deep":{"list":[1,2.5,true,null,"\\ud842\\udfb7"]}}'.encode()
    assert read_body(raw) == {"name": "𠮷野家", "deep": {"list": [1, 2.5, True, None, "𠮷"]}}


def test_the_deepest_allowed_nesting_is_read() -> None:
    raw = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert "a" in read_body(raw)
