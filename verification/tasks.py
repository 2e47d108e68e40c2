"""Celery tasks. Each takes an id at most and calls one action. One that is delivered twice finds the work claimed."""

import time
from typing import Any

import structlog
from celery import shared_task
from celery.signals import task_postrun, task_prerun
from django.db import close_old_connections

from verification import alerts, anchors, clock, messages, workflow
from verification.actions import assess as assessing
from verification.actions import export as exporting
from verification.actions import invite_many as inviting_many
from verification.actions import prepare as preparing
from verification.actions import probe as probing
from verification.actions import rerun as rerunning
from verification.actions import seal as sealing
from verification.actions import staff as staffing
from verification.actions import sweep as sweeping
from verification.jobs import answers, doorbell, export_leases, heartbeat, leases
from verification.jobs.connections import let_go_of_database
from verification.vendor_accounts import pacing

# Seconds after which `assess_next` takes up no further attempt, and `deliver` no further message. With the longest wait
# for a slot and the longest call, or the longest try of a message, that stays below the tasks' time limit.
AT_A_STRETCH = 5

log = structlog.get_logger(__name__)

heartbeat.add_duty(pacing.keep_shares)


@task_prerun.connect
def keep_leases(**kwargs: Any) -> None:
    """Start the heartbeat with the first task, not with the worker: a fork in between would not copy its thread."""
    heartbeat.start()


@task_prerun.connect
def check_connection(**kwargs: Any) -> None:
    """A database connection that a thread has kept, and that is old or broken, is replaced."""
    close_old_connections()


@task_postrun.connect
def leave_connection(**kwargs: Any) -> None:
    let_go_of_database()


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
        if worked:
            leases.ring_for_unserved()


@shared_task(name=doorbell.ASSESS_NEXT)
def assess_next() -> None:
    """Go on with what waits longest, for AT_A_STRETCH; then ring, so that other messages have their turn too."""
    until = time.monotonic() + AT_A_STRETCH
    while _assess_next():
        if time.monotonic() > until:
            doorbell.ring_next()
            return


def _assess_next() -> bool:
    try:
        return assessing.assess_next(clock=clock.now)
    except workflow.StaleAttempt:
        log.info("assess.overtaken")
        return False


@shared_task(name=doorbell.RERUN)
def rerun(rerun_id: str) -> None:
    rerunning.rerun(rerun_id, clock=clock.now)


@shared_task(name=doorbell.PROBE)
def probe(account_name: str) -> None:
    probing.probe(account_name, now=clock.now())


@shared_task(name=doorbell.DELIVER)
def deliver() -> None:
    """Send what waits in the outbox, for AT_A_STRETCH; the next sweep sends another message."""
    until = time.monotonic() + AT_A_STRETCH
    with messages.MailServer() as server:
        while messages.send_next(server, clock=clock.now) and time.monotonic() < until:
            pass


@shared_task(name=doorbell.TELL)
def tell_alerts() -> None:
    until = time.monotonic() + AT_A_STRETCH
    while alerts.tell_next(clock=clock.now) and time.monotonic() < until:
        pass


@shared_task(name=doorbell.SEAL)
def seal() -> None:
    sealing.seal(clock=clock.now, stretch=AT_A_STRETCH)
    if anchors.something_to_ship(now=clock.now()):
        doorbell.ring_anchor()


@shared_task(name=doorbell.ANCHOR)
def anchor() -> None:
    """Compare the log with what lies outside, if that is due, and ship its newest checkpoint, for AT_A_STRETCH."""
    until = time.monotonic() + AT_A_STRETCH
    if anchors.is_due(now=clock.now()):
        anchors.compare(now=clock.now())
    while anchors.ship_next(clock=clock.now) and time.monotonic() < until:
        pass


@shared_task(name=doorbell.EXPORT)
def export() -> None:
    """Start a process for the export that has waited longest: it may take minutes, longer than a task may."""
    claimed = export_leases.claim(now=clock.now())
    if claimed is not None:
        export_leases.start(claimed)


@shared_task(name=doorbell.SWEEP)
def sweep() -> None:
    sweeping.sweep(now=clock.now())
    exporting.expire(now=clock.now())
    exporting.give_up(now=clock.now())
    if export_leases.waits(now=clock.now()):
        doorbell.ring_export()
    inviting_many.expire(now=clock.now())
    inviting_many.send_some(now=clock.now())
    staffing.forget_sessions(now=clock.now())
    if sealing.is_due(now=clock.now()):
        doorbell.ring_seal()
    if anchors.is_due(now=clock.now()) or anchors.something_to_ship(now=clock.now()):
        doorbell.ring_anchor()
    alerts.watch(now=clock.now())
    if alerts.something_to_tell(now=clock.now()):
        doorbell.ring_tell()


@shared_task(name=doorbell.PULSE)
def pulse() -> None:
    """Nothing: beat sends it to each queue, and that it was taken is the answer (`note_queue`)."""
