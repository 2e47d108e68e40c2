"""A worker's consumer leaves a lost connection behind, even one that can't be closed, and connects again."""

from types import SimpleNamespace
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from kyc_portal.celery import app
from verification.jobs.consumer import Consumer


class LostConnection:
    """Like kombu's on Redis: a part of it is gone already when it is closed."""

    connection_errors = channel_errors = (ConnectionError,)

    def __init__(self) -> None:
        self.transport = SimpleNamespace(channels=[SimpleNamespace(do_restore=True)])

    def collect(self, socket_timeout: float) -> None:
        raise ConnectionError

    def close(self) -> None:
        raise AttributeError


@pytest.fixture
def consumer(settings: Any) -> Consumer:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]  # a worker does not start with the host of the tests' client
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    worker: Any = app.WorkController(
        pool="solo", without_heartbeat=True, without_mingle=True, without_gossip=True
    )
    assert type(worker.consumer) is Consumer
    return worker.consumer


def test_a_connection_that_can_not_be_closed_is_left_behind(consumer: Consumer) -> None:
    lost: Any = LostConnection()
    consumer.connection = lost
    consumer.on_connection_error_after_connected(ConnectionError())
    assert consumer.connection is None


def test_messages_in_the_worker_do_not_go_back_to_the_broker_as_well(consumer: Consumer) -> None:
    lost: Any = LostConnection()
    consumer.connection = lost
    consumer.on_connection_error_after_connected(ConnectionError())
    assert not lost.transport.channels[0].do_restore


@pytest.mark.parametrize("error", [AttributeError, OperationalError])
def test_whatever_a_lost_connection_raises_the_worker_connects_again(
    consumer: Consumer, monkeypatch: Any, error: type[Exception]
) -> None:
    errors = [error, SystemExit]

    def fail(parent: Any) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(consumer.blueprint, "start", fail)
    with pytest.raises(SystemExit):
        consumer.start()
    assert errors == []
