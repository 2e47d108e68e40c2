"""A proxy that opens tunnels by CONNECT, and a front that ends TLS: real sockets, one thread for each connection."""

import select
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class _Server:
    """Listens on loopback, with TLS if `context` is given; ends its connections when the block ends."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Each thread closes its own sockets.
        _shut_down(self._listener)
        for thread in self._threads:
            while thread.is_alive():
                for end in self._open:
                    _shut_down(end)
                thread.join(0.05)
        self._listener.close()

    def _start(self, work: Callable[..., None], *given: socket.socket) -> None:
        self._threads.append(threading.Thread(target=work, args=given, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self._start(self._serve_one, connection)

    def _serve_one(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if self._context is None:
                self.serve(connection)
                return
            with self._context.wrap_socket(connection, server_side=True) as client:
                self._open.append(client)
                self.serve(client)

    def serve(self, client: socket.socket) -> None:
        raise NotImplementedError

    def pass_on(self, client: socket.socket, host: str, port: int) -> None:
        with socket.create_connection((host, port), timeout=10) as other:
            self._open.append(other)
            other.settimeout(None)
            _exchange(client, other)


class TLSFront(_Server):
    """Ends TLS in front of a plain server at `url`; `host` is the name that its certificate should have."""

    def __init__(self, url: str, context: ssl.SSLContext, host: str = "localhost") -> None:
        super().__init__(context)
        self._to = urlsplit(url)
        self.url = f"https://{host}:{self.port}"

    def serve(self, client: socket.socket) -> None:
        self.pass_on(client, str(self._to.hostname), int(self._to.port or 0))


class Proxy(_Server):
    """Opens a tunnel to whatever CONNECT names.

    `asked` holds the heads of the requests. `password` is asked of the user "portal". `answer` is given in place of a
    tunnel; "" is silence. `elsewhere` is the address where every tunnel really leads, as a hostile proxy has it.
    """

    def __init__(
        self,
        *,
        password: str = "",
        answer: str | None = None,
        elsewhere: str = "",
        context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(context)
        self.asked: list[str] = []
        self._wanted = "Basic " + b64encode(f"portal:{password}".encode()).decode() if password else ""
        self._answer = answer
        self._elsewhere = elsewhere
        self.url = f"{'https' if context else 'http'}://localhost:{self.port}"

    def url_with(self, password: str) -> str:
        """The address for the user "portal"; special characters of the password are percent-encoded."""
        return self.url.replace("://", f"://portal:{password}@")

    def serve(self, client: socket.socket) -> None:
        head = bytearray()
        while not head.endswith(b"\r\n\r\n") and (byte := client.recv(1)):
            head += byte
        self.asked.append(head.decode())
        answer = self._answer
        if (
            answer is None
            and self._wanted
            and f"proxy-authorization: {self._wanted}" not in _lower_names(head)
        ):
            answer = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        if answer is not None:
            client.sendall(answer.encode())
            client.recv(1)
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, _, port = (self._elsewhere or head.decode().split()[1]).rpartition(":")
        self.pass_on(client, host, int(port))


def _shut_down(end: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(end, socket.SHUT_RDWR)


def _lower_names(head: bytearray) -> list[str]:
    lines = [line.partition(": ") for line in head.decode().split("\r\n")]
    return [f"{name.lower()}: {value}" for name, _, value in lines]


def _exchange(client: socket.socket, other: socket.socket) -> None:
    """Pass bytes on in both directions until one side ends."""
    ways = {client: other, other: client}
    while True:
        ready = [side for side in ways if isinstance(side, ssl.SSLSocket) and side.pending()]
        for side in ready or select.select(list(ways), [], [])[0]:
            data = side.recv(64 * 1024)
            if not data:
                return
            ways[side].sendall(data)
