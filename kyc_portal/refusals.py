"""What a stranger's bad request costs: one line in the log, without a traceback and without what was sent.

Django logs such a request as an error with its traceback, and quotes the header that it refused. Both would let
anybody fill the log. A failure of the portal itself (a status of 500 and above) keeps its traceback.
"""

import codecs
import logging
from collections.abc import Callable, Iterable
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters

_SECURITY: Final = "django.security."
MAX_LINE: Final = 200  # characters


def shorten(record: logging.LogRecord) -> bool:
    """A filter of the log's handler: keeps every line, and shortens those of refused requests."""
    status = getattr(record, "status_code", None)
    if record.name.startswith(("django.request", _SECURITY)) and status is not None and status < 500:
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = _words(record), ()
    return True


def _words(record: logging.LogRecord) -> str:
    """Messages of the security loggers quote headers; the end of a logger's name says what was refused."""
    refused = record.name.removeprefix(_SECURITY)
    words = record.getMessage() if refused == record.name else f"Refused: {refused}"
    return words[:MAX_LINE].encode("unicode_escape").decode("ascii")


class NulMiddleware:
    """400 for a NUL in the query: PostgreSQL takes none in a text, which would look like a failure of ours.

    In a path, it names nothing that there is: that is a 404, like any other.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in query or "%00" in query:
            raise BadRequest("The query has a NUL")
        return self.get_response(request)


def utf8_only(application: WSGIApplication) -> WSGIApplication:
    """The application, which is told of no charset but UTF-8.

    Django decodes the query by the charset that a request names, before any code of ours that could refuse it. Python
    has charsets that decode nothing.
    """

    def told(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            kind, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
            understood = codecs.lookup(parameters.get("charset", "utf-8")).name in {"utf-8", "ascii"}
        except (LookupError, ValueError):
            kind, understood = "", False
        if not understood:
            environ["CONTENT_TYPE"] = kind
        return application(environ, start_response)

    return told
