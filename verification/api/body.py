"""Reads a request body as JSON, or refuses it with a code of the API.

Beside what `strict_json` refuses, this module refuses text that no database column takes. It knows neither HTTP nor
the fields.
"""

from collections.abc import Iterator
from typing import Final

from verification import strict_json

MAX_DEPTH: Final = 32  # levels, that of the outermost object included
MAX_NUMBER: Final = 40  # characters

_CODES: Final[dict[strict_json.Reason, str]] = {
    "not_utf8": "invalid_encoding",
    "not_json": "invalid_json",
    "not_an_object": "invalid_body",
    "too_deep": "too_deep",
    "duplicate_key": "duplicate_key",
    "number_too_long": "invalid_number",
    "number_out_of_range": "invalid_number",
    "not_a_number": "invalid_number",
}


class UnusableBody(ValueError):
    """The bytes are no body for the API; `code` says why and holds none of them."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_body(raw: bytes) -> dict[str, object]:
    """The one JSON object that `raw` is; a leading byte order mark is tolerated. Raises UnusableBody."""
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        body = strict_json.read_object(raw, max_depth=MAX_DEPTH, max_number=MAX_NUMBER)
    except strict_json.NotStrict as refused:
        code = _CODES[refused.reason] if raw.strip() else "invalid_body"
    else:
        _check_texts(body)
        return body
    raise UnusableBody(code)


def _check_texts(body: object) -> None:
    for text in _texts(body):
        if "\x00" in text:
            raise UnusableBody("invalid_character")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise UnusableBody("invalid_unicode")


def _texts(value: object) -> Iterator[str]:
    """Every key and every string of a value that is at most MAX_DEPTH deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in (*value.keys(), *value.values()):
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
