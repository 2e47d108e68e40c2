"""The worker of the web server: slow heads and readers, silent connections and unclosed ones keep no thread."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from gunicorn.config import Config
from gunicorn.http import RequestParser

from kyc_portal import web_worker
from kyc_portal.web_worker import CLOSING_SECONDS, MAX_HEAD, Client, Connection, Worker
from tests.services import environment, gunicorn
from verification.slow_clients import stop_reading

THREADS = 2
MANY = 20
LARGE = 8_000_000  # bytes; more than the kernel keeps of what a client does not read
CONNECTIONS = 30  # that a process takes at once
SECONDS = 10  # an answer that takes longer never comes
FIRST, SECOND = (f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for path in ("/one", "/two"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    variables = environment("sqlite://", "memory://", "http://127.0.0.1:9", tmp_path_factory.mktemp("echo"))
    options = ("-k", "kyc_portal.web_worker.Worker", "--threads", str(THREADS))
    limit = ("--worker-connections", str(CONNECTIONS))
    with gunicorn(variables, "tests.flow.echo", *options, *limit) as (_process, where):
        yield where


@pytest.fixture
def opened(server: tuple[str, int]) -> Iterator[list[socket.socket]]:
    """Many connections."""
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(server, SECONDS)) for _ in range(MANY)]


def received(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    with suppress(ConnectionResetError):  # closed before all was read
        while not data.endswith(end) and (piece := connection.recv(65_536)):
            data += piece
    return data


def asking(path: bytes) -> bytes:
    """A request for a large answer."""
    return FIRST.replace(b"/one", path + f"?{LARGE}".encode())


def is_served(server: tuple[str, int]) -> bool:
    with socket.create_connection(server, SECONDS) as connection:
        connection.sendall(FIRST)
        return received(connection, b"/one").endswith(b"/one")


def test_one_connection_serves_one_request_after_the_other(server: tuple[str, int]) -> None:
    with socket.create_connection(server, SECONDS) as connection:
        for request, path in ((FIRST, b"/one"), (SECOND, b"/two"), (FIRST, b"/one")):
            connection.sendall(request)
            assert received(connection, path).startswith(b"HTTP/1.1 200")


def test_requests_that_come_together_are_all_answered(server: tuple[str, int]) -> None:
    with socket.create_connection(server, SECONDS) as connection:
        connection.sendall(FIRST + FIRST + SECOND)
        assert received(connection, b"/two").count(b"200 OK") == 3


def test_a_head_may_come_in_pieces(server: tuple[str, int]) -> None:
    with socket.create_connection(server, SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in SECOND:
            connection.sendall(bytes([byte]))
        assert received(connection, b"/two").endswith(b"/two")


@pytest.mark.parametrize("begun", [b"", b"GET /one HTTP/1.1\r\n", b"\r\n" * 9, FIRST + b"GET /two"])
def test_a_head_that_does_not_come_holds_no_thread_and_its_connection_is_closed(
    server: tuple[str, int], opened: list[socket.socket], begun: bytes
) -> None:
    for connection in opened:
        connection.sendall(begun)
    assert is_served(server)
    for connection in opened:
        assert received(connection, b"never").count(b"200 OK") == begun.count(FIRST)


def test_a_client_that_leaves_in_the_middle_of_a_head_is_closed(server: tuple[str, int]) -> None:
    with socket.create_connection(server, SECONDS) as connection:
        connection.sendall(b"GET /one")
        connection.shutdown(socket.SHUT_WR)
        assert received(connection, b"never") == b""


def test_a_head_without_end_is_refused(server: tuple[str, int]) -> None:
    with socket.create_connection(server, SECONDS) as connection:
        connection.sendall(b"GET /one HTTP/1.1\r\n" + b"X: y\r\n" * (MAX_HEAD // 5))
        assert received(connection, b"never").startswith(b"HTTP/1.1 431")


def test_clients_that_never_close_their_side_keep_nobody_waiting(
    server: tuple[str, int], opened: list[socket.socket]
) -> None:
    """Gunicorn alone waits for each of them in its only loop."""
    for connection in opened:
        connection.sendall(FIRST.replace(b"Host", b"Connection: close\r\nHost"))
        assert received(connection, b"/one").endswith(b"/one")
    assert MANY * CLOSING_SECONDS > SECONDS
    assert is_served(server)


def test_connections_that_wait_for_their_end_count_as_connections(server: tuple[str, int]) -> None:
    began = time.monotonic()
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            connection = stack.enter_context(socket.create_connection(server, SECONDS))
            connection.sendall(FIRST.replace(b"Host", b"Connection: close\r\nHost"))
            assert received(connection, b"/one").endswith(b"/one")
        assert is_served(server)
    assert time.monotonic() - began >= CLOSING_SECONDS


@pytest.mark.parametrize("path", [b"/one", b"/file"])
def test_clients_that_read_nothing_hold_no_thread_for_good(server: tuple[str, int], path: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(2 * THREADS):
            connection = stack.enter_context(socket.create_connection(server, SECONDS))
            connection.sendall(asking(path))
        assert is_served(server)


@pytest.mark.parametrize("path", [b"/one", b"/file"])
def test_a_client_that_reads_gets_all_of_a_large_answer(server: tuple[str, int], path: bytes) -> None:
    with socket.create_connection(server, SECONDS) as connection:
        connection.sendall(asking(path).replace(b"Host", b"Connection: close\r\nHost"))
        assert received(connection, b"never").endswith(b"\r\n\r\n" + bytes(LARGE))


@pytest.fixture
def sending(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The server's end of a connection, and the other end, at which somebody reads 64 KiB each millisecond."""
    monkeypatch.setattr(web_worker, "READER_SECONDS", 1.0)
    ours, theirs = socket.socketpair()
    reader = threading.Thread(target=read, args=(theirs, 65_536, 0.001))
    with Client(ours) as client, theirs:
        reader.start()
        yield client
        client.shutdown(socket.SHUT_RDWR)
        reader.join()


