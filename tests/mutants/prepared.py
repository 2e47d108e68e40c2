"""One process that has imported everything and made its database, and forks for each change.

A change inside a function needs no import: the child puts the changed code into the functions that are there. So a
trial takes as long as its tests, and no longer.
"""

import gc
import os
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import CodeType, FunctionType
from typing import Final, Self

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.trees import MEMORY, Tree

READY: Final = 600  # seconds for importing everything, on a busy machine
Answer = tuple[str, str]  # "killed", "survived", "timed out" or "unfit", and the test that noticed it


@dataclass(frozen=True)
class Job:
    """The module at `path` becomes `source`; `timeout` in seconds for all `tests`."""

    path: str
    source: str
    tests: list[str]
    timeout: float


class Prepared:
    """The process as it is seen from outside; it lives as long as its `with` block."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree, self._files = tree, files

    def __enter__(self) -> Self:
        self._connection, theirs = Pipe()
        descriptor = theirs.fileno()
        self._process = self.tree.start(
            self._files, environment={"MUTANTS_SERVE": str(descriptor)}, pass_fds=(descriptor,)
        )
        theirs.close()
        self._hear(READY)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def attempt(self, path: str, source: str, tests: list[str], *, timeout: float) -> Answer:
        self._connection.send(Job(str(self.tree.project / path), source, tests, timeout))
        return self._hear(timeout + READY)

    def _hear(self, timeout: float) -> Answer:
        """Raises TimeoutError, or EOFError if the process died."""
        if not self._connection.poll(timeout):
            raise TimeoutError("The prepared process does not answer.")
        answer: Answer = self._connection.recv()
        return answer


# Inside the process: a loop in the place of pytest's own.


def serve(session: pytest.Session, descriptor: int) -> None:
    """Answers one job after the other until nobody asks any more."""
    items = {item.nodeid: item for item in session.items}
    _make_database(session.items)
    # Its very type: Django's lazy objects wake up when they are asked what they are an instance of.
    functions = [thing for thing in gc.get_objects() if type(thing) is FunctionType]
    with Connection(descriptor) as connection, suppress(EOFError):
        connection.send(("ready", ""))
        while True:
            job = connection.recv()
            connection.send(_in_a_child(job, items, functions))


def _make_database(items: list[pytest.Item]) -> None:
    """Runs one test for the fixtures of the session. What is the session's stays for a test of another folder."""
    first = next(item for item in items if "db" in getattr(item, "fixturenames", ()))
    other = next(item for item in items if item.path.parent != first.path.parent)
    runtestprotocol(first, nextitem=other, log=False)


def _in_a_child(job: Job, items: dict[str, pytest.Item], functions: list[FunctionType]) -> Answer:
    ours, theirs = Pipe(duplex=False)
    child = os.fork()
    if not child:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        theirs.send(_trial(job, items, functions))
        os._exit(0)
    theirs.close()
    try:
        return ours.recv() if ours.poll(job.timeout) else ("timed out", "")
    except EOFError:
        return "killed", "by its own end"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        ours.close()


def _trial(job: Job, items: dict[str, pytest.Item], functions: list[FunctionType]) -> Answer:
    if not _put_in(job, functions):
        return "unfit", ""
    chosen = [items[name] for name in job.tests]
    # The last one is followed by itself: what is the session's is left alone, in the files too.
    for item, following in zip(chosen, [*chosen[1:], chosen[-1]], strict=True):
        reports = runtestprotocol(item, nextitem=following, log=False)
        if any(report.failed for report in reports):
            return "killed", item.nodeid
    return "survived", ""


def _put_in(job: Job, functions: list[FunctionType]) -> bool:
    """False if the changed code needs other variables from outside than the function has."""
    changed = {code.co_qualname: code for code in _codes(compile(job.source, job.path, "exec"))}
    there = [function for function in functions if function.__code__.co_filename == job.path]
    for function in there:
        code = changed.get(function.__code__.co_qualname)
        if code is None or code.co_freevars != function.__code__.co_freevars:
            return False
        function.__code__ = code
    return bool(there)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _codes(inner)
