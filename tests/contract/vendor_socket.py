"""A vendor made of a plain socket, for faults on the wire.

It reads one request a connection, stores its head and the hash of its body, and then runs the given behaviour. It
must not know the protocol above HTTP: the emulator is for that.
"""

import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

SUCCESS = json.dumps({"Response": {"Result": "Success", "Sim": 99.5, "RequestId": "r-1"}}).encode()


@dataclass
class Received:
    """One received request; `body_size` counts the bytes that really arrived."""

    headers: dict[str, str] = field(default_factory=dict)
    body_size: int = 0
    body_sha256: str = ""


@dataclass
class Line:
    """The vendor's end of one connection; `over` is set when the test is."""

    socket: socket.socket
    over: threading.Event

    def send(self, raw: bytes) -> bool:
        try:
            self.socket.sendall(raw)
        except OSError:
            return False
        return True

    def drip(self, raw: bytes) -> None:
        """Sends one byte at a time until the client closes."""
        for byte in raw:
            if self.over.wait(0.01) or not self.send(bytes([byte])):
                return

    def flood(self, piece: bytes) -> None:
        """Sends the same bytes again and again until the client closes."""
        while not self.over.is_set() and self.send(piece):
            pass

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Behaviour = Callable[[Line], object]


def http(body: bytes = SUCCESS, status: str = "200 OK", length: int | None = None, **headers: Any) -> bytes:
    """An HTTP response as bytes; `length=-1` omits Content-Length, another number replaces the right one."""
    fields = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    if length != -1:
        fields["Content-Length"] = str(len(body) if length is None else length)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def answering(raw: bytes) -> Behaviour:
    return lambda line: line.send(raw)


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def hang(line: Line) -> None:
    line.over.wait()


class VendorSocket:
    """Use as a context manager; `reads` is "all" of a request, its "head" or "nothing", before behaving."""

    def __init__(self, behave: Behaviour, *, reads: str = "all") -> None:
        self.requests: list[Received] = []
        self._behave, self._reads = behave, reads
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for line in (self._listener, *self._lines):
            line.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._lines.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        received = Received()
        self.requests.append(received)
        with connection, suppress(OSError):
            if self._reads != "nothing":
                self._read(connection, received)
            self._behave(Line(connection, self._over))

    def _read(self, connection: socket.socket, received: Received) -> None:
        # Reads exactly the head, then the body into one buffer: memory tests measure this process too.
        head = bytearray()
        while not head.endswith(b"\r\n\r\n") and (byte := connection.recv(1)):
            head += byte
        for line in head.decode().split("\r\n")[1:-2]:
            name, _, value = line.partition(": ")
            received.headers[name.lower()] = value
        digest, buffer = hashlib.sha256(), bytearray(64 * 1024)
        left = int(received.headers.get("content-length", 0)) if self._reads == "all" else 0
        while left and (count := connection.recv_into(buffer, min(left, len(buffer)))):
            digest.update(memoryview(buffer)[:count])
            left -= count
            received.body_size += count
        received.body_sha256 = digest.hexdigest()
