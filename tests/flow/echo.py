"""A small application for the tests of the web server's worker, in which a head has half a second to arrive."""

from collections.abc import Callable, Iterable
from typing import Any

from kyc_portal import web_worker

web_worker.HEAD_SECONDS = 0.5  # type: ignore[misc]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["PATH_INFO"].encode() + environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
