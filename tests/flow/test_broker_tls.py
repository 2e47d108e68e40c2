"""An encrypted broker is talked to only if its certificate is its own."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone
from kombu import Connection

from kyc_portal.broker_tls import BROKER_TLS
from tests.flow.test_start import start

MAX_SECONDS = 20
HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
ELSEWHERE = x509.DNSName("other.example")


def certificate(folder: Path, name: x509.GeneralName) -> Path:
    """A file with a certificate for this name that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = timezone.now()
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = serialization.Encoding.PEM
    file = folder / "broker.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, *form))
    return file


class Broker(threading.Thread):
    """A server that shakes hands once and knows whether the client went along."""

    believed = False

    def __init__(self, certificate: Path) -> None:
        super().__init__(daemon=True)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(MAX_SECONDS)
        self.port = self._socket.getsockname()[1]

    def run(self) -> None:
        with self._socket, self._socket.accept()[0] as client:
            client.settimeout(MAX_SECONDS)
            try:
                self._tls.wrap_socket(client, server_side=True).close()
            except OSError:
                return
            self.believed = True


def believes(scheme: str, certificate: Path, tls: dict[str, Any] | None) -> bool:
    broker = Broker(certificate)
    broker.start()
    connection = Connection(f"{scheme}://127.0.0.1:{broker.port}//", ssl=tls, connect_timeout=MAX_SECONDS)
    # Either the certificate is refused, or a server that says nothing.
    with pytest.raises((OSError, *connection.connection_errors)):
        connection.connect()
    broker.join(MAX_SECONDS)
    return broker.believed


@pytest.fixture(params=["rediss", "amqps"])
def scheme(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param


def test_a_certificate_that_nobody_vouches_for_is_refused(scheme: str, tmp_path: Path) -> None:
    assert not believes(scheme, certificate(tmp_path, HERE), {**BROKER_TLS[scheme]})


def test_a_certificate_of_another_name_is_refused(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, ELSEWHERE)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert not believes(scheme, file, {**BROKER_TLS[scheme]})


def test_a_certificate_of_its_own_name_is_believed(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, HERE)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert believes(scheme, file, {**BROKER_TLS[scheme]})


def test_by_itself_the_library_believes_anybody(tmp_path: Path) -> None:
    """If this fails, `broker_tls` may have become superfluous."""
    assert believes("rediss", certificate(tmp_path, HERE), None)


def test_the_portal_uses_it(scheme: str) -> None:
    code = "from kyc_portal.celery import app; print(app.connection_for_write().ssl)"
    done = start("-c", code, CELERY_BROKER_URL=f"{scheme}://broker.example.com//")
    assert done.stdout.strip() == str(BROKER_TLS[scheme]), done.stderr
