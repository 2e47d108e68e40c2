"""Slow senders are disconnected, one sender may hold only a few places, and what has arrived needs none."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest

from kyc_portal import web_server
from verification import slow_clients
from verification.slow_clients import Body, Places

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The server's and the sender's end of a connection, with a timeout, so that a test fails instead of hanging."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        yield ours, theirs


class Source:
    """A body as gunicorn reads it: a read returns when it has all, and keeps what it has when it is interrupted."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._kept = connection, b""

    def read(self, size: int) -> bytes:
        while len(self._kept) < size and (data := self._connection.recv(size - len(self._kept))):
            self._kept += data
        data, self._kept = self._kept[:size], self._kept[size:]
        return data


def body_of(connection: socket.socket, length: int, **more: str) -> Body:
    environ: dict[str, Any] = {
        "wsgi.input": Source(connection),
        "gunicorn.socket": connection,
        "CONTENT_LENGTH": str(length),
        "REMOTE_ADDR": "198.51.100.1",
        **more,
    }
    return Body(environ)


@pytest.fixture
def no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "_forms", Places(0, 0))
    monkeypatch.setattr(slow_clients, "_uploads", Places(0, 0))


def test_a_body_that_has_arrived_needs_no_place(ends: Ends, no_place: None) -> None:
    ends[1].sendall(b"a=1&b=2")
    assert body_of(ends[0], 7).read() == b"a=1&b=2"


def test_a_body_under_way_needs_a_place(ends: Ends, no_place: None) -> None:
    ends[1].sendall(b"a=1")
    with pytest.raises(slow_clients.TooManyAtOnce):
        body_of(ends[0], 7).read()
    assert ends[0].recv(10) == b""


def test_addresses_of_one_network_share_their_places(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "_forms", Places(9, 1))
    form = body_of(ends[0], 7, REMOTE_ADDR="2001:db8:1:2::9")
    with slow_clients._forms.taken("2001:db8:1:2::"), pytest.raises(slow_clients.TooManyOfSender):
        form.read()


def test_a_file_needs_a_place_of_its_own(ends: Ends, no_place: None) -> None:
    with pytest.raises(slow_clients.TooManyAtOnce), body_of(ends[0], 7).upload("case", 60):
        pass


def test_a_body_that_takes_too_long_is_refused(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "FORM_SECONDS", 0.01)
    ends[1].sendall(b"a=1")
    with pytest.raises(slow_clients.TooSlow):
        body_of(ends[0], 7).read()


def test_the_deadline_is_for_the_whole_body_and_not_for_each_read(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter((0.0, 0.0, slow_clients.FORM_SECONDS + 1))
    monkeypatch.setattr(slow_clients, "time", SimpleNamespace(monotonic=lambda: next(now)))
    body = body_of(ends[0], 7)
    until_cut_off = partial(ends[0].recv, 1)
    pieces = Pieces(b"a", BlockingIOError(), b"b", BlockingIOError(), until_cut_off)
    monkeypatch.setattr(body, "_source", pieces)
    assert body.read(1) == b"a"
    assert body.read(1) == b"b"
    with pytest.raises(slow_clients.TooSlow):
        body.read(1)


class Pieces:
    """Each read returns, raises or calls the next one."""

    def __init__(self, *pieces: bytes | Exception | Callable[[], bytes]) -> None:
        self._pieces = iter(pieces)

    def read(self, size: int) -> bytes:
        piece = next(self._pieces)
        if isinstance(piece, Exception):
            raise piece
        return piece() if callable(piece) else piece


def test_a_body_that_ends_early_is_never_taken_as_whole(ends: Ends) -> None:
    ends[1].sendall(b"name=Ali")
    ends[1].shutdown(socket.SHUT_WR)
    with pytest.raises(slow_clients.Incomplete):
        body_of(ends[0], 10).read()


def test_no_read_passes_the_end_of_the_body(ends: Ends) -> None:
    ends[1].sendall(b"a=1GET /")
    body = body_of(ends[0], 3)
    assert (body.read(2), body.read(), body.read(5)) == (b"a=", b"1", b"")


@pytest.mark.parametrize(("length", "more"), [(7, {}), (0, {"HTTP_TRANSFER_ENCODING": "chunked"})])
def test_what_nobody_has_read_is_read_no_more(ends: Ends, length: int, more: dict[str, str]) -> None:
    body_of(ends[0], length, **more).end()
    assert ends[0].recv(1) == b""


def test_a_connection_whose_body_was_read_stays_as_it_is(ends: Ends) -> None:
    ends[1].sendall(b"a=1")
    body = body_of(ends[0], 3)
    body.read()
    body.end()
    ends[1].sendall(b"the next request")
    assert ends[0].recv(100) == b"the next request"


def test_a_server_that_does_not_show_its_connection_reads_as_it_does() -> None:
    environ: dict[str, Any] = {"wsgi.input": BytesIO(b"a=1"), "CONTENT_LENGTH": "3"}
    body = Body.of(environ)
    assert body.read() == b"a=1"
    body.end()


def test_each_request_gets_one_body_and_its_end() -> None:
    seen: list[Body] = []

    def application(environ: dict[str, Any], start_response: Any) -> str:
        seen.append(Body.of(environ))
        assert environ["wsgi.input"] is seen[-1]
        return "answer"

    environ: dict[str, Any] = {"wsgi.input": BytesIO(b"")}
    assert slow_clients.guarded(application)(environ, None) == "answer"
    assert seen == [environ["wsgi.input"]]


def test_the_places_leave_threads_that_serve_what_has_arrived() -> None:
    assert web_server.threads - slow_clients.MAX_FORMS - slow_clients.MAX_UPLOADS >= 3


def test_a_read_without_end_ends_and_the_answer_still_goes_out(ends: Ends) -> None:
    ours, theirs = ends
    with slow_clients.cut_off(ours, 0.01) as cut:
        assert ours.recv(1) == b""
    assert cut.is_set()
    ours.sendall(b"too slow")
    assert theirs.recv(8) == b"too slow"


def test_a_time_that_is_over_already_ends_at_once(ends: Ends) -> None:
    with slow_clients.cut_off(ends[0], -5) as cut:
        assert ends[0].recv(1) == b""
    assert cut.is_set()


def test_what_arrived_in_time_leaves_the_connection_alone(ends: Ends) -> None:
    ours, theirs = ends
    with slow_clients.cut_off(ours, 60) as cut:
        pass
    theirs.sendall(b"the next request")
    assert ours.recv(100) == b"the next request"
    assert not cut.is_set()


def test_a_connection_that_is_gone_or_not_shown_is_no_fault(ends: Ends) -> None:
    ends[0].close()
    slow_clients.stop_reading(ends[0])
    slow_clients.stop_reading(None)
    with slow_clients.cut_off(None, 0) as cut:
        assert not cut.is_set()


def test_each_sender_has_places_of_its_own_and_gets_them_back() -> None:
    places = Places(9, 1)
    for _ in range(2):
        with places.taken("first"):
            assert not has_place(places, "first")
            assert has_place(places, "second")


def test_all_senders_together_have_no_more_than_there_are() -> None:
    places = Places(3, 2)
    with ExitStack() as stack:
        for sender in "aab":
            stack.enter_context(places.taken(sender))
        assert not has_place(places, "c")
    assert has_place(places, "c")


def has_place(places: Places, sender: str) -> bool:
    try:
        with places.taken(sender):
            return True
    except slow_clients.TooManyAtOnce:
        return False
