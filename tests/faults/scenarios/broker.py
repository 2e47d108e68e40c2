"""Real Celery workers, and a real broker that loses everything or delivers all of it five times.

The vendor holds its answers until the fault has happened, so that calls are in flight. A worker has as many threads
as there are repetitions: of twice as many attempts one half is in flight and the other waits in the broker.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import redis
from celery import current_app
from django.db import transaction
from django.utils import timezone

from tests.faults import facts
from tests.faults.portal import around
from tests.faults.waiting import wait_until
from tests.faults.workers import park
from tests.faults.yardstick import seconds_undisturbed
from tests.processes import Process
from tests.services import Emulator, Redis, beat, worker
from verification.jobs import doorbell
from verification.models import VerificationAttempt as Attempt
from verification.states import AttemptStatus

DELIVERIES = 5
HOLD_ALL = 10_000
RECEIVED = re.compile(r"Task ([a-z_.]+)\[[0-9a-f-]+\] received")
# A high rate, so that the calls are in flight soon: this scenario does not test pacing.
QUICK = {"KYC_FACEID_RATE": "200"}


@dataclass
class Scene:
    """A portal with a worker for each queue.

    `in_flight` (calls, by fault) and `received` (messages, by task) prove that a fault found what it was meant to hit.
    """

    repetitions: int
    waiting: Iterator[str]
    broker: Redis
    vendor: Emulator
    portal: dict[str, str]
    media: Process
    liveness: Process
    taken: list[str] = field(default_factory=list)
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    in_flight: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)

    def take(self) -> list[str]:
        """Takes as many attempts as the worker has threads."""
        taken = list(islice(self.waiting, self.repetitions))
        self.taken += taken
        return taken

    def in_flight_and_waiting(self) -> list[str]:
        """Queues twice as many attempts as the worker has threads; returns when each thread waits for an answer."""
        ids = self.take() + self.take()
        self.vendor.script(fault="hold", times=HOLD_ALL)
        _ring(ids)
        wait_until("all threads wait for an answer", lambda: self._held() == self.repetitions)
        return ids

    def let_answers_go(self) -> None:
        self.vendor.script(clear=True)
        self.vendor.release()

    def note(self, fault: str, ids: list[str]) -> None:
        """Records that the fault has happened to these attempts."""
        at = timezone.now().isoformat()
        self.faults[fault] = {attempt_id: {"at": at} for attempt_id in ids}
        self.in_flight[fault] = self._held()

    def _held(self) -> int:
        return sum(call["state"] == "held" for call in self.vendor.calls())


def run(repetitions: int) -> dict[str, Any]:
    with _scene(repetitions) as scene:
        undisturbed = [seconds_undisturbed(scene.take())]
        _broker_emptied(scene)
        _broker_killed(scene)
        _delivered_again_and_again(scene)
        undisturbed.append(seconds_undisturbed(scene.take()))
        _worker_killed(scene)
        return {
            "undisturbed": undisturbed,
            "faults": scene.faults,
            "in_flight": scene.in_flight,
            "received": scene.received,
            "attempts": facts.of(scene.taken),
            "vendor_calls": scene.vendor.calls(),
        }


@contextmanager
def _scene(repetitions: int) -> Iterator[Scene]:
    with ExitStack() as stack:
        broker = stack.enter_context(Redis())
        vendor = stack.enter_context(Emulator(rate=1000))
        # Celery prefers this variable to its configuration.
        os.environ["CELERY_BROKER_URL"] = broker.url
        waiting = iter(park())
        portal = around(broker.url, vendor, **QUICK)
        media = stack.enter_context(worker(portal, "media", "--pool", "threads", "--concurrency", "4"))
        liveness = stack.enter_context(_liveness_worker(portal, repetitions))
        stack.enter_context(beat(portal))
        yield Scene(repetitions, waiting, broker, vendor, portal, media, liveness)


def _liveness_worker(portal: dict[str, str], threads: int) -> Process:
    return worker(portal, "liveness", "--pool", "threads", "--concurrency", str(threads))


def _broker_emptied(scene: Scene) -> None:
    ids = scene.in_flight_and_waiting()
    scene.broker.flush()
    scene.note("broker emptied", ids)
    scene.let_answers_go()
    _wait_until_finished(ids)


def _broker_killed(scene: Scene) -> None:
    """Kills the broker. Attempts in flight are decided without it; the rest after it starts again, empty."""
    ids = scene.in_flight_and_waiting()
    scene.broker.kill()
    scene.note("broker killed", ids)
    scene.let_answers_go()
    wait_until("these are decided", lambda: len(facts.finished(ids)) >= scene.repetitions)
    scene.broker.start()
    wait_until("the broker answers", lambda: _answers(scene.broker))
    _wait_until_finished(ids)


def _delivered_again_and_again(scene: Scene) -> None:
    """Sends each message several times to two workers, whose threads take up the same attempt at the same moment."""
    ready, submitted = scene.take(), _submitted()
    scene.taken += submitted
    both = [*ready, *submitted]
    with _liveness_worker(scene.portal, scene.repetitions) as second:
        workers = (scene.media, scene.liveness, second)
        before = _received(workers)
        Attempt.objects.filter(public_id__in=both).update(not_before=None)
        scene.note("delivered again and again", both)
        sent = Counter[str]()
        for attempt_id in submitted:
            sent += _deliver(doorbell.PREPARE, attempt_id)
        for attempt_id in ready:
            sent += _deliver(doorbell.ASSESS, attempt_id)
        sent += (
            _deliver(doorbell.ASSESS_NEXT) + _deliver(doorbell.SWEEP) + _deliver(doorbell.PROBE, "default")
        )
        _wait_until_finished(both)
        for attempt_id in both:
            sent += _deliver(doorbell.ASSESS, attempt_id)
        wait_until("all messages are received", lambda: _received(workers) - before >= sent)
        scene.received = dict(_received(workers) - before)


def _worker_killed(scene: Scene) -> None:
    """Kills the worker and empties the broker. Then another worker starts."""
    ids = scene.in_flight_and_waiting()
    scene.liveness.kill()
    scene.note("worker killed", ids)
    scene.broker.flush()
    scene.let_answers_go()
    with _liveness_worker(scene.portal, scene.repetitions):
        _wait_until_finished(ids)


def _received(workers: Iterable[Process]) -> Counter[str]:
    """The number of messages that the workers received, by task."""
    return Counter(task for one in workers for task in RECEIVED.findall(one.output))


def _submitted() -> list[str]:
    return list(Attempt.objects.filter(status=AttemptStatus.SUBMITTED).values_list("public_id", flat=True))


def _ring(ids: list[str]) -> None:
    with transaction.atomic():
        Attempt.objects.filter(public_id__in=ids).update(not_before=None)
        for attempt_id in ids:
            doorbell.ring(doorbell.ASSESS, attempt_id)


def _deliver(task: str, *args: str) -> Counter[str]:
    """Sends the message DELIVERIES times; returns that count by task."""
    for _ in range(DELIVERIES):
        current_app.send_task(task, args=args, queue=doorbell.QUEUES[task])
    return Counter({task: DELIVERIES})


def _wait_until_finished(ids: list[str]) -> None:
    wait_until("every attempt is finished", lambda: facts.finished(ids) == set(ids))


def _answers(broker: Redis) -> bool:
    with redis.Redis.from_url(broker.url) as connection:
        try:
            return bool(connection.ping())
        except redis.ConnectionError:
            return False
