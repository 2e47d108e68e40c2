"""Hostile clients that send slowly, and an honest visitor whose waiting is measured meanwhile. They use plain sockets.

A hostile client that is answered or disconnected comes back at its next turn, as an attacker would.
"""

import http.client
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from statistics import median, quantiles

HOST = "localhost"
SITE = f"https://{HOST}/"  # Django asks for it where TLS is used
CSRF = "c" * 32
PERIOD = 2.0  # seconds between two bytes of one client
PATIENCE = 5.0  # seconds; an honest visitor calls a later answer none

Address = tuple[str, int]


def head(method: str, path: str, length: int, cookie: str = f"csrftoken={CSRF}") -> bytes:
    """The head of a request whose form has so many bytes."""
    lines = (
        f"{method} {path} HTTP/1.1",
        f"Host: {HOST}",
        f"Referer: {SITE}",
        f"Cookie: {cookie}",
        f"X-CSRFToken: {CSRF}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {length}",
    )
    return "\r\n".join([*lines, "", ""]).encode()


@dataclass
class Flood:
    """`clients` sockets that each send `opening`, and then one byte in each period."""

    where: Address
    opening: bytes
    clients: int
    tls: ssl.SSLContext | None = None
    period: float = PERIOD
    # The clients come from so many addresses.
    addresses: int = 1
    answers: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def running(self) -> Iterator["Flood"]:
        """The flood runs while the block does, which begins when every client has connected once."""
        self._end, self._connected = threading.Event(), threading.Event()
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            self._connected.wait(30)
            yield self
        finally:
            self._end.set()
            thread.join()

    def _run(self) -> None:
        sockets: list[socket.socket | None] = [None] * self.clients
        while not self._end.is_set():
            began = time.monotonic()
            for index, connection in enumerate(sockets):
                sockets[index] = self._drip(connection) if connection else self._connect(index)
            self._connected.set()
            self._end.wait(max(0.0, self.period - (time.monotonic() - began)))
        for connection in sockets:
            if connection:
                connection.close()

    def _connect(self, index: int) -> socket.socket | None:
        source = f"127.1.0.{1 + index % self.addresses}"
        with suppress(OSError):
            connection = socket.create_connection(self.where, timeout=1, source_address=(source, 0))
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_hostname=HOST)
            connection.sendall(self.opening)
            connection.setblocking(False)
            return connection
        self.answers["no connection"] += 1
        return None

    def _drip(self, connection: socket.socket) -> socket.socket | None:
        try:
            answer = self._received(connection)
            if answer is None:
                connection.send(b"x")
                return connection
            self.answers[answer.split(b"\r\n")[0].decode("latin-1") or "closed"] += 1
        except OSError:
            self.answers["reset"] += 1
        connection.close()
        return None

    def _received(self, connection: socket.socket) -> bytes | None:
        try:
            return connection.recv(100)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None


@dataclass
class Waiting:
    """How long an honest visitor waited, in seconds, for the requests that were answered as wanted."""

    asked: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return len(self.seconds) / self.asked if self.asked else 0.0

    @property
    def figures(self) -> dict[str, float]:
        whole = [*self.seconds, *[PATIENCE] * (self.asked - len(self.seconds))]
        p95 = quantiles(whole, n=20, method="inclusive")[-1] if len(whole) > 1 else whole[0]
        return {"share": round(self.share, 3), "median": round(median(whole), 3), "p95": round(p95, 3)}


@dataclass(frozen=True)
class Request:
    """An honest request and the status that answers it."""

    method: str
    path: str
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def sent(self) -> bytes:
        """Head and body in one piece, as browsers and proxies send a small form."""
        head = {**self.headers, "Content-Length": str(len(self.body)), "Connection": "close"}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class Tls(http.client.HTTPConnection):
    """A connection by TLS, which asks for the portal's name wherever it leads."""

    def __init__(self, where: Address, tls: ssl.SSLContext) -> None:
        super().__init__(*where, timeout=PATIENCE)
        self._where, self._tls = where, tls

    def connect(self) -> None:
        self.sock = _connected(self._where, self._tls, PATIENCE)


def visit(
    where: Address, request: Request, tls: ssl.SSLContext | None = None, patience: float = PATIENCE
) -> bool:
    """Whether the request was answered with its status in time."""
    with suppress(OSError, http.client.HTTPException), _connected(where, tls, patience) as connection:
        connection.sendall(request.sent)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        return answer.status == request.status
    return False


def _connected(where: Address, tls: ssl.SSLContext | None, patience: float) -> socket.socket:
    """A connection, with TLS one that asks for the portal's name wherever it leads."""
    plain = socket.create_connection(where, timeout=patience)
    return tls.wrap_socket(plain, server_hostname=HOST) if tls else plain


def await_start(where: Address) -> None:
    """Returns when every process of the server has loaded the portal, which takes seconds."""
    until = time.monotonic() + 60
    answered = 0
    while answered < 20 and time.monotonic() < until:
        answered += visit(where, Request("GET", "/healthz", 200, headers={"Host": HOST}))


def wait(
    where: Address,
    request: Request,
    *,
    times: int,
    tls: ssl.SSLContext | None = None,
    patience: float = PATIENCE,
) -> Waiting:
    """Ask so many times, one after the other; an answer after `patience` seconds is none."""
    waiting = Waiting()
    for _ in range(times):
        began = time.monotonic()
        waiting.asked += 1
        if visit(where, request, tls, patience) and (took := time.monotonic() - began) <= patience:
            waiting.seconds.append(took)
    return waiting
