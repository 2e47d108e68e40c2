"""One client's connection, as far as an answer needs it: well-formed bytes, and ways to break them.

It does not know what the bytes mean. Bodies are sent in one piece with their length; `faults` builds
faulty ones (half an answer, a reset, a drip) from the small parts here.
"""

import os
import select
import socket
import struct
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from threading import Event

JSON = "application/json"


class Wire:
    def __init__(self, handler: BaseHTTPRequestHandler, stopping: Event) -> None:
        self._handler = handler
        self._stopping = stopping

    def send(self, body: bytes, *, status: int = 200, content_type: str = JSON) -> None:
        self.head(len(body), status=status, content_type=content_type)
        self.write(body)

    def head(
        self,
        length: int,
        *,
        status: int = 200,
        content_type: str = JSON,
        more: tuple[tuple[str, str], ...] = (),
    ) -> None:
        handler = self._handler
        handler.send_response(status, HTTPStatus(status).phrase)
        # Exactly this type, without a charset: the official SDK parses errors under this type only.
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(length))
        for name, value in more:
            handler.send_header(name, value)
        if handler.close_connection:
            handler.send_header("Connection", "close")
        handler.end_headers()

    def write(self, data: bytes) -> None:
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def close_after(self) -> None:
        self._handler.close_connection = True

    def reset(self) -> None:
        """Close so that the client gets RST instead of an orderly end."""
        self.close_after()
        connection = self._handler.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Detached, because an ordinary close waits for the handler's own file objects.
        os.close(connection.detach())

    def pause(self, seconds: float) -> bool:
        """Wait; False as soon as the server is to stop or the client has gone."""
        deadline = time.monotonic() + seconds
        # One long wait, because a stop shuts all connections down. Not select, which takes no descriptor above 1023.
        watch = select.poll()
        watch.register(self._handler.connection, select.POLLIN)
        if seconds > 0 and watch.poll(seconds * 1000):
            if self._client_has_gone():
                return False
            # The client has sent more than it should, so this can no longer show whether it has gone.
            self._stopping.wait(max(0.0, deadline - time.monotonic()))
        return not self._stopping.is_set()

    def _client_has_gone(self) -> bool:
        try:
            return not self._handler.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True
