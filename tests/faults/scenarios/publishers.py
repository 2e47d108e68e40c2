"""A process that sends messages, while the broker restarts, dies and hangs. TEST_BROKER says which."""

import os
import time
from typing import Any

from django.db import transaction

from tests.rabbitmq import broker_of_this_run
from verification.jobs import doorbell


def run(repetitions: int) -> dict[str, Any]:
    with broker_of_this_run() as broker:
        # Celery prefers this variable to its configuration.
        os.environ["CELERY_BROKER_URL"] = broker.url
        broker.freeze()
        report: dict[str, Any] = {"frozen from the start": _send()}
        broker.thaw()
        report |= {"undisturbed": _send(), "arrives at once": _arrives()}
        broker.stop()
        report |= {"gone": _send(), "room while gone": doorbell.room_for(doorbell.ASSESS)}
        broker.start()
        report |= {"restarted": _arrives()}
        broker.kill()
        broker.start()
        report |= {"killed and started": _arrives()}
        broker.freeze()
        report |= {"frozen": max(_send() for _ in range(3))}
        broker.thaw()
        return report


def _send() -> float:
    """Seconds until the message is sent, or the broker is known to be unreachable."""
    began = time.monotonic()
    with transaction.atomic():
        doorbell.ring(doorbell.ASSESS, "att_none")
    return time.monotonic() - began


def _arrives() -> bool:
    before = _waiting()
    _send()
    return _waiting() == before + 1


def _waiting() -> int:
    return doorbell.unanswered(doorbell.QUEUES[doorbell.ASSESS])
