"""A cable to a broker that can be cut and mended: every connection breaks at once, and new ones are refused."""

import socket
from contextlib import suppress
from threading import Lock, Thread
from types import TracebackType
from typing import Self

from tests.services import free_port

CHUNK = 65_536


class Cable:
    """Forwards connections at `port` of this machine to another port of it."""

    def __init__(self, target: int) -> None:
        self._target = ("127.0.0.1", target)
        self._open: list[socket.socket] = []
        self._lock = Lock()
        self.port = free_port()

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def cut(self) -> None:
        """The newest connection breaks first: then Celery's own consumer on Redis can't close what it lost."""
        with self._lock:
            for end in (self._listener, *reversed(self._open)):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
            self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # The cable is cut.
            while True:
                near, _ = listener.accept()
                self._connect(near, listener)

    def _connect(self, near: socket.socket, listener: socket.socket) -> None:
        with self._lock, suppress(OSError):
            if listener.fileno() < 0:
                near.close()
                return
            far = socket.create_connection(self._target)
            self._open += [near, far]
            for ends in ((near, far), (far, near)):
                Thread(target=_pump, args=ends, daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            sink.sendall(chunk)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
