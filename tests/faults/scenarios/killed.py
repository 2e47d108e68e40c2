"""Workers die or freeze at each point of a call, while the portal's other worker, its beat and its broker go on.

The obstacles that stop a worker at a point come from outside. Each attempt of a point has its own worker process, so
each is an independent repetition.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from tests.conftest import photo
from tests.faults import facts
from tests.faults.checker import calls_for
from tests.faults.obstacles import locked, port_that_never_answers, stopped_children, waiting_for_a_lock
from tests.faults.portal import around
from tests.faults.waiting import wait_until
from tests.faults.workers import Workers, park
from tests.faults.yardstick import seconds_undisturbed
from tests.services import Emulator, Redis, beat, worker
from verification import media
from verification.models import AnswerKind, CallState, ProviderCall, VendorAccount, Verification
from verification.models import VerificationAttempt as Attempt
from verification.vendor_accounts import pacing

Killed = dict[str, datetime]
HALF_A_SECOND = timedelta(seconds=0.5)
# For kills at any moment: how long the vendor takes, and how many seconds the kills are spread over.
LATENCY, SPREAD = 300, 2.5
# The beginnings of the statements that have to wait for a lock.
WRITING = 'UPDATE "verification_providercall" %'
DECIDING = 'SELECT "verification_verification".%'


@dataclass
class Scene:
    """`vendor` is the emulator that the portal calls; the workers to be killed call `holding`, those to be frozen
    `freezing`."""

    repetitions: int
    waiting: Iterator[str]
    workers: Workers
    vendor: Emulator
    holding: Emulator
    freezing: Emulator
    taken: list[str] = field(default_factory=list)
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self) -> list[str]:
        """Takes the attempts for one more point."""
        taken = list(islice(self.waiting, self.repetitions))
        self.taken += taken
        return taken

    def settle(self) -> None:
        """Waits until all attempts so far are finished: further work would lengthen their times in the report."""
        wait_until("every attempt is finished", lambda: facts.finished(self.taken) == set(self.taken))

    def calls(self) -> list[dict[str, Any]]:
        return [call for vendor in (self.vendor, self.holding, self.freezing) for call in vendor.calls()]

    def note(self, point: str, killed: Killed) -> None:
        """Records the state of a point's attempts at the moment when their workers were killed or frozen."""
        known, calls = facts.attempts(), self.calls()
        self.faults[point] = {
            attempt_id: {
                "at": at.isoformat(),
                "status": known[attempt_id]["status"],
                "entered": _entered(known[attempt_id]),
                "arrived": len(calls_for(known[attempt_id], calls)),
            }
            for attempt_id, at in killed.items()
        }


def _entered(attempt: dict[str, Any]) -> list[str]:
    """The states of its calls, without calls that missed their slot and were never sent."""
    return [call["state"] for call in attempt["calls"] if call["state"] != "not_sent"]


def run(repetitions: int) -> dict[str, Any]:
    with _scene(repetitions) as scene:
        undisturbed = [seconds_undisturbed(scene.take())]
        frozen = _freeze(scene)
        _at_any_moment(scene)
        scene.settle()
        _waiting_for_its_slot(scene)
        _before_sending(scene)
        scene.settle()
        _after_sending(scene)
        _before_the_answer_is_committed(scene)
        scene.settle()
        _after_the_answer_is_committed(scene)
        if connection.vendor == "postgresql":
            _in_the_midst_of_the_decision(scene)
            scene.settle()
            frozen += _frozen_in_the_midst_of_the_decision(scene)
            _overtaken_as_it_writes_the_answer(scene)
        scene.settle()
        undisturbed.append(seconds_undisturbed(scene.take()))
        before_thaw = facts.of(scene.taken)
        scene.freezing.release()
        scene.workers.thaw(frozen)
        return {
            "undisturbed": undisturbed,
            "faults": scene.faults,
            "before_thaw": before_thaw,
            "attempts": facts.of(scene.taken),
            "vendor_calls": scene.calls(),
        }


@contextmanager
def _scene(repetitions: int) -> Iterator[Scene]:
    with ExitStack() as stack:
        redis = stack.enter_context(Redis())
        vendor, holding, freezing = (stack.enter_context(Emulator(rate=1000)) for _ in range(3))
        waiting = iter(park())
        portal = around(redis.url, vendor)
        threads = ("--pool", "threads", "--concurrency", "32")
        stack.enter_context(worker(portal, "media,liveness", *threads))
        stack.enter_context(beat(portal))
        workers = stack.enter_context(Workers())
        yield Scene(repetitions, waiting, workers, vendor, holding, freezing)


def _at_any_moment(scene: Scene) -> None:
    """Kills workers at moments spread from the start until after the decision."""
    ids = scene.take()
    scene.holding.script(latency_ms=LATENCY, times=len(ids))
    scene.workers.start(ids, scene.holding.url)
    killed: Killed = {}
    for attempt_id in ids:
        time.sleep(SPREAD / len(ids))
        killed[attempt_id] = scene.workers.kill(attempt_id)
    scene.holding.script(clear=True)
    Attempt.objects.filter(public_id__in=ids).update(
        not_before=None
    )  # Some attempts were not even claimed yet.
    scene.note("at any moment", killed)


