"""The tests' RabbitMQ leaves nothing in the work tree, also when it can't start."""

import socket

import pytest

from tests.processes import PROJECT, Ended
from tests.rabbitmq import RabbitMQ
from tests.services import skip_reason


class Blocked(RabbitMQ):
    """Another program has one of its ports, so Erlang ends before RabbitMQ has read its settings."""

    def __init__(self, taken: socket.socket) -> None:
        self.taken = taken
        super().__init__()

    def _ports(self) -> dict[str, str]:
        return {**super()._ports(), "RABBITMQ_DIST_PORT": str(self.taken.getsockname()[1])}


def test_a_crash_at_the_start_leaves_no_dump_in_the_work_tree() -> None:
    if reason := skip_reason(RabbitMQ):
        pytest.skip(reason)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Ended), Blocked(taken):
        pass
    assert not (PROJECT / "erl_crash.dump").exists()
