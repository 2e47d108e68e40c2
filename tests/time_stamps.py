"""A time-stamp authority for tests: `openssl ts` answers, on loopback."""

import subprocess
from pathlib import Path

from tests.loopback import Loopback

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


class TimeStamps(Loopback):
    """`ca_file` vouches for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        (folder / "config").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01")
        self.ca_file = folder / "ca.pem"
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

    def take(self, path: str, body: bytes) -> tuple[int, bytes]:
        (self._folder / "query").write_bytes(body)
        self._openssl("ts -reply -config config -queryfile query -out reply")
        return 200, (self._folder / "reply").read_bytes()

    def _openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=self._folder, check=True, capture_output=True)
