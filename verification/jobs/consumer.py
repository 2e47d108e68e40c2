"""The part of a Celery worker that takes messages from the broker, made to outlive every loss of the connection.

One thread of a worker speaks to the broker: docs/adr/0017.
"""

from typing import Any

import structlog
from celery.worker import consumer
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

# What kombu raises besides its transports' own errors: a part of a connection that is closed already is None
# (AttributeError), and some calls wrap the error of the connection (OperationalError).
_LOST = (AttributeError, OperationalError)


class Consumer(consumer.Consumer):
    """Celery's consumer ends the worker on each of these errors; this one connects again."""

    connection_errors: tuple[type[Exception], ...]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connection_errors = (*self.connection_errors, *_LOST)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Take leave of the lost connection. If it can't be closed in order, the worker goes on without that."""
        self._keep_messages()
        try:
            super().on_connection_error_after_connected(exc)
        except self.connection_errors as error:
            log.warning("broker.connection_abandoned", error=type(error).__name__)

    def _keep_messages(self) -> None:
        """Messages that wait for a free thread are still worked on, so Redis must not get them back."""
        for channel in getattr(getattr(self.connection, "transport", None), "channels", None) or ():
            channel.do_restore = False
