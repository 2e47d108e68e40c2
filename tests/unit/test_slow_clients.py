"""Slow senders are disconnected, and one sender may hold only a few places."""

import socket
from collections.abc import Iterator

import pytest

from verification.pages.uploads import slow_clients


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's and the sender's end of a connection, with a timeout, so that a test fails instead of hanging."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        yield ours, theirs


def test_a_read_without_end_ends_and_the_answer_still_goes_out(ends: tuple[socket.socket, ...]) -> None:
    ours, theirs = ends
    with slow_clients.cut_off(ours, 0.01) as cut:
        assert ours.recv(1) == b""
    assert cut.is_set()
    ours.sendall(b"too slow")
    assert theirs.recv(8) == b"too slow"


def test_a_time_that_is_over_already_ends_at_once(ends: tuple[socket.socket, ...]) -> None:
    with slow_clients.cut_off(ends[0], -5) as cut:
        assert ends[0].recv(1) == b""
    assert cut.is_set()


def test_what_arrived_in_time_leaves_the_connection_alone(ends: tuple[socket.socket, ...]) -> None:
    ours, theirs = ends
    with slow_clients.cut_off(ours, 60) as cut:
        pass
    theirs.sendall(b"the next request")
    assert ours.recv(100) == b"the next request"
    assert not cut.is_set()


def test_a_connection_that_is_gone_or_not_shown_is_no_fault(ends: tuple[socket.socket, ...]) -> None:
    ends[0].close()
    slow_clients.stop_reading(ends[0])
    slow_clients.stop_reading(None)
    with slow_clients.cut_off(None, 0) as cut:
        assert not cut.is_set()


def test_each_sender_has_places_of_its_own_and_gets_them_back() -> None:
    for _ in range(2):
        with slow_clients.limit_concurrency(1, 7):
            assert not has_place(7)
            assert has_place(8)


def has_place(sender: int) -> bool:
    try:
        with slow_clients.limit_concurrency(1, sender):
            return True
    except slow_clients.TooManyAtOnce:
        return False
