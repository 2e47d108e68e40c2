"""Celery tasks. Each takes an id at most and calls one action. One that is delivered twice finds the work claimed."""

from typing import Any

import structlog
from celery import shared_task
from celery.signals import task_prerun

from verification import clock, workflow
from verification.actions import assess as assessing
from verification.actions import export as exporting
from verification.actions import prepare as preparing
from verification.actions import probe as probing
from verification.actions import staff as staffing
from verification.actions import sweep as sweeping
from verification.jobs import answers, doorbell, heartbeat, leases

log = structlog.get_logger(__name__)


@task_prerun.connect
def keep_leases(**kwargs: Any) -> None:
    """Start the heartbeat with the first task, not with the worker: a fork in between would not copy its thread."""
    heartbeat.start()


@task_prerun.connect
def note_queue(task: Any, **kwargs: Any) -> None:
    """Whatever the message is about, a worker took it from its queue."""
    queue = (task.request.delivery_info or {}).get("routing_key")
    if queue:
        answers.note(queue, now=clock.now())


@shared_task(name=doorbell.PREPARE)
def prepare(attempt_id: str) -> None:
    try:
        preparing.prepare(attempt_id, now=clock.now())
    except workflow.StaleAttempt:
        log.info("prepare.overtaken", attempt=attempt_id)


@shared_task(name=doorbell.ASSESS)
def assess(attempt_id: str) -> None:
    try:
        worked = assessing.assess(attempt_id, clock=clock.now)
    except workflow.StaleAttempt:
        log.info("assess.overtaken", attempt=attempt_id)
    else:
        _go_on(worked)


@shared_task(name=doorbell.ASSESS_NEXT)
def assess_next() -> None:
    try:
        worked = assessing.assess_next(clock=clock.now)
    except workflow.StaleAttempt:
        log.info("assess.overtaken")
    else:
        _go_on(worked)


def _go_on(worked: bool) -> None:
    """A worker that comes free rings for the next attempt, so that every free worker has one."""
    if worked and leases.anything_waits(now=clock.now()):
        doorbell.ring_next()


@shared_task(name=doorbell.PROBE)
def probe(account_name: str) -> None:
    probing.probe(account_name, now=clock.now())


@shared_task(name=doorbell.SWEEP)
def sweep() -> None:
    sweeping.sweep(now=clock.now())
    exporting.expire(now=clock.now())
    staffing.forget_sessions(now=clock.now())


@shared_task(name=doorbell.PULSE)
def pulse() -> None:
    """Nothing: beat sends it to each queue, and that it was taken is the answer (`note_queue`)."""
