"""Django's SMTP backend, with the portal's own trust in authorities and one time limit for everything it waits for."""

import smtplib
import ssl
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from django.core.mail.backends import smtp

from verification import outbound
from verification.liveness import Deadline, tls_context


class _Watched(smtplib.SMTP):
    """A connection whose socket a deadline may shut down: smtplib limits each wait alone."""

    def __init__(self, *args: Any, deadline: Deadline, **options: Any) -> None:
        self.deadline = deadline
        super().__init__(*args, **options)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        connected = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self.deadline.watch(connected)
        return connected

    def starttls(self, *args: Any, **options: Any) -> Any:
        reply = super().starttls(*args, **options)
        self.deadline.watch(self.sock)  # another object than before
        return reply


class _WatchedInTls(smtplib.SMTP_SSL, _Watched):
    """Within TLS from its first byte. SMTP_SSL asks `_Watched` for the socket, and so the handshake is watched too."""

    def __init__(self, *args: Any, deadline: Deadline, **options: Any) -> None:
        self.deadline = deadline
        smtplib.SMTP_SSL.__init__(self, *args, **options)  # which knows no deadline to hand on

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        connected = super()._get_socket(host, port, timeout)
        self.deadline.watch(connected)
        return connected


class Backend(smtp.EmailBackend):
    """`deadline` has to be set before a connection is opened, and again for each e-mail."""

    deadline: Deadline

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:  # type: ignore[override]
        return partial(_WatchedInTls if self.use_ssl else _Watched, deadline=self.deadline)

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        return tls_context(outbound.route().ca_file)

    def watched_by(self, deadline: Deadline) -> None:
        self.deadline = deadline
        connection: Any = self.connection
        if connection is not None:
            connection.deadline = deadline
            deadline.watch(connection.sock)

    def drop(self) -> None:
        """Close the connection without a word: after a fault a QUIT may hang or fail."""
        opened: Any = self
        for connection in (opened.connection, opened._partial_connection):
            if connection is not None:
                connection.close()
        opened.connection = opened._partial_connection = None
