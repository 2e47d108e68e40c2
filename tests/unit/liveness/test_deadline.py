"""At the deadline the connection is cut, whichever thread waits on it; a finished call is not affected."""

import os
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from verification.liveness.deadline import Deadline

NEVER = 3600.0


class Stream:
    """The stream that httpcore passes on after connecting."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def get_extra_info(self, name: str) -> socket.socket:
        assert name == "socket"
        return self.connection


def connected(deadline: Deadline, connection: socket.socket, how: str = "connect_tcp") -> None:
    deadline.follow(f"connection.{how}.complete", {"return_value": Stream(connection)})


@pytest.fixture
def ends():
    near, far = socket.socketpair()
    near.settimeout(30)
    with near, far:
        yield near, far


@pytest.mark.parametrize("how", ["connect_tcp", "start_tls"])
def test_whoever_waits_on_the_connection_wakes_up_at_the_deadline(ends, how):
    with Deadline(0.01) as deadline:
        connected(deadline, ends[0], how)
        assert ends[0].recv(1) == b""
        assert deadline.passed


def test_a_connection_made_too_late_is_cut_at_once(ends):
    with Deadline(NEVER) as deadline:
        deadline.cut()
        connected(deadline, ends[0])
        assert ends[0].recv(1) == b""


def test_a_call_that_is_over_is_left_alone(ends):
    with Deadline(NEVER) as deadline:
        connected(deadline, ends[0])
    deadline.cut()
    ends[1].send(b"x")
    assert (ends[0].recv(1), deadline.passed) == (b"x", False)


def test_what_is_over_does_not_hold_its_connection(ends):
    with Deadline(NEVER) as deadline:
        connected(deadline, ends[0])
    assert ends[0] not in vars(deadline).values()


def test_other_events_of_the_library_tell_it_nothing(ends):
    with Deadline(0.01) as deadline:
        deadline.follow("http11.send_request_body.started", {"request": None})
        assert vars(deadline)["_socket"] is None


def test_a_connection_that_is_closed_already_troubles_nobody(ends):
    with Deadline(NEVER) as deadline:
        connected(deadline, ends[0])
        ends[0].close()
        deadline.cut()
        assert deadline.passed


def test_deadlines_pass_in_their_own_order_and_not_in_that_of_the_calls():
    pairs = [socket.socketpair() for _ in range(3)]
    with ExitStack() as stack:
        for pair in pairs:
            for end in pair:
                stack.enter_context(end)
        seconds = [NEVER, 0.02, 0.01]
        deadlines = [stack.enter_context(Deadline(limit)) for limit in seconds]
        for deadline, (near, _) in zip(deadlines, pairs, strict=True):
            connected(deadline, near)
        assert (pairs[2][0].recv(1), pairs[1][0].recv(1)) == (b"", b"")
        assert [deadline.passed for deadline in deadlines] == [False, True, True]


def test_a_hundred_calls_take_one_thread():
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(Deadline(NEVER))
        assert [thread.name for thread in threading.enumerate()].count("deadlines") == 1


AFTER_FORK = """
import os, socket
from tests.unit.liveness.test_deadline import connected
from verification.liveness.deadline import Deadline

with Deadline(3600):
    child = os.fork()
    if child == 0:
        near, far = socket.socketpair()
        with Deadline(0.01) as deadline:
            connected(deadline, near)
            os._exit(0 if near.recv(1) == b"" else 1)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_forked_child_has_deadlines_too():
    assert subprocess.run([sys.executable, "-c", AFTER_FORK], timeout=60, check=False).returncode == 0
