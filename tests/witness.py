"""A witness for tests (C2SP tlog-witness) on loopback: it checks what a witness checks, and signs with its own code."""

import base64
import hashlib
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from verification.transparency import merkle


class Witness:
    """Use as a context manager. `seen` is the newest checkpoint by origin: its size and root."""

    name = "witness.example.org/w1"

    def __init__(self, at: int = 1_795_000_000) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._raw = self._key.public_key().public_bytes_raw()
        self._id = hashlib.sha256(self.name.encode() + b"\n\x04" + self._raw).digest()[:4]
        public = base64.b64encode(b"\x04" + self._raw).decode()
        self.vkey = f"{self.name}+{self._id.hex()}+{public}"
        self.at = at
        self.seen: dict[str, tuple[int, bytes]] = {}
        self.asked: list[bytes] = []
        # In place of what it would answer.
        self.answer: tuple[int, bytes] | None = None

    def __enter__(self) -> Self:
        witness = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                witness.asked.append(body)
                status, content = witness.answer or witness.take(self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Logs no requests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, body: bytes) -> tuple[int, bytes]:
        if not path.endswith("/add-checkpoint"):
            return 404, b""
        head, _, note = body.decode().partition("\n\n")
        first, *proof = head.split("\n")
        text = note.rpartition("\n\n")[0] + "\n"
        origin, size, root = text.split("\n")[:3]
        old, new, known = int(first.removeprefix("old ")), int(size), self.seen.get(origin, (0, merkle.EMPTY))
        if old > new:
            return 400, b""
        if old != known[0] or (new == known[0] and base64.b64decode(root) != known[1] and new):
            return 409, f"{known[0]}\n".encode()
        try:
            hashes = [base64.b64decode(line) for line in proof]
            merkle.check_consistency(old, new, hashes, known[1], base64.b64decode(root))
        except merkle.NotProven:
            return 422, b""
        self.seen[origin] = (new, base64.b64decode(root))
        signature = self._key.sign(f"cosignature/v1\ntime {self.at}\n{text}".encode())
        line = base64.b64encode(self._id + struct.pack(">Q", self.at) + signature).decode()
        return 200, f"\u2014 {self.name} {line}\n".encode()
