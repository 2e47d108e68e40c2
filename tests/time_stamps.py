"""A time-stamp authority for tests: `openssl ts` answers, on loopback."""

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[stamps]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[req]
distinguished_name = name
[name]
"""


class TimeStamps:
    """Use as a context manager. `ca_file` vouches for it; `answer` is given in place of a stamp."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        (folder / "config").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01")
        self.ca_file = folder / "ca.pem"
        self.answer: tuple[int, bytes] | None = None
        self.asked = 0
        authority = "-x509 -keyout ca.key -out ca.pem -subj /CN=Authority -days 30 -extensions authority"
        for words in (
            f"req -newkey rsa:2048 -nodes -config config {authority}",
            "req -newkey rsa:2048 -nodes -config config -new -keyout tsa.key -out tsa.csr -subj /CN=Stamps",
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -out tsa.pem -days 30 -set_serial 2 "
            "-extfile config -extensions stamps",
        ):
            self._openssl(words)

    def verifies(self, answer: bytes, content: bytes) -> bool:
        """As an auditor would look at it."""
        (self._folder / "answer").write_bytes(answer)
        (self._folder / "content").write_bytes(content)
        command = ["openssl", "ts", "-verify", "-in", "answer", "-data", "content", "-CAfile", "ca.pem"]
        return subprocess.run(command, cwd=self._folder, capture_output=True).returncode == 0

    def stamp(self, query: bytes) -> bytes:
        (self._folder / "query").write_bytes(query)
        self._openssl("ts -reply -config config -queryfile query -out reply")
        return (self._folder / "reply").read_bytes()

    def __enter__(self) -> Self:
        stamps = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                stamps.asked += 1
                query = self.rfile.read(int(self.headers["Content-Length"]))
                status, content = stamps.answer or (200, stamps.stamp(query))
                self.send_response(status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Logs no requests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/tsr"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=self._folder, check=True, capture_output=True)