def _waiting_for_its_slot(scene: Scene) -> None:
    """At one call a second, and with the next slot taken, the worker waits for one second."""
    account_of = {attempt_id: f"slow{number}" for number, attempt_id in enumerate(scene.take())}

    def somebody_was_quicker(attempt_id: str) -> None:
        slow = {**settings.FACEID_ACCOUNTS["default"], "rate": 1}
        settings.FACEID_ACCOUNTS = {account_of[attempt_id]: slow}
        pacing.reserve(now=timezone.now())

    def there() -> set[str]:
        reserved = VendorAccount.objects.filter(spent=2).values_list("name", flat=True)
        entered = facts.with_call(account_of)
        return {one for one, name in account_of.items() if name in reserved and one not in entered}

    killed: Killed = {}
    for attempt_id in account_of:  # One by one: all of them would take longer than the second.
        scene.workers.start([attempt_id], scene.vendor.url, somebody_was_quicker)
        killed |= _kill_each(scene, [attempt_id], there)
    scene.note("waiting for its slot", killed)


def _before_sending(scene: Scene) -> None:
    """The call is in the ledger, and the worker waits for the connection."""
    ids = scene.take()

    def there() -> set[str]:
        # This long after the entry, only the connection can hold the worker up.
        return facts.with_call(ids, state=CallState.SENDING, started_at__lte=timezone.now() - HALF_A_SECOND)

    with port_that_never_answers() as endpoint:
        scene.workers.start(ids, endpoint)
        scene.note("before sending", _kill_each(scene, ids, there))


def _after_sending(scene: Scene) -> None:
    scene.note("after sending", _kill_all(scene, _all_held(scene.holding, scene)))


def _before_the_answer_is_committed(scene: Scene) -> None:
    """The worker has the answer and waits for a lock to write it."""
    with _all_writing(scene) as ids:
        killed = _kill_all(scene, ids)
    scene.note("before the answer is committed", killed)


def _overtaken_as_it_writes_the_answer(scene: Scene) -> None:
    """Freezes the worker as it writes the answer. It goes on after another worker has taken the attempt over and
    closed the call as lost, so its fence no longer fits."""
    with _all_writing(scene) as ids:
        frozen = {attempt_id: scene.workers.freeze(attempt_id) for attempt_id in ids}
        scene.note("overtaken as it writes the answer", frozen)
        wait_until("others wait behind them", lambda: waiting_for_a_lock(WRITING) == 2 * len(ids))
    scene.workers.thaw(ids)
    # The recovery time counts from here: until now the lock stopped every worker.
    for record in scene.faults["overtaken as it writes the answer"].values():
        record["at"] = timezone.now().isoformat()


@contextmanager
def _all_writing(scene: Scene) -> Iterator[list[str]]:
    ids = _all_held(scene.holding, scene)
    with locked(ProviderCall.objects.filter(attempt__public_id__in=ids)):
        scene.holding.release()
        wait_until("the answers are out", lambda: facts.at_vendor(scene.holding, ids, "answered") == set(ids))
        if connection.vendor == "postgresql":
            wait_until("they wait to write", lambda: waiting_for_a_lock(WRITING) == len(ids))
        yield ids


def _after_the_answer_is_committed(scene: Scene) -> None:
    """The worker has written the answer and waits for the media child that checks the best frame, before it decides."""
    ids = _all_held(scene.holding, scene, before=lambda _: media.check_photo(photo()))
    with stopped_children(of=[scene.workers.pid(attempt_id) for attempt_id in ids]):
        scene.holding.release()
        wait_until(
            "the answers are committed", lambda: facts.with_call(ids, answer=AnswerKind.USABLE) == set(ids)
        )
        killed = _kill_all(scene, ids)
    scene.note("after the answer is committed", killed)


def _in_the_midst_of_the_decision(scene: Scene) -> None:
    with _all_deciding(scene) as ids:
        killed = _kill_all(scene, ids)
    scene.note("in the midst of the decision", killed)


def _frozen_in_the_midst_of_the_decision(scene: Scene) -> list[str]:
    """The frozen worker's session has locked every row that the others need."""
    with _all_deciding(scene) as ids:
        frozen = {attempt_id: scene.workers.freeze(attempt_id) for attempt_id in ids}
    scene.note("frozen in the midst of the decision", frozen)
    return ids


@contextmanager
def _all_deciding(scene: Scene) -> Iterator[list[str]]:
    """Attempts whose workers have finished them in an open transaction and wait for the lock on the case."""
    ids = _all_held(scene.holding, scene)
    with locked(Verification.objects.filter(attempts__public_id__in=ids)):
        scene.holding.release()
        wait_until("they wait for the case", lambda: waiting_for_a_lock(DECIDING) == len(ids))
        yield ids


def _freeze(scene: Scene) -> list[str]:
    ids = _all_held(scene.freezing, scene)
    scene.note("frozen", {attempt_id: scene.workers.freeze(attempt_id) for attempt_id in ids})
    return ids


def _all_held(vendor: Emulator, scene: Scene, before: Callable[[str], object] | None = None) -> list[str]:
    """Attempts whose workers have sent the whole request and wait for the answer."""
    ids = scene.take()
    vendor.script(fault="hold", times=len(ids))
    scene.workers.start(ids, vendor.url, before)
    wait_until("all calls are held", lambda: facts.at_vendor(vendor, ids, "held") == set(ids))
    return ids


def _kill_all(scene: Scene, ids: list[str]) -> Killed:
    return {attempt_id: scene.workers.kill(attempt_id) for attempt_id in ids}


def _kill_each(scene: Scene, ids: Iterable[str], there: Callable[[], set[str]]) -> Killed:
    """Kills each worker as soon as it has reached the point."""
    killed: Killed = {}
    left = set(ids)

    def kill_who_is_there() -> bool:
        for attempt_id in there() & left:
            if at := scene.workers.kill_if(attempt_id, there):
                killed[attempt_id] = at
                left.remove(attempt_id)
        return not left

    wait_until("every worker gets there", kill_who_is_there)
    return killed
