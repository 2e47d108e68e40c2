"""Accepts a request body only if it is small, uncompressed JSON in UTF-8."""

from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework.parsers import BaseParser

from verification.api.body import UnusableBody, read_body
from verification.api.errors import ApiError

MAX_BODY: Final = 1_000_000  # bytes


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, object]:
        headers = (parser_context or {})["request"].headers
        _check_headers(headers)
        try:
            return read_body(stream.read())
        except UnusableBody as refused:
            code = refused.code
        raise ApiError(code, status=400)


def _check_headers(headers: Mapping[str, str]) -> None:
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ApiError("content_encoding")
    if not _plain_utf8(headers.get("Content-Type", "")):
        raise ApiError("unsupported_media_type")
    # The server passes on no more bytes than were declared, so a small number means a small body.
    if int(headers["Content-Length"]) > MAX_BODY:
        raise ApiError("body_too_large")


def _plain_utf8(content_type: str) -> bool:
    parameters = [part.strip().lower() for part in content_type.split(";")[1:] if part.strip()]
    return all(part in {"charset=utf-8", 'charset="utf-8"'} for part in parameters)
