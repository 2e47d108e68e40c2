"""A call's arrival is the time when its bytes came, even if the emulator's threads were busy then."""

import socket
import time

import httpx
import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from kyc_portal.sandbox.emulator.arrival import StampedReader, ask_for_stamps
from kyc_portal.sandbox.emulator.server import _Listener
from tests.contract.tc3 import body_of, raw_request, signed_headers

LONG = 0.2  # seconds; two orders above what the wire takes


@pytest.fixture
def line():
    """A connection as the emulator's listener accepts it, and the client's end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ask_for_stamps(listener)
        with socket.create_connection(listener.getsockname()) as client:
            connection, _ = listener.accept()
            with connection:
                yield connection, client


def has_stamps(line) -> bool:
    connection, client = line
    client.sendall(b"x")
    return bool(connection.recvmsg(1, 64)[1])


@pytest.fixture
def stamped(line):
    if not has_stamps(line):
        pytest.skip("this kernel stamps no bytes")
    return line


def test_bytes_that_lay_unread_arrived_when_they_came(stamped):
    connection, client = stamped
    client.sendall(b"early")
    waited = time.monotonic()
    while (lay := time.monotonic() - waited) < LONG:
        time.sleep(LONG - lay)
    reader = StampedReader(connection)
    assert reader.readinto(bytearray(5)) == 5
    assert LONG <= reader.age() < lay + LONG


def test_without_stamps_the_moment_of_reading_counts():
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"x")
        reader = StampedReader(near)
        reader.readinto(bytearray(1))
        assert 0 <= reader.age() < LONG


def test_a_slow_head_arrives_with_its_last_byte(emulator: EmulatorServer, photo: bytes, clip: bytes) -> None:
    request = raw_request(emulator, body_of(photo, clip))
    with socket.create_connection((emulator.host, emulator.port)) as client:
        client.sendall(request[:100])
        time.sleep(LONG / 4)  # Only some time has to pass; nothing depends on how much.
        sent = time.monotonic()
        client.sendall(request[100:])
        client.recv(1)
    assert emulator.calls()[0]["arrived_monotonic"] >= sent - 0.001  # type: ignore[operator]


def test_each_call_on_a_kept_connection_has_its_own_arrival(
    emulator: EmulatorServer, photo: bytes, clip: bytes
) -> None:
    body = body_of(photo, clip)
    sent = []
    with httpx.Client(base_url=emulator.url, trust_env=False) as client:
        for _ in range(2):
            sent.append(time.monotonic())
            client.post("/", content=body, headers=signed_headers(client.base_url.netloc.decode(), body))
    arrived = [row["arrived_monotonic"] for row in emulator.calls()]
    assert sent[0] <= arrived[0] + 0.001 < sent[1] <= arrived[1] + 0.001  # type: ignore[operator]


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
