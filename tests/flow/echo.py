"""A small application for the tests of the web server's worker, which waits for a head and a reader only briefly."""

from collections.abc import Callable, Iterable
from tempfile import TemporaryFile
from typing import Any

from kyc_portal import web_worker

web_worker.HEAD_SECONDS = 0.5  # type: ignore[misc]
web_worker.READER_SECONDS = 2.0  # type: ignore[misc]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"].encode()
    size = int(environ["QUERY_STRING"] or "0")
    body = bytes(size) if size else path + environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return _of_file(environ, body) if path == b"/file" else [body]


def _of_file(environ: dict[str, Any], body: bytes) -> Any:
    file = TemporaryFile()  # noqa: SIM115  the server closes it
    file.write(body)
    file.seek(0)
    return environ["wsgi.file_wrapper"](file)
