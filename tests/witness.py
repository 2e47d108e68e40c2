"""A witness for tests (C2SP tlog-witness) on loopback: it checks what a witness checks, and signs with its own code."""

import base64
import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.loopback import Loopback
from verification.transparency import merkle


class Witness(Loopback):
    """`seen` is the newest checkpoint by origin: its size and root."""

    name = "witness.example.org/w1"

    def __init__(self, at: int = 1_795_000_000) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._raw = self._key.public_key().public_bytes_raw()
        self._id = hashlib.sha256(self.name.encode() + b"\n\x04" + self._raw).digest()[:4]
        public = base64.b64encode(b"\x04" + self._raw).decode()
        self.vkey = f"{self.name}+{self._id.hex()}+{public}"
        self.at = at
        self.seen: dict[str, tuple[int, bytes]] = {}

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
