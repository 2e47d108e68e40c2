"""Gunicorn's threaded worker, in which a connection takes a thread only when a whole request head has arrived.

Gunicorn's own gives each new connection a thread, waits 5 s in it for the first byte and then, without a limit, for
the rest of the head; and it waits up to 2 s in its only loop for a client to close its side. Here the loop does both
for all connections at once, and a connection that sends no whole head in time is closed. Nor does its own limit how
long a client may take to read an answer, which occupies a thread too.
"""

import errno
import socket
import time
from collections import deque
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any, Final

from gunicorn.workers.gthread import TConn, ThreadWorker

from verification.slow_clients import is_stopped

HEAD_SECONDS: Final = 10.0  # from the connection, or from the end of the last request and its first byte
MAX_HEAD: Final = 32_768  # bytes of the whole head; Gunicorn limits each line besides
# A thread waits so long for a client that reads nothing, and without end for one that reads so many bytes a second.
READER_SECONDS: Final = 30.0
MIN_RATE: Final = 8_192
# Bytes, of which Linux keeps twice as many. It lets a sender go on when a third of the buffer is free; by itself it
# makes the buffer as large as 4 MB, and a slow reader would seem to read nothing for minutes.
SEND_BUFFER: Final = 131_072
CLOSING_SECONDS: Final = 2.0
END_OF_HEAD: Final = b"\r\n\r\n"
# With the mark of `headers`, which is read only after Django has its settings.
TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"KYC-Portal: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


class Client(socket.socket):
    """A client's socket with a limit for sending: waiting uses up seconds, and bytes that are taken give some back.

    So it holds for a whole answer, and an honest client on a slow line gets the largest one.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(fileno=accepted.detach())
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._seconds = READER_SECONDS

    def sendall(self, data: Any, flags: int = 0) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest, flags) :]

    def send(self, data: Any, flags: int = 0) -> int:
        """Raises BrokenPipeError for a client that reads too slowly, as if it had left."""
        if not self.getblocking():  # called by the worker's loop, which waits for nobody
            return super().send(data, flags)
        began = time.monotonic()
        self.settimeout(max(self._seconds, 0.001))
        try:
            taken = super().send(data, flags)
        except TimeoutError:
            raise BrokenPipeError(errno.EPIPE, "The client reads too slowly.") from None
        finally:
            self.setblocking(True)
            self._seconds -= time.monotonic() - began
        self._seconds = min(READER_SECONDS, self._seconds + taken / MIN_RATE)
        return taken


class Connection(TConn):  # type: ignore[misc]
    """A connection whose orderly end is left to the worker's loop."""

    def __init__(self, worker: "Worker", *args: Any) -> None:
        super().__init__(*args)
        self.worker = worker
        self.arrived = 0  # bytes of the next head

    @property
    def read_ahead(self) -> bytes:
        """What the parser has read after the last request."""
        return self.parser.unreader.buf.getvalue() if self.parser else b""

    def close(self, graceful: bool = False) -> None:
        if graceful:
            self.worker.linger(self)
        else:
            super().close()


class Worker(ThreadWorker):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.closing_conns: deque[Connection] = deque()
        # The kernel's way to send a file knows no limit of ours.
        self.cfg.set("sendfile", False)

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        self.wait_for_head(Connection(self, self.cfg, Client(client), address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """The next request of a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self.wait_for_head(conn)

    def enqueue_req(self, conn: Connection) -> None:
        """Gunicorn calls this when it has read ahead into the next request."""
        if _has_head(conn.read_ahead):
            super().enqueue_req(conn)
        else:
            self.wait_for_head(conn)

    def wait_for_head(self, conn: Connection) -> None:
        conn.arrived = 0
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + HEAD_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Hands the connection to a thread when its head is there; until then the kernel keeps what has come."""
        arrived = _peek(client)
        has_head = _has_head(conn.read_ahead + arrived)
        # Readable without anything new: the client has closed its side.
        if not has_head and conn.arrived < len(arrived) < MAX_HEAD:
            conn.arrived = len(arrived)
            _wake_after(client, len(arrived) + 1)
            return
        _wake_after(client, 1)
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if has_head:
            conn.data_ready = True
            super().enqueue_req(conn)
        else:
            self.refuse(conn, TOO_LARGE if len(arrived) >= MAX_HEAD else b"")

    def refuse(self, conn: Connection, answer: bytes) -> None:
        self.nr_conns -= 1
        with suppress(OSError):
            conn.sock.send(answer)
        conn.close(graceful=True)

    def _cap_keepalive(self, deadline: float) -> None:
        """A worker that stops waits no longer for heads than for the next request of a connection that it keeps."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """Where reading was stopped, what still comes of the body would be taken for the next request."""
        return not is_stopped(conn.sock) and bool(super()._keepalive_after(conn, keepalive))

    def linger(self, conn: Connection) -> None:
        """Wait for the client to close its side, else it might lose the end of the answer."""
        # Where reading was stopped, the client may still be sending. If our side closed, the kernel would reset the
        # connection at its next byte, and a proxy would give up before it reads the answer.
        stopped = is_stopped(conn.sock)
        try:
            conn.sock.setblocking(False)
            if not stopped:
                conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.close()
            return
        conn.timeout = time.monotonic() + CLOSING_SECONDS
        self.closing_conns.append(conn)
        self.nr_conns += 1  # until its end; Gunicorn counts it no more
        if not stopped:
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_closing_socket_readable, conn))

    def on_closing_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        with suppress(OSError):  # the client closed it abruptly
            if client.recv(65_536):
                return
        self.closing_conns.remove(conn)
        self.end(conn)

    def end(self, conn: Connection) -> None:
        self.nr_conns -= 1
        if not is_stopped(conn.sock):
            self.poller.unregister(conn.sock)
        conn.close()

    def murder_pending(self) -> None:
        super().murder_pending()
        now = time.monotonic()
        while self.closing_conns and self.closing_conns[0].timeout <= now:
            self.end(self.closing_conns.popleft())


def _has_head(data: bytes) -> bool:
    # Empty lines before a request are none of it.
    return END_OF_HEAD in data.lstrip(b"\r\n")


def _wake_after(client: socket.socket, size: int) -> None:
    """The loop is called again when so many bytes have come."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)


def _peek(client: socket.socket) -> bytes:
    """What has arrived; empty also when the client is gone."""
    try:
        return client.recv(MAX_HEAD, socket.MSG_PEEK)
    except OSError:
        return b""
