"""Threads that take turns, unless one of them waits for too long."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from verification.jobs import one_by_one
from verification.jobs.one_by_one import OneByOne


def in_another_thread(turn: OneByOne, *, entered: threading.Event, leave: threading.Event) -> None:
    with turn:
        entered.set()
        leave.wait()


def test_threads_enter_one_after_another() -> None:
    turn, inside, most = OneByOne(), [], []

    def work(number: int) -> None:
        with turn:
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.001)
            inside.remove(number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(40)))
    assert most == [1] * 40


def test_a_thread_may_enter_again() -> None:
    turn = OneByOne()
    with turn, turn:
        pass
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: turn._lock.acquire(blocking=False)).result()


def test_an_error_ends_the_turn() -> None:
    turn = OneByOne()
    with pytest.raises(ZeroDivisionError), turn:
        raise ZeroDivisionError
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: turn._lock.acquire(blocking=False)).result()


def test_nobody_waits_for_ever_and_whoever_went_ahead_ends_no_other_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(one_by_one, "PATIENCE", 0.05)
    turn, entered, leave = OneByOne(), threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(in_another_thread, turn, entered=entered, leave=leave)
        entered.wait()
        with turn:
            pass
        assert not turn._lock.acquire(blocking=False)
        leave.set()
        other.result()
    assert turn._lock.acquire(blocking=False)
