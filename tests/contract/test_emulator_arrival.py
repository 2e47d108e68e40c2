"""A call's arrival is the time when its bytes came, even if the emulator's threads were busy then."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from kyc_portal.sandbox.emulator.arrival import StampedReader, ask_for_stamps
from kyc_portal.sandbox.emulator.server import _Listener
from tests.contract.tc3 import body_of, raw_request, signed_headers

LONG = 0.2  # seconds; two orders above what the wire takes


@contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection as the emulator's listener accepts it, and the client's end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ask_for_stamps(listener)
        with socket.create_connection(listener.getsockname()) as client:
            connection, _ = listener.accept()
            with connection:
                yield connection, client


@pytest.fixture
def stamped() -> Iterator[tuple[socket.socket, socket.socket]]:
    with connected() as line:
        # The kernel begins to stamp a moment after it is asked to.
        if not any(has_stamps(*line) for _ in range(100)):
            pytest.skip("this kernel stamps no bytes")
        with connected() as fresh:
            yield fresh


def has_stamps(connection: socket.socket, client: socket.socket) -> bool:
    client.sendall(b"x")
    return bool(connection.recvmsg(1, 64)[1])


def test_bytes_that_lay_unread_arrived_when_they_came(stamped):
    connection, client = stamped
    client.sendall(b"early")
    waited = time.monotonic()
    while (lay := time.monotonic() - waited) < LONG:
        time.sleep(LONG - lay)
    reader = StampedReader(connection)
    assert reader.readinto(bytearray(5)) == 1
    assert LONG <= time.time() - reader.arrived < lay + LONG


def test_a_first_byte_that_lay_unread_keeps_its_own_moment(stamped: Any) -> None:
    connection, client = stamped
    reader = StampedReader(connection)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as HTTP clients do
    sent = time.time()
    client.sendall(b"first")
    time.sleep(LONG / 10)  # Only some time has to pass, less than the 40 ms for which its stamp is kept.
    followed = time.time()
    client.sendall(b"more" * 1000)
    assert reader.readinto(bytearray(8192)) == 1
    assert sent - 0.001 <= reader.began < followed - 0.001 or followed - sent > 0.04
    reader.readinto(bytearray(8192))
    assert reader.arrived >= followed - 0.001


def test_without_stamps_the_moment_of_reading_counts():
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"x")
        reader = StampedReader(near)
        reader.readinto(bytearray(1))
        assert 0 <= time.time() - reader.arrived < LONG


def test_a_slow_head_arrives_with_its_last_byte(emulator: EmulatorServer, photo: bytes, clip: bytes) -> None:
    request = raw_request(emulator, body_of(photo, clip))
    with socket.create_connection((emulator.host, emulator.port)) as client:
        client.sendall(request[:100])
        time.sleep(LONG / 4)  # Only some time has to pass; nothing depends on how much.
        sent = time.monotonic()
        client.sendall(request[100:])
        client.recv(1)
    row: Any = emulator.calls()[0]
    assert row["began_monotonic"] <= sent - LONG / 8 < sent - 0.001 <= row["arrived_monotonic"]


def test_each_call_on_a_kept_connection_has_its_own_arrival(
    emulator: EmulatorServer, photo: bytes, clip: bytes
) -> None:
    body = body_of(photo, clip)
    sent = []
    with httpx.Client(base_url=emulator.url, trust_env=False) as client:
        for _ in range(2):
            sent.append(time.monotonic())
            client.post("/", content=body, headers=signed_headers(client.base_url.netloc.decode(), body))
    for moment in ("began_monotonic", "arrived_monotonic"):
        first, second = [row[moment] for row in emulator.calls()]
        assert sent[0] <= first + 0.001 < sent[1] <= second + 0.001  # type: ignore[operator]


def test_a_busy_emulator_does_not_make_an_arrival_late(
    emulator: EmulatorServer, photo: bytes, clip: bytes, stamped, monkeypatch
) -> None:
    accept = _Listener.process_request

    def accept_late(*connection) -> None:
        time.sleep(LONG)
        accept(*connection)

    monkeypatch.setattr(_Listener, "process_request", accept_late)
    request = raw_request(emulator, body_of(photo, clip))
    with socket.create_connection((emulator.host, emulator.port)) as client:
        client.sendall(request)
        sent = time.monotonic()
        client.recv(1)
    assert emulator.calls()[0]["arrived_monotonic"] <= sent + 0.001  # type: ignore[operator]
