"""Celery tasks: an id in, one action called, nothing out. A task that comes twice finds its work taken."""

import structlog
from celery import shared_task
from django.utils import timezone

from verification import queue, workflow
from verification.actions import assess as assessing
from verification.actions import export as exporting
from verification.actions import prepare as preparing
from verification.actions import sweep as sweeping

log = structlog.get_logger(__name__)


@shared_task(name=queue.PREPARE)
def prepare(attempt_id: str) -> None:
    try:
        preparing.prepare(attempt_id, now=timezone.now())
    except workflow.StaleAttempt:
        log.info("prepare.overtaken", attempt=attempt_id)


@shared_task(name=queue.ASSESS)
def assess(attempt_id: str) -> None:
    try:
        assessing.assess(attempt_id, clock=timezone.now)
    except workflow.StaleAttempt:
        log.info("assess.overtaken", attempt=attempt_id)


@shared_task(name=queue.SWEEP)
def sweep() -> None:
    sweeping.sweep(now=timezone.now())
    exporting.expire(now=timezone.now())
