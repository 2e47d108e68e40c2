"""An encrypted broker is talked to only if its certificate is its own."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

from kyc_portal.broker_tls import tls_of
from tests.certificates import Authority
from tests.flow.test_start import start

MAX_SECONDS = 20
HERE = "127.0.0.1"
ELSEWHERE = "other.example"


class Broker(threading.Thread):
    """A server that shakes hands once and knows whether the client went along."""

    believed = False

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(daemon=True)
        self._tls = tls
        self._socket = socket.create_server((HERE, 0))
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


def believes(scheme: str, server: ssl.SSLContext, tls: dict[str, Any] | None) -> bool:
    broker = Broker(server)
    broker.start()
    connection = Connection(f"{scheme}://{HERE}:{broker.port}//", ssl=tls, connect_timeout=MAX_SECONDS)
    # Either the certificate is refused, or a server that says nothing.
    with pytest.raises((OSError, *connection.connection_errors)):
        connection.connect()
    broker.join(MAX_SECONDS)
    return broker.believed


@pytest.fixture(params=["rediss", "amqps"])
def scheme(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


def test_a_certificate_that_nobody_vouches_for_is_refused(scheme: str, authority: Authority) -> None:
    assert not believes(scheme, authority.server(HERE), tls_of(f"{scheme}://"))


def test_a_certificate_of_another_name_is_refused(scheme: str, trusted: Authority) -> None:
    assert not believes(scheme, trusted.server(ELSEWHERE), tls_of(f"{scheme}://"))


def test_a_certificate_of_its_own_name_is_believed(scheme: str, trusted: Authority) -> None:
    assert believes(scheme, trusted.server(HERE), tls_of(f"{scheme}://"))


def test_by_itself_the_library_believes_anybody(authority: Authority) -> None:
    """If this fails, `broker_tls` may have become superfluous."""
    assert believes("rediss", authority.server(HERE), None)


@pytest.mark.parametrize("written", [str.lower, str.upper])
def test_the_portal_uses_it_however_the_scheme_is_written(scheme: str, written: Callable[[str], str]) -> None:
    code = "from kyc_portal.celery import app; print(app.connection_for_write().ssl)"
    done = start("-c", code, CELERY_BROKER_URL=f"{written(scheme)}://broker.example.com//")
    assert done.stdout.strip() == str(tls_of(f"{scheme}://")), done.stderr
