"""The broker goes away under load and comes back, and three workers with different pools must go on by themselves.

The environment says which broker, whose Celery app the workers run, and which outages, each as often as it is named:
TEST_BROKER, TEST_APP and TEST_OUTAGES. The run's repetitions are the calls at each outage.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction

from tests.faults import facts
from tests.faults.cable import Cable
from tests.faults.portal import around
from tests.faults.waiting import wait_until
from tests.faults.workers import park
from tests.processes import Process
from tests.rabbitmq import RabbitMQ, broker_of_this_run
from tests.services import Emulator, Redis, beat, python, worker
from verification import clock
from verification.jobs import answers, doorbell
from verification.models import CallState
from verification.models import VerificationAttempt as Attempt

CALL_MS = 3000  # how long the vendor takes, so that calls end during the outage and after it
# Seconds for which a worker may be silent, and an attempt undecided, after the broker is back, before it is given up.
PATIENCE = 60
RECEIVED = re.compile(r"Task [a-z_.]+\[[0-9a-f-]+\] received")
# A high rate, so that the calls are in flight soon: this scenario does not test pacing.
QUICK = {"KYC_FACEID_RATE": "200"}
POOLS = ("prefork", "threads", "embedded")


@dataclass
class Scene:
    repetitions: int
    waiting: Iterator[str]
    broker: Redis | RabbitMQ
    cable: Cable
    vendor: Emulator
    workers: dict[str, Process]
    taken: list[str] = field(default_factory=list)
    outages: list[dict[str, Any]] = field(default_factory=list)

    def in_flight(self) -> list[str]:
        """Has the workers call the vendor for as many attempts as there are repetitions; returns meanwhile."""
        ids = list(islice(self.waiting, self.repetitions))
        self.taken += ids
        with transaction.atomic():
            Attempt.objects.filter(public_id__in=ids).update(not_before=None)
            for attempt_id in ids:
                doorbell.ring(doorbell.ASSESS, attempt_id)
        wait_until("all calls have begun", lambda: facts.with_call(ids) == set(ids))
        return ids


def run(repetitions: int) -> dict[str, Any]:
    with _scene(repetitions) as scene:
        for name in os.environ["TEST_OUTAGES"].split(","):
            scene.outages.append({"outage": name, **_outage(scene, OUTAGES[name])})
        return {
            "outages": scene.outages,
            "queues": {name: answer.state for name, answer in answers.states(now=clock.now()).items()},
            "attempts": facts.of(scene.taken),
            "vendor_calls": scene.vendor.calls(),
        }


@contextmanager
def _scene(repetitions: int) -> Iterator[Scene]:
    with ExitStack() as stack:
        broker = broker_of_this_run()
        stack.enter_context(broker)
        cable = stack.enter_context(Cable(broker.port))
        vendor = stack.enter_context(Emulator(rate=1000, latency_ms=CALL_MS))
        url = broker.url.replace(str(broker.port), str(cable.port))
        # Celery prefers this variable to its configuration.
        os.environ["CELERY_BROKER_URL"] = url
        waiting = iter(park())
        portal = around(url, vendor, **QUICK)
        stack.enter_context(beat(portal))
        workers = {pool: stack.enter_context(_worker(portal, pool)) for pool in POOLS}
        yield Scene(repetitions, waiting, broker, cable, vendor, workers)


def _worker(portal: dict[str, str], pool: str) -> Process:
    app = os.environ["TEST_APP"]
    if pool == "embedded":
        return python(portal, "tests.faults.embedded", app, ready="Connected to")
    concurrency = ("--pool", pool, "--concurrency", "4" if pool == "prefork" else "64")
    return worker(portal, "media,liveness", *concurrency, app=app)


def _outage(scene: Scene, cause: Callable[[Scene], None]) -> dict[str, Any]:
    """Figures of one outage. `decided` and `took` are seconds from the broker's return until the last attempt was
    decided and until each worker took a message; None if that did not happen within PATIENCE."""
    ids = scene.in_flight()
    calls = len(facts.with_call(ids, state=CallState.SENDING))
    cause(scene)
    back = time.monotonic()
    heard = {pool: _received(one) for pool, one in scene.workers.items()}
    took: dict[str, float | None] = dict.fromkeys(POOLS)
    decided = None
    while time.monotonic() - back < PATIENCE and (decided is None or None in took.values()):
        since = round(time.monotonic() - back, 1)
        for pool, one in scene.workers.items():
            if took[pool] is None and one.alive and _received(one) > heard[pool]:
                took[pool] = since
        if decided is None and facts.finished(ids) == set(ids):
            decided = since
        _nudge()
        time.sleep(0.3)
    _replace_silent(scene, took)
    return {"calls": calls, "decided": decided, "took": took}


def _received(one: Process) -> int:
    return len(RECEIVED.findall(one.output))


def _nudge() -> None:
    """Messages about nothing, of which each worker takes some."""
    for _ in POOLS:
        with transaction.atomic():
            doorbell.ring(doorbell.ASSESS, "att_none")


def _replace_silent(scene: Scene, took: dict[str, float | None]) -> None:
    for pool, seconds in took.items():
        if seconds is None:
            scene.workers[pool].stop()
            scene.workers[pool].start()


def _gone(seconds: float) -> Callable[[Scene], None]:
    def cause(scene: Scene) -> None:
        scene.cable.cut()
        time.sleep(seconds)
        scene.cable.mend()

    return cause


def _three_times(scene: Scene) -> None:
    for _ in range(3):
        _gone(0.5)(scene)
        time.sleep(0.5)


def _emptied(scene: Scene) -> None:
    """Killed without having stored anything."""
    scene.broker.kill()
    scene.broker.empty()
    scene.broker.start()


def _stopped(seconds: float) -> Callable[[Scene], None]:
    """Stopped in order, and started again, as an operator does."""

    def cause(scene: Scene) -> None:
        scene.broker.stop()
        time.sleep(seconds)
        scene.broker.start()

    return cause


OUTAGES: dict[str, Callable[[Scene], None]] = {
    "1 s": _gone(1),
    "10 s": _gone(10),
    "2 min": _gone(120),
    "three times in 3 s": _three_times,
    "killed and emptied": _emptied,
    "restarted": _stopped(0),
    "stopped for 2 s": _stopped(2),
}
