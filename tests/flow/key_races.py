"""Processes that make, use, rotate and destroy data keys at the same moment: `python -m tests.flow.key_races`.

The environment configures a portal with an empty database that nothing else uses. The module prints what happened as
JSON. Every process has its own keyring, like machines that are restarted one after the other.
"""

import hashlib
import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier, Event
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from verification import audit, crypto, storage  # noqa: E402
from verification.actions import keys  # noqa: E402
from verification.models import Applicant, DataKey  # noqa: E402

OLD, NEW = crypto.new_entry("old"), crypto.new_entry("new")
# A rotation as docs/keys.md describes it: the processes get each ring one after the other while the others work on.
STEPS = [OLD, f"{OLD},{NEW}", f"{NEW},{OLD}", NEW]
OBJECTS, UPLOADERS, APPLICANTS, DOOMED = 40, 6, 10, 60
MAX_SECONDS = 60

_fork = multiprocessing.get_context("fork")


def main() -> None:
    call_command("migrate", verbosity=0)
    report = {"rotation": rotation(), "first_uploads": first_uploads(), "destroyed": destroyed()}
    json.dump(report, sys.stdout)


def rotation() -> dict[str, Any]:
    """Two processes of each step work until both of the next step work."""
    settings.KEYRING = STEPS[0]
    objects = [_stored(storage.new_key(), os.urandom(70_000)) for _ in range(OBJECTS)]
    results: Any = _fork.SimpleQueue()
    before: list[tuple[Any, Event]] = []
    rewrapped: list[int] = []
    for step in range(len(STEPS)):
        if step == len(STEPS) - 1:
            settings.KEYRING = STEPS[step - 1]
            rewrapped = [_rewrap() for _ in range(2)]
        workers = [_start_worker(step, objects, results) for _ in range(2)]
        for process, enough in before:
            enough.set()
            process.join(MAX_SECONDS)
        before = workers
    for process, enough in before:
        enough.set()
        process.join(MAX_SECONDS)
    done = [results.get() for _ in range(2 * len(STEPS))]
    wrapped_by = sorted(set(DataKey.objects.values_list("key_id", flat=True)))
    return {"workers": done, "rewrapped": rewrapped, "wrapped_by": wrapped_by}


def _start_worker(step: int, objects: list[tuple[str, str]], results: Any) -> tuple[Any, Event]:
    """Starts a worker and returns after its first round; it works on until `enough` is set."""
    connections.close_all()
    at_work, enough = _fork.Event(), _fork.Event()
    process = _fork.Process(target=_work, args=(step, objects, results, at_work, enough), daemon=True)
    process.start()
    if not at_work.wait(MAX_SECONDS):
        raise TimeoutError("A worker never began.")
    return process, enough


def _work(step: int, objects: list[tuple[str, str]], results: Any, at_work: Event, enough: Event) -> None:
    settings.KEYRING = STEPS[step]
    rounds, failures = 0, list[str]()
    while not enough.is_set() or rounds < 20:
        try:
            _read(*random.choice(objects))
            for key in (DataKey.objects.latest("pk"), storage.new_key()):
                _read(*_stored(key, b"more"))
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
        rounds += 1
        at_work.set()
    results.put({"step": step, "rounds": rounds, "failures": failures[:5]})


def _rewrap() -> int:
    number, failed = keys.rewrap(by=audit.By.shell(), now=timezone.now())
    return -1 if failed else number


def first_uploads() -> dict[str, list[list[str]]]:
    """The data keys that each of several processes got for the same applicants at the same moment."""
    settings.KEYRING = NEW
    applicants = [
        Applicant.objects.create(reference=f"REF-{number}", name="Alice Example", created_at=timezone.now())
        for number in range(APPLICANTS)
    ]
    got = _together([_first_keys] * UPLOADERS, applicants)
    unused = DataKey.objects.filter(applicant__isnull=True, created_at__gte=applicants[0].created_at)
    return {"got": got, "unused": list(unused.values_list("public_id", flat=True))}


def _first_keys(barrier: Barrier, applicants: list[Applicant]) -> list[str]:
    got = []
    for applicant in applicants:
        barrier.wait(MAX_SECONDS)
        got.append(storage.key_of(applicant).public_id)
    return got


def destroyed() -> dict[str, Any]:
    """The keys after one process destroyed them while others rewrapped them back and forth."""
    settings.KEYRING = STEPS[2]
    doomed = [storage.new_key() for _ in range(DOOMED)]
    objects = [_stored(key, b"evidence") for key in doomed]
    _together([_destroy_all, *[_rewrap_often] * 3], doomed)
    read = [_outcome(*stored) for stored in objects]
    left = DataKey.objects.filter(pk__in=[key.pk for key in doomed]).exclude(wrapped="", key_id="")
    return {"read": read, "left": left.count()}


def _destroy_all(barrier: Barrier, doomed: list[DataKey]) -> int:
    barrier.wait(MAX_SECONDS)
    for key in doomed:
        storage.destroy(key, now=timezone.now())
    return 0


def _rewrap_often(barrier: Barrier, doomed: list[DataKey]) -> int:
    """Rewraps with each of the two ring keys first in turn, so that there is always something to do."""
    barrier.wait(MAX_SECONDS)
    number, end = 0, time.monotonic() + MAX_SECONDS
    left = DataKey.objects.filter(pk__in=[key.pk for key in doomed], destroyed_at__isnull=True)
    while left.exists() and time.monotonic() < end:
        for settings.KEYRING in STEPS[1:3]:
            batch = storage.rewrap(most=1000, after=doomed[0].pk - 1)
            number += len(batch.done) if batch else 0
    return number


def _outcome(name: str, sha256: str) -> str:
    try:
        _read(name, sha256)
    except storage.IntegrityError as error:
        return type(error).__name__
    return "read"


def _read(name: str, sha256: str) -> bytes:
    return storage.read(name, sha256=sha256)


def _stored(key: DataKey, content: bytes) -> tuple[str, str]:
    name = storage.store(key, "test", content).name
    return name, hashlib.sha256(content).hexdigest()


def _together(runs: list[Callable[..., Any]], *args: Any) -> list[Any]:
    """Runs each function in a separate process, all from the same moment; returns the results."""
    connections.close_all()
    barrier, results = _fork.Barrier(len(runs)), _fork.SimpleQueue()
    processes = [
        _fork.Process(target=_tell, args=(results, run, barrier, *args), daemon=True) for run in runs
    ]
    for process in processes:
        process.start()
    done = [results.get() for _ in runs]
    for process in processes:
        process.join(MAX_SECONDS)
    if failed := [error for error, _ in done if error]:
        raise RuntimeError("; ".join(failed))
    return [result for _, result in done]


def _tell(results: Any, run: Callable[..., Any], *args: Any) -> None:
    """Sends a result or the error: without one, the parent would wait for ever."""
    try:
        results.put(("", run(*args)))
    except BaseException as error:
        results.put((f"{type(error).__name__}: {error}", None))
        raise


if __name__ == "__main__":
    main()
