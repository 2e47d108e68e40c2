"""The duties that other parts have done in a thread beside a process's heartbeat."""

import threading
from collections.abc import Iterator

import pytest

from verification.jobs import heartbeat


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Threads of the test's own, and quick duties; the event ends these."""
    event = threading.Event()

    def end() -> None:
        if event.is_set():
            raise SystemExit

    monkeypatch.setattr(threading, "excepthook", lambda error: None)  # pytest's own reports a SystemExit
    monkeypatch.setattr(heartbeat, "DUTIES_EVERY", 0.005)
    monkeypatch.setattr(heartbeat, "_duties", [end])
    monkeypatch.setattr(heartbeat, "_threads", {})
    yield event
    event.set()
    duties = heartbeat._threads["duties"]
    duties.join(10)
    assert not duties.is_alive()


@pytest.mark.usefixtures("ended")
def test_a_duty_is_done_again_and_again() -> None:
    done = threading.Semaphore(0)
    heartbeat.add_duty(done.release)
    heartbeat.start()
    assert all(done.acquire(timeout=10) for _ in range(3))


@pytest.mark.usefixtures("ended")
def test_a_duty_that_fails_does_not_end_the_others() -> None:
    tried = threading.Semaphore(0)

    def fail() -> None:
        tried.release()
        raise ZeroDivisionError

    heartbeat.add_duty(fail)
    heartbeat.start()
    assert all(tried.acquire(timeout=10) for _ in range(3))


@pytest.mark.usefixtures("ended")
def test_a_process_has_one_heartbeat_and_one_thread_for_the_duties() -> None:
    heartbeat.start()
    first = dict(heartbeat._threads)
    heartbeat.start()
    assert heartbeat._threads == first


def test_a_thread_that_has_ended_is_started_again(ended: threading.Event) -> None:
    heartbeat.start()
    first = heartbeat._threads["duties"]
    ended.set()
    first.join(10)
    ended.clear()
    heartbeat.start()
    assert heartbeat._threads["duties"] is not first
