"""The doorbell: a Celery message tells a worker that an attempt waits. It carries an id and nothing else.

The attempt's row in the database is the queue (`leases`), so a lost message costs seconds and no work. The names of the
tasks and of their queues stand here, so that the code that rings imports no task.
"""

import time
from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from kombu import Queue
from kombu.exceptions import OperationalError

from verification.states import AttemptStatus

PREPARE = "verification.prepare"
ASSESS = "verification.assess"
ASSESS_NEXT = "verification.assess_next"
RERUN = "verification.rerun"
PROBE = "verification.probe"
DELIVER = "verification.deliver"
TELL = "verification.tell_alerts"
SEAL = "verification.seal"
ANCHOR = "verification.anchor"
EXPORT = "verification.export"
SWEEP = "verification.sweep"
SWEEP_EVERY = 5  # seconds
# Does nothing: that a worker takes it shows that one listens (`answers`).
PULSE = "verification.pulse"
# The sweep has its own queue, which every worker consumes: it sends lost messages of the other queues again.
# To send a message is to wait, as for the vendor, so its workers do it. Alerts tell of workers that are gone, so any
# worker sends them.
QUEUES = {
    PREPARE: "media",
    ASSESS: "liveness",
    ASSESS_NEXT: "liveness",
    RERUN: "liveness",
    PROBE: "liveness",
    DELIVER: "liveness",
    ANCHOR: "liveness",
    SWEEP: "sweep",
    TELL: "sweep",
    SEAL: "sweep",
    EXPORT: "media",
}
# These messages expire after so many seconds, because the next one replaces them.
EXPIRES = {PROBE: 10, DELIVER: 10, SWEEP: 10, TELL: 10, SEAL: 10, ANCHOR: 10, EXPORT: 10, PULSE: 10}
TASK_OF = {AttemptStatus.SUBMITTED: PREPARE, AttemptStatus.READY: ASSESS}

# A sweep sends no message while this many wait in a queue, so that it does not fill the broker when no worker runs.
MAX_UNANSWERED = 500

_UNREACHABLE = (OperationalError, OSError)
# Seconds. The deadlines of the Celery app for a broker that hangs are longer.
_AT_ONCE = 0.5

log = structlog.get_logger(__name__)


def ring(task: str, public_id: str, *, delay: float = 0) -> None:
    """After the running transaction commits, send `task` for the record of that id; it runs `delay` seconds later, or
    after."""
    transaction.on_commit(partial(_send, task, [public_id], delay))


def ring_next() -> None:
    """After the running transaction commits, have a worker assess the attempt that has waited longest."""
    transaction.on_commit(partial(_send, ASSESS_NEXT, [], 0))


def ring_deliver() -> None:
    """After the running transaction commits, have a worker send the messages that are due."""
    transaction.on_commit(partial(_send, DELIVER, [], 0))


def ring_tell() -> None:
    """After the running transaction commits, have a worker tell operators of alerts."""
    transaction.on_commit(partial(_send, TELL, [], 0))


def ring_seal() -> None:
    """After the running transaction commits, have a worker seal the trail."""
    transaction.on_commit(partial(_send, SEAL, [], 0))


def ring_anchor() -> None:
    """After the running transaction commits, have a worker ship the trail's newest checkpoint outside."""
    transaction.on_commit(partial(_send, ANCHOR, [], 0))


def ring_export() -> None:
    """After the running transaction commits, have a worker start on the export that has waited longest."""
    transaction.on_commit(partial(_send, EXPORT, [], 0))


def ring_probe(account_name: str) -> None:
    """After the running transaction commits, have a worker probe the paused account."""
    transaction.on_commit(partial(_send, PROBE, [account_name], 0))


def ring_sweep() -> None:
    """After the running transaction commits, have a worker sweep now."""
    transaction.on_commit(partial(_send, SWEEP, [], 0))


def _send(task: str, args: list[str], delay: float) -> None:
    """A connection that broke while it was idle fails at once, and the second try has a new one. A broker that hangs
    fails after its deadline, which the caller waits for once only."""
    began = time.monotonic()
    try:
        _publish(task, args, delay)
    except _UNREACHABLE as error:
        if time.monotonic() - began < _AT_ONCE:
            _try_again(task, args, delay)
        else:
            _log_unreachable(task, args, error)


def _try_again(task: str, args: list[str], delay: float) -> None:
    try:
        _publish(task, args, delay)
    except _UNREACHABLE as error:
        _log_unreachable(task, args, error)


def _log_unreachable(task: str, args: list[str], error: Exception) -> None:
    """The row is committed, so no work is lost: the sweep sends the message again."""
    log.warning("queue.broker_unreachable", task=task, args=args, error=type(error).__name__)


def _publish(task: str, args: list[str], delay: float) -> None:
    current_app.send_task(
        task,
        args=args,
        queue=QUEUES[task],
        countdown=delay or None,
        expires=EXPIRES.get(task),
        retry=False,
    )


def room_for(task: str, most: int | None = None) -> int:
    """How many more messages the task's queue may get, until `most` or MAX_UNANSWERED wait there.

    0 if the broker can't be reached.
    """
    try:
        return max(0, (most or MAX_UNANSWERED) - unanswered(QUEUES[task]))
    except _UNREACHABLE as error:
        log.warning("queue.broker_unreachable", task=SWEEP, error=type(error).__name__)
        return 0


def unanswered(queue_name: str) -> int:
    """How many messages wait in the broker."""
    with current_app.connection_for_write() as broker:
        try:
            found: Any = Queue(queue_name).bind(broker.default_channel).queue_declare(passive=True)
        except broker.connection_errors as error:
            raise OperationalError(type(error).__name__) from error
        except broker.channel_errors:
            return 0  # The queue does not exist before its first message.
        return int(found.message_count)
