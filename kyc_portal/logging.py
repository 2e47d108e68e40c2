"""Logs as JSON lines (plain text in the demo), each with the id of the request that it belongs to.

A line carries ids and codes only. Nothing that a person typed, sent or recorded is ever logged: `redaction` reads every
line, whichever library wrote it.
"""

import json
import logging
import logging.config
import secrets
import sys
import threading
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from kyc_portal import redaction, refusals


def redact(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last processor: every text of the line, and the exception, without what no log may hold."""
    error = _error_of(event.pop("exc_info", None))
    if error is not None:
        event["event"] = _without_error(str(event.get("event", "")), error)
    redacted: MutableMapping[str, Any] = redaction.anything(event)
    if error is not None:
        redacted["exception"] = redaction.exception(error)
    return redacted


def _error_of(exc_info: Any) -> BaseException | None:
    """The exception of what `exc_info` may be: an exception, a tuple as of sys.exc_info, or a flag."""
    if isinstance(exc_info, tuple):
        return exc_info[1]  # type: ignore[no-any-return]
    if isinstance(exc_info, BaseException):
        return exc_info
    return sys.exc_info()[1] if exc_info else None


def _without_error(line: str, error: BaseException) -> str:
    """Libraries put the exception into their line, with all values that it quotes."""
    for said in filter(None, (repr(error), str(error))):
        line = line.replace(said, redaction.message(error))
    return line


class Lines(logging.StreamHandler[Any]):
    """To standard error. Of a line that can't be written only its logger is told; Python would print its arguments."""

    def handleError(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):
            self.stream.write(json.dumps({"event": "log.line_lost", "logger": record.name}) + "\n")


def configure(options: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG hook: everything goes through structlog to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    interactive = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if interactive else structlog.processors.JSONRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            renderer,
        ],
    )
    root = logging.getLogger()
    root.handlers = [Lines()]
    root.setLevel(options["level"])
    # It would mail whole requests.
    logging.getLogger("django").handlers = []
    # Gunicorn and Django's development server have handlers of their own.
    for each in (root, *map(logging.getLogger, list(root.manager.loggerDict))):
        for handler in each.handlers:
            handler.setFormatter(formatter)
            handler.addFilter(refusals.shorten)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_of_thread
    for noisy in ("httpx", "httpcore", "django.server", "kombu", "amqp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Gunicorn warns of each answer to a HEAD, whose body it leaves out as it should.
    logging.getLogger("gunicorn.http.wsgi").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, Exception):
        structlog.get_logger(__name__).critical("process.failed", exc_info=error)
    else:  # Ctrl+C
        sys.__excepthook__(kind, error, trace)


def _log_uncaught_of_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        structlog.get_logger(__name__).critical("thread.failed", exc_info=failed.exc_value)


class RequestIdMiddleware:
    """Gives each request an id, which pages, logs and API errors show."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = secrets.token_hex(6)  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response