def read(connection: socket.socket, size: int, every: float) -> None:
    """So many bytes at a time, at most every so many seconds, until the other side ends it."""
    while connection.recv(size):
        time.sleep(every)


def test_who_takes_an_answer_too_slowly_loses_the_connection(
    sending: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_worker, "MIN_RATE", 10_000 * 65_536)
    with pytest.raises(BrokenPipeError):
        sending.sendall(bytes(200_000_000))


def test_who_takes_an_answer_fast_enough_may_take_as_long_as_it_needs(
    sending: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_worker, "MIN_RATE", 1)
    sending.sendall(bytes(200_000_000))


def test_a_client_on_a_slow_line_gets_all_of_an_answer_that_the_kernel_would_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By itself Linux would hold 4 MB of it, and nothing more would be taken until the client has read a third."""
    monkeypatch.setattr(web_worker, "READER_SECONDS", 1.0)
    monkeypatch.setattr(web_worker, "MIN_RATE", 100_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        client = Client(listener.accept()[0])
    with client, theirs:
        reader = threading.Thread(target=read, args=(theirs, 50_000, 0.05), daemon=True)
        reader.start()
        client.sendall(bytes(5_000_000))
        client.shutdown(socket.SHUT_WR)
        reader.join()


def test_an_interim_answer_is_no_way_around_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gunicorn sends it by `send`; after an answer that filled the buffer that would wait without end."""
    monkeypatch.setattr(web_worker, "READER_SECONDS", 0.5)
    ours, theirs = socket.socketpair()
    with Client(ours) as client, theirs:
        with suppress(BrokenPipeError):
            client.sendall(bytes(LARGE))
        with pytest.raises(BrokenPipeError):
            client.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def test_a_connection_whose_body_nobody_reads_any_more_is_not_kept() -> None:
    """What still comes of the body would be taken for the next request."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker = Worker.__new__(Worker)
        connection = Connection(worker, Config(), ours, "", "")
        connection.parser = RequestParser(Config(), ours, ("127.0.0.1", 1))
        theirs.sendall(b"POST /one HTTP/1.1\r\nContent-Length: 3000\r\n\r\n")
        next(connection.parser)
        stop_reading(ours)
        assert not worker._keepalive_after(connection, keepalive=True)
