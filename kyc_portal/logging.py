"""Logs as JSON lines (plain text in the demo), each with the id of the request that it belongs to.

A line carries ids and codes only. Nothing that a person typed, sent or recorded is ever logged.
"""

import logging
import logging.config
import re
import secrets
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from kyc_portal import refusals

# A link's token opens the case, and Django's messages name the address of a failed request.
_TOKEN = re.compile(r"(/v/)[A-Za-z0-9_.%-]+")


def hide_tokens(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the tokens of applicant links in every text of a log line."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _TOKEN.sub(r"\1…", value)
    return event


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
            # Plain text, without the frames' variables: those hold pictures and names.
            structlog.processors.format_exc_info,
            hide_tokens,
            renderer,
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    handler.addFilter(refusals.shorten)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(options["level"])
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
